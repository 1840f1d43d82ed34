// A route of a Hono application as each runtime's server calls it, with servers made here: which sub-protocol is confirmed,
// who the client is said to be, and what is refused. The real servers are tested by the WebSocket suite.
import { Hono } from "hono";
import { defineWebSocketHelper, WSContext, type WSEvents } from "hono/ws";
import { describe, expect, test } from "#test";
import { type MsrpUpgradeOptions, msrpUpgrade } from "../../../adapters/hono.ts";
import { type UpgradeRequest, Verdict } from "../../../core/mod.ts";
import type { Transport } from "../../../core/node/transport.ts";
import { RecordingAcceptor } from "../../support/memory_web_socket.ts";

/** The standard socket of Deno and of `ws`. */
class FakeSocket extends EventTarget {
  binaryType = "blob";
  readyState = 1;
  protocol = "";
  bufferedAmount = 0;
  readonly sent: Uint8Array[] = [];
  closed: number | undefined;
  send(data: Uint8Array): void {
    this.sent.push(data);
  }
  close(code?: number): void {
    this.closed = code;
  }
}

class Bench {
  readonly app = new RecordingAcceptor();
  readonly asked: UpgradeRequest[] = [];
  readonly errors: string[] = [];
  readonly given: { env: unknown; options: unknown }[] = [];
  readonly http = new Hono();
  verdict: Verdict = new Verdict(200);
  events: WSEvents<object> | undefined;
  readonly socket = new FakeSocket();

  constructor(options: MsrpUpgradeOptions = {}) {
    const upgradeWebSocket = defineWebSocketHelper<object>((c, events, more) => {
      this.given.push({ env: c.env, options: more });
      this.events = events;
      return new Response(null, { status: 200, headers: { "Sec-WebSocket-Protocol": "sip" } });
    });
    const node = {
      accept: this.app.accept,
      upgrade: (request: UpgradeRequest) => {
        this.asked.push(request);
        return { verdict: this.verdict, accept: this.app.accept };
      },
    };
    const onError = ({ message }: Error): void => void this.errors.push(message);
    this.http.get("/msrp", msrpUpgrade(node, upgradeWebSocket, { onError, ...options }));
  }

  async ask(
    headers: Record<string, string | undefined> = {},
    env: object = {},
    url = "http://chat.example/msrp?room=1",
  ): Promise<Response> {
    const fields = {
      Host: "chat.example",
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Protocol": "sip,msrp",
      ...headers,
    };
    const given = Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined);
    return await this.http.request(url, { headers: given }, env);
  }

  open(raw: object = this.socket): void {
    const context = new WSContext<object>({ send() {}, close() {}, readyState: 1, raw });
    this.events?.onOpen?.(new Event("open"), context);
  }
}

describe("msrpUpgrade", () => {
  test("RFC 7977 §4.1: Deno's adapter is told no sub-protocol, the response names msrp [7977-4.1-02]", async () => {
    const bench = new Bench();
    const response = await bench.ask(
      { Origin: "https://ok.test" },
      { remoteAddr: { hostname: "192.0.2.7" } },
    );
    expect(response.headers.get("sec-websocket-protocol")).toBe("msrp");
    expect(response.headers.get("access-control-allow-origin")).toBe("https://ok.test");
    expect(bench.given[0]?.options).toEqual({ protocol: undefined });
    const [{ url, remoteAddress, secure } = {} as UpgradeRequest] = bench.asked;
    expect([url, remoteAddress, secure]).toEqual(["/msrp?room=1", "192.0.2.7", false]);
  });

  test("RFC 7977 §4.1: Bun's server gets the request and the fields, whichever way Hono finds it", async () => {
    for (const wrapped of [false, true]) {
      const upgrades: { request: Request; headers: Headers; data: unknown }[] = [];
      const server = {
        upgrade: (request: Request, { headers, data }: { headers: Headers; data: unknown }): boolean => {
          upgrades.push({ request, headers, data });
          return true;
        },
        requestIP: (): object => ({ address: "192.0.2.8" }),
      };
      const bench = new Bench();
      await bench.ask({}, wrapped ? { server } : server);
      const env = bench.given[0]?.env as { upgrade(request: Request, options: object): boolean };
      expect(env.upgrade(new Request("http://other"), { data: "of hono" })).toBe(true);
      const [{ request, headers, data } = {} as (typeof upgrades)[0]] = upgrades;
      expect([request.url, data]).toEqual(["http://chat.example/msrp?room=1", "of hono"]);
      expect(headers.get("sec-websocket-protocol")).toBe("msrp");
      expect(bench.asked[0]?.remoteAddress).toBe("192.0.2.8");
    }
  });

  test("RFC 7977 §4.1: the request that `ws` sees offers msrp alone", async () => {
    const incoming = {
      headers: { "sec-websocket-protocol": "sip,msrp" },
      socket: { remoteAddress: "192.0.2.9" },
    };
    const bench = new Bench();
    await bench.ask({}, { incoming });
    expect(incoming.headers["sec-websocket-protocol"]).toBe("msrp");
    expect(bench.asked[0]?.remoteAddress).toBe("192.0.2.9");
  });

  test("on Workers the pair is joined and the client's end goes out with the 101", async () => {
    const [client, server] = [
      {},
      Object.assign(new FakeSocket(), { accepted: 0, accept: (): void => undefined }),
    ];
    server.accept = () => {
      server.accepted++;
      // Joined before, so that no message is missed; and not as blobs.
      expect([bench.app.transport === undefined, server.binaryType]).toEqual([false, "arraybuffer"]);
    };
    const bench = new Bench();
    const answers: ResponseInit[] = [];
    const globals = globalThis as { WebSocketPair?: unknown; Response: typeof Response };
    const { Response: RealResponse } = globals;
    globals.WebSocketPair = class {
      constructor() {
        // biome-ignore lint/correctness/noConstructorReturn: Workers give an array-like object
        return [client, server];
      }
    };
    // Elsewhere a Response cannot be a 101.
    globals.Response = class extends RealResponse {
      constructor(body?: ConstructorParameters<typeof Response>[0], init: ResponseInit = {}) {
        super(body, { ...init, status: init.status === 101 ? 200 : (init.status ?? 200) });
        answers.push(init);
      }
    } as typeof Response;
    try {
      await bench.ask();
    } finally {
      delete globals.WebSocketPair;
      globals.Response = RealResponse;
    }
    const answer = answers.find(({ status }) => status === 101) as ResponseInit & { webSocket: object };
    expect([answer.webSocket === client, server.accepted]).toEqual([true, 1]);
    expect((answer.headers as Headers).get("sec-websocket-protocol")).toBe("msrp");
  });

  test("messages reach the node and leave it as binary ones, with what is known of the client", async () => {
    const bench = new Bench({ secure: true, remoteAddress: () => "203.0.113.1" });
    await bench.ask();
    bench.open();
    const { secure, remoteAddress, framing } = bench.app.transport as Transport;
    expect([secure, remoteAddress, framing]).toEqual([true, "203.0.113.1", "message"]);
    bench.socket.dispatchEvent(new MessageEvent("message", { data: "text" }));
    bench.socket.dispatchEvent(new MessageEvent("message", { data: new Uint8Array([98, 105, 110]).buffer }));
    expect(bench.app.received).toEqual(["text", "bin"]);
    bench.app.transport?.write(new Uint8Array([1, 2]));
    expect(bench.socket.sent.map((bytes) => [...bytes])).toEqual([[1, 2]]);
    bench.app.transport?.close();
    expect(bench.socket.closed).toBe(1001);
  });

  test("events of Bun's socket come by way of Hono", async () => {
    const bench = new Bench();
    await bench.ask();
    const sent: number[] = [];
    const raw = {
      readyState: 1,
      send: (data: Uint8Array) => sent.push(data.length),
      close: () => undefined,
      terminate: () => undefined,
      getBufferedAmount: () => 0,
    };
    bench.open(raw);
    const context = new WSContext<object>({ send() {}, close() {}, readyState: 1, raw });
    bench.events?.onMessage?.(new MessageEvent("message", { data: new Uint8Array([120]).buffer }), context);
    bench.app.transport?.write(new Uint8Array(3));
    expect([bench.app.received, sent]).toEqual([["x"], [3]]);
    bench.events?.onClose?.(Object.assign(new Event("close"), { code: 1000 }) as CloseEvent, context);
    await Promise.resolve();
    expect(bench.app.ends).toEqual([undefined]);
  });

  test("what is no handshake for MSRP, or not from here, is refused before the node is asked [7977-4.1-03] [6455-10.2-01]", async () => {
    const bench = new Bench({ origins: ["https://ok.test"] });
    const statuses: number[] = [];
    for (const headers of [
      { "Sec-WebSocket-Protocol": "sip" },
      { Origin: "https://evil.test" },
      { Upgrade: undefined },
      { "Sec-WebSocket-Key": "short" },
    ])
      statuses.push((await bench.ask(headers)).status);
    expect([statuses, bench.asked.length, bench.errors.length]).toEqual([[400, 403, 426, 400], 0, 4]);
    expect((await bench.ask({ Origin: "https://ok.test" })).status).toBe(200);
  });

  test("a verdict is the answer, with its fields and its reason [7977-7-02]", async () => {
    const bench = new Bench();
    bench.verdict = new Verdict(401, "Sign in", [["WWW-Authenticate", "Bearer"]]);
    const response = await bench.ask();
    expect([response.status, response.headers.get("www-authenticate"), await response.text()]).toEqual([
      401,
      "Bearer",
      "Sign in\n",
    ]);
    bench.verdict = new Verdict(481);
    expect((await bench.ask()).status).toBe(481);
    bench.verdict = new Verdict(603);
    expect((await bench.ask()).status).toBe(403);
  });

  test("TLS is what the URL says, or a proxy that is trusted", async () => {
    const secureOf = async (options: MsrpUpgradeOptions, url?: string): Promise<boolean | undefined> => {
      const bench = new Bench(options);
      await bench.ask({ "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9" }, {}, url);
      return bench.asked[0]?.secure;
    };
    expect(await secureOf({})).toBe(false);
    expect(await secureOf({}, "https://chat.example/msrp")).toBe(true);
    expect(await secureOf({ behindProxy: true })).toBe(true);
    expect(await secureOf({ secure: (c) => c.req.header("x-forwarded-proto") === "https" })).toBe(true);
    expect(await secureOf({ secure: false }, "https://chat.example/msrp")).toBe(false);
  });
});
