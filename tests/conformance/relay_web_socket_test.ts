// A relay for clients on WebSockets (RFC 7977): how they are known, which URIs they get, what reaches them, and what becomes
// of it when they are gone. In memory, with the clock standing still; the same over real sockets are flows.
import { describe, expect, test } from "#test";
import { settle } from "../../adapters/memory.ts";
import { definePlugin, handshakeUser } from "../../core/mod.ts";
import { MemoryWebSocket, type MemoryWebSocketOptions, memoryServer } from "../support/memory_web_socket.ts";
import { RelayBench, request } from "../support/relay_bench.ts";

const listen = ["msrps://0.0.0.0:2855;tcp", "msrp://0.0.0.0:2856;tcp", "msrps://0.0.0.0:443;ws"];
const authUri = "msrps://alice@relay.example:443;ws";
const client = "msrps://df7jal23ls0d.invalid:2855/98cjs;ws";

/** Lets in with a user whoever brings the cookie `sid=good`. */
const cookies = definePlugin({
  name: "cookies",
  upgrade: (c, next) => {
    if (c.cookie("sid") === "good") c.set(handshakeUser, { user: "alice" });
    return next();
  },
});

async function connect(
  bench: RelayBench,
  options: MemoryWebSocketOptions & { cookie?: boolean } = {},
): Promise<MemoryWebSocket> {
  const { cookie = true, ...rest } = options;
  return await MemoryWebSocket.open(memoryServer(bench.app, rest), {
    clock: bench.clock,
    secure: true,
    ...(cookie ? { headers: { Cookie: "sid=good" } } : {}),
    ...rest,
  });
}

/** The answer to an AUTH without credentials. */
async function auth(socket: MemoryWebSocket, from = client, to = authUri): Promise<string> {
  socket.send(request({ method: "AUTH", to, from }).replace(/Message-ID.*\n/, ""));
  const [answer = ""] = await socket.take();
  return answer;
}

async function login(socket: MemoryWebSocket, from = client): Promise<string> {
  const [, uri = ""] = /Use-Path: (\S+)\r\n/.exec(await auth(socket, from)) ?? [];
  return uri;
}

describe("a relay on WebSockets", () => {
  test("RFC 7977 §8.1: AUTH to the URI of the WebSocket is challenged, and answered by Digest [7977-5.3.1-04] [7977-5.3.1-06] [7977-5.2.1-02] [7977-5.3.1-01]", async () => {
    const bench = new RelayBench({ listen });
    const socket = await connect(bench, { cookie: false });
    expect(await auth(socket)).toMatch(/^MSRP \S+ 401 [\s\S]*WWW-Authenticate: Digest /);
    expect(await auth(socket, client, "msrps://relay.example:443;ws")).toMatch(/^MSRP \S+ 401 /);
    await bench.close();
  });

  test("RFC 7977 §5.3.1: who is known by the handshake is not challenged, and gets a URI with ;tcp and its port [7977-5.3.1-02] [7977-5.3.1-03] [7977-5.3.1-07] [7977-5.2.1-01]", async () => {
    const bench = new RelayBench({ listen }, cookies);
    const socket = await connect(bench);
    const answer = await auth(socket);
    expect(answer).toMatch(/^MSRP \S+ 200 /);
    expect(answer).toMatch(/Use-Path: msrps:\/\/relay\.example:2855\/[A-Za-z0-9]{22,};tcp\r\n/);
    expect(answer).toMatch(/Expires: 600\r\n/);
    expect(answer).not.toContain(";wss");
    await bench.close();
  });

  test("RFC 7977 §5.3.1: a relay with WebSockets alone gives out URIs of its own that work [7977-8.3-01]", async () => {
    const bench = new RelayBench({ listen: ["msrps://0.0.0.0:443;ws"] }, cookies);
    const [alice, bob] = [await connect(bench), await connect(bench)];
    const bobUri = "msrps://bob000000000.invalid:2855/b0b;ws";
    const [tokenA, tokenB] = [await login(alice), await login(bob, bobUri)];
    alice.send(request({ to: `${tokenA} ${tokenB} ${bobUri}`, from: client, range: "1-2/2", body: "hi" }));
    expect(await alice.take()).toEqual([expect.stringMatching(/^MSRP \S+ 200 /)]);
    expect(await bob.take()).toEqual([
      expect.stringMatching(/From-Path: \S+ \S+ \S+df7jal23ls0d\.invalid[\s\S]*\r\n\r\nhi\r\n/),
    ]);
    await bench.close();
  });

  test("RFC 7977 §5.1: a handshake without TLS is refused, unless the relay is one for development [7977-5.1-02] [SEC-26] [7977-9-03]", async () => {
    const strict = new RelayBench({ listen }, cookies);
    expect((await connect(strict, { secure: false })).status).toBe(403);
    await strict.close();
    const lax = new RelayBench({ listen, allowPlainAuth: true }, cookies);
    const socket = await connect(lax, { secure: false });
    expect([socket.status, await login(socket)]).toEqual([101, expect.stringMatching(/^msrps:/)]);
    await lax.close();
  });

  test("RFC 7977 §8.2: to and from a peer on TCP, whatever the transports of the URIs say [7977-5.1-03] [7977-5.3.1-08] [7977-5.2.2-03]", async () => {
    const bench = new RelayBench({ listen }, cookies);
    const socket = await connect(bench);
    const token = await login(socket);
    const peer = await bench.peer({ secure: false });
    peer.send(`${token} ${client}`);
    expect(await peer.heard()).toEqual(["200"]);
    const [message = ""] = await socket.take();
    expect(message).toMatch(/^MSRP (\S+) SEND\r\n[\s\S]*\r\n\r\nhello\r\n-------\1\$\r\n$/);
    socket.send(request({ to: `${token} ${peer.uri}`, from: client, range: "1-4/4", body: "back" }));
    expect(await socket.take()).toEqual([expect.stringMatching(/^MSRP \S+ 200 /)]);
    expect(await peer.heard()).toEqual(["SEND"]);
    await bench.close();
  });

  test("RFC 7977 §5.1: an endless chunk from TCP arrives as whole ones, each in a message of its own [7977-5.1-04] [7977-5.1-06] [4976-T25]", async () => {
    const bench = new RelayBench({ listen }, cookies);
    const socket = await connect(bench);
    const token = await login(socket);
    const peer = await bench.peer({ secure: false });
    const body = "0123456789abcdef".repeat(20_000);
    const [head = "", rest = ""] = request({
      id: "endless00001",
      to: `${token} ${client}`,
      from: peer.uri,
      range: "1-*/*",
      body: "SPLIT",
      headers: ["Failure-Report: no"],
    }).split("SPLIT");
    peer.write(head + body.slice(0, 200_000));
    let whole = "";
    const ids = new Set<string>();
    const gather = async (): Promise<void> => {
      for (const message of await socket.take()) {
        const [, id = "", start, octets = ""] =
          /^MSRP (\S+) SEND\r\n[\s\S]*Byte-Range: (\d+)-[\s\S]*?\r\n\r\n([\s\S]*)\r\n-------\1[$+]\r\n$/.exec(
            message,
          ) ?? [];
        expect([Number(start), ids.has(id), message.length < 70_000]).toEqual([
          whole.length + 1,
          false,
          true,
        ]);
        ids.add(id);
        whole += octets;
      }
    };
    await gather();
    // Before its end has come most of it is with the client.
    expect(whole.length > 100_000).toBe(true);
    peer.write(body.slice(200_000) + rest);
    await gather();
    expect([whole === body, ids.size > 4]).toEqual([true, true]);
    await bench.close();
  });

  test("RFC 7977 §4.2: octets that are no UTF-8, and characters cut in the middle, go as binary messages [7977-4.2-03] [4976-T24]", async () => {
    const bench = new RelayBench({ listen }, cookies);
    const socket = await connect(bench);
    const token = await login(socket);
    const peer = await bench.peer({ secure: false });
    // The client of this test fails at the first message that is not binary.
    const half = "\u00e9".repeat(3000);
    peer.send(`${token} ${client}`, { body: half, range: "1-6000/6001", flag: "+" });
    expect((await socket.take()).length).toBe(1);
    await bench.close();
  });

  test("RFC 4976 §6.3: the URI of a client is that of its WebSocket, and ends with it [7977-5.3.1-09]", async () => {
    const bench = new RelayBench({ listen }, cookies);
    const socket = await connect(bench);
    const token = await login(socket);
    const again = await connect(bench);
    expect(bench.plugin.bindingCount).toBe(1);
    socket.transport.abort();
    await settle();
    expect(bench.plugin.bindingCount).toBe(0);
    const peer = await bench.peer({ secure: false });
    peer.send(`${token} ${client}`);
    expect(await peer.heard()).toEqual(["481"]);
    expect(await again.take()).toEqual([]);
    await bench.close();
  });

  test("RFC 7977 §6: a client that answers no ping loses its URIs; one that sends SENDs without body keeps them [7977-6-05] [7977-6-01] [7977-6-03] [7977-6-04]", async () => {
    const bench = new RelayBench({ listen }, cookies);
    const [alive, dead] = [await connect(bench), await connect(bench)];
    const token = await login(alive);
    await login(dead, "msrps://dead00000000.invalid:2855/d3ad;ws");
    dead.deaf = true;
    for (let round = 0; round < 4; round++) {
      alive.send(request({ to: token, from: client }));
      expect(await alive.take()).toEqual([expect.stringMatching(/^MSRP \S+ 200 /)]);
      await bench.clock.advance(20_000);
    }
    expect([bench.plugin.bindingCount, dead.ended_, alive.ended_]).toEqual([1, true, false]);
    await bench.close();
  });

  test("RFC 7977 §A: the host of a client is never dialled, by whomever it is named [7977-A-02]", async () => {
    const bench = new RelayBench({ listen }, cookies);
    const socket = await connect(bench);
    const token = await login(socket);
    socket.send(request({ to: `${token} msrps://other0000000.invalid:2855/x;ws`, from: client, body: "x" }));
    expect(await socket.take()).toEqual([expect.stringMatching(/^MSRP \S+ 403 /)]);
    socket.send(request({ to: `${token} msrps://peer.example:2855/x;ws`, from: client, body: "x" }));
    expect(await socket.take()).toEqual([expect.stringMatching(/^MSRP \S+ 403 /)]);
    expect(bench.dialled).toEqual([]);
    await bench.close();
  });

  test("RFC 6455 §7.4.1: half a chunk is 1002, what is not for this relay 1008, and nothing of either goes on [6455-7.4-01] [7977-4.1-05] [7977-5.1-05]", async () => {
    const bench = new RelayBench({ listen }, cookies);
    const codes: (number | undefined)[] = [];
    const whole = (token: string): string =>
      request({ to: `${token} msrp://peer.example:7000/x;tcp`, from: client, body: "x" });
    const cases: ((token: string) => string)[] = [
      (token) => whole(token).slice(0, -20),
      (token) => whole(token).slice(0, 40),
      () =>
        request({
          to: "msrps://another.example:2855/x;tcp msrp://peer.example:7000/x;tcp",
          from: client,
          body: "x",
        }),
    ];
    for (const text of cases) {
      const socket = await connect(bench);
      socket.send(text(await login(socket)));
      await socket.take();
      codes.push(socket.closed);
    }
    expect([codes, bench.dialled]).toEqual([[1002, 1002, 1008], []]);
    await bench.close();
  });

  test("a client that does not read holds back those who send to it, in bounds, and loses nothing", async () => {
    const bench = new RelayBench({ listen }, cookies);
    const socket = await connect(bench, { highWaterBytes: 65_536 });
    const token = await login(socket);
    const peer = await bench.peer({ secure: false });
    socket.transport.pause();
    const chunk = "x".repeat(60_000);
    for (let sent = 0; sent < 40; sent++) {
      peer.send(`${token} ${client}`, {
        body: chunk,
        range: `${sent * 60_000 + 1}-*/*`,
        flag: sent === 39 ? "$" : "+",
      });
    }
    const before = (await peer.heard()).length;
    expect(before < 40).toBe(true);
    socket.transport.resume();
    let octets = 0;
    for (let messages = await socket.take(); messages.length > 0; messages = await socket.take()) {
      for (const message of messages) octets += (/\r\n\r\n(x*)\r\n/.exec(message)?.[1] ?? "").length;
    }
    expect([octets, before + (await peer.heard()).length]).toEqual([40 * 60_000, 40]);
    await bench.close();
  });
});
