// msrpObject on a runtime in memory: handshakes, messages, and what a second object on the same state knows of the first.
// The real runtime is in tests/workers.
import { describe, expect, test } from "#test";
import { type MsrpDurableObject, type MsrpObjectOptions, msrpObject } from "../../../adapters/workers.ts";
import { Msrp } from "../../../core/node/node.ts";
import { untilTrue } from "../../harness/poll.ts";
import { type FakeSocket, FakeState, withWorkersGlobals } from "../../support/durable_object.ts";
import { sendText } from "../../support/web_socket_peer.ts";

const errors: Error[] = [];

function made(state: FakeState, options: MsrpObjectOptions = {}, app?: Msrp): MsrpDurableObject {
  const Echo = msrpObject(
    () => {
      const node = app ?? new Msrp({ acceptUnknown: () => true });
      return node.onMessage(({ body, contentType }, session) => {
        session.send(body, { contentType, successReport: false });
      });
    },
    { onError: (error) => errors.push(error), ...options },
  );
  return new Echo(state, {});
}

function handshake(headers: Record<string, string> = {}): Request {
  const fields = { upgrade: "websocket", "sec-websocket-protocol": "msrp", ...headers };
  // Other runtimes keep some of these fields to themselves.
  const request = new Request("https://chat.example/msrp");
  return new Proxy(request, {
    get: (target, name) => (name === "headers" ? new Map(Object.entries(fields)) : Reflect.get(target, name)),
  });
}

async function opened(state: FakeState, object: MsrpDurableObject): Promise<FakeSocket> {
  const response = await object.fetch(handshake());
  expect([response.status, response.headers.get("sec-websocket-protocol")]).toEqual([101, "msrp"]);
  return state.sockets.at(-1) as FakeSocket;
}

const octets = (text: string): ArrayBuffer => new TextEncoder().encode(text).buffer as ArrayBuffer;

/** Answers the last SEND that the node has sent. */
async function answer(object: MsrpDurableObject, socket: FakeSocket): Promise<void> {
  const [, id, to, from] =
    /^MSRP (\S+) SEND\r\nTo-Path: (\S+)\r\nFrom-Path: (\S+)/.exec(socket.sent.at(-1) ?? "") ?? [];
  const response = `MSRP ${id} 200 OK\r\nTo-Path: ${from}\r\nFrom-Path: ${to}\r\n-------${id}$\r\n`;
  await object.webSocketMessage(socket, octets(response));
}

async function echoed(object: MsrpDurableObject, socket: FakeSocket, text: string): Promise<void> {
  const before = socket.sent.length;
  await object.webSocketMessage(socket, octets(sendText(text)));
  await untilTrue(() => socket.sent.length >= before + 2);
  expect(socket.sent.slice(before).some((one) => / 200 OK\r\n/.test(one))).toBe(true);
  expect(socket.sent.at(-1)).toContain(`\r\n\r\n${text}\r\n`);
  await answer(object, socket);
}

describe("an MSRP node as a Durable Object", () => {
  test("RFC 7977 §4.1: refuses what is no handshake for MSRP, and who may not come", async () => {
    await withWorkersGlobals(async () => {
      const object = made(new FakeState(), { origins: ["https://chat.example"] });
      const status = async (headers: Record<string, string>): Promise<number> =>
        (await object.fetch(handshake(headers))).status;
      expect(await status({ upgrade: "h2c" })).toBe(426);
      expect(await status({ "sec-websocket-protocol": "sip" })).toBe(400);
      expect(await status({ origin: "https://evil.test" })).toBe(403);
      expect((await object.fetch(new Request("https://chat.example/", { method: "POST" }))).status).toBe(400);
      expect(errors.length).toBe(4);
    });
  });

  test("the next object goes on with the session, once the first has found nothing more to do", async () => {
    await withWorkersGlobals(async () => {
      const state = new FakeState();
      const first = made(state);
      const socket = await opened(state, first);
      await echoed(first, socket, "one");
      expect(JSON.parse(String(socket.attachment)).memory).toBe(undefined);
      await untilTrue(() => JSON.parse(String(socket.attachment)).memory !== undefined);
      // The next one would not take a session of strangers: this one it has from the first.
      const next = made(state, {}, new Msrp());
      expect((await next.app).sessionCount).toBe(1);
      await echoed(next, socket, "two");
      await next.webSocketClose(socket, 1000);
      expect(socket.closedWith).toBe(1000);
      const app = await next.app;
      await untilTrue(() => app.connectionCount === 0);
      expect(app.sessionCount).toBe(0);
    });
  });

  test("more than a socket keeps is in storage, as long as the socket lives", async () => {
    await withWorkersGlobals(async () => {
      const state = new FakeState();
      const first = made(state);
      const socket = await opened(state, first);
      for (let index = 0; index < 60; index++) {
        const id = `${index}`.padStart(16, "x");
        await first.webSocketMessage(
          socket,
          octets(
            sendText("")
              .replace("ws0echo00000001", id)
              .replace(/Content-Type[^\r]*\r\n\r\n\r\n/, ""),
          ),
        );
      }
      const stored = (): string[] => [...state.values.keys()].filter((key) => key.includes(":socket:"));
      await untilTrue(() => stored().length === 1);
      const next = made(state);
      expect((await next.app).sessionCount).toBe(60);
      await next.webSocketError(socket, new Error("reset"));
      await untilTrue(() => stored().length === 0);
      expect((await next.app).connectionCount).toBe(0);
    });
  });

  test("a socket that nothing can be read of is closed", async () => {
    const state = new FakeState();
    const { FakeSocket: Socket } = await import("../../support/durable_object.ts");
    const socket = new Socket();
    socket.attachment = "not ours";
    state.acceptWebSocket(socket);
    const object = made(state);
    expect((await object.app).connectionCount).toBe(0);
    expect(socket.closedWith).toBe(1001);
  });
});
