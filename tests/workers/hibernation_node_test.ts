// What survives when workerd takes a Durable Object out of memory: sessions of an endpoint, sessions that are expected, logins
// and ways of a relay, challenges, and timers. The objects count how often they were made, so that nothing passes by chance.
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "#test";
import { MsrpClient, type MsrpClientOptions } from "../../adapters/websocket.ts";
import { untilTrue } from "../harness/poll.ts";
import { sendText, WebSocketPeer } from "../support/web_socket_peer.ts";
import { evictionMs, type RunningWorker, startWorker } from "./_worker.ts";

const objects = { ECHO: "Echo", RELAY: "Relay", IDLE: "Idle", EXPECT: "Expect" };

describe("a Durable Object that was out of memory", () => {
  let worker: RunningWorker;
  let echo: WebSocketPeer;
  let alice: MsrpClient;
  let bob: MsrpClient;
  let challenged: WebSocketPeer;
  let nonce = "";
  let idle: MsrpClient;
  let idleEnd: Promise<number>;
  const got: string[] = [];
  const expected = "msrp://expect.example:2855/expected00000001;ws";

  const socket = (name: string): string => worker.socketUrl.replace("/msrp", `/${name}/msrp`);
  const made = async (name: string): Promise<number> =>
    (await (await fetch(`${worker.url}/${name}/made`)).json()) as number;
  const client = (
    name: string,
    username: string,
    password: string,
    options: Partial<MsrpClientOptions> = {},
  ): MsrpClient =>
    new MsrpClient({
      ...options,
      url: socket(name),
      relay: "msrp://localhost:2855;ws",
      credentials: { username, password },
      allowPlain: true,
    });
  const auth = (id: string, authorization = ""): Buffer =>
    Buffer.from(
      `MSRP ${id} AUTH\r\nTo-Path: msrp://localhost:2855;ws\r\nFrom-Path: msrp://client.invalid:2855/auth0client0001;ws\r\n${authorization}-------${id}$\r\n`,
    );
  const sessions = async (): Promise<{ send(text: string): Promise<void> }> => {
    const [from, to] = await Promise.all([alice.session(), bob.session()]);
    to.bind({ remote: from.path, role: "passive" });
    from.bind({ remote: to.path, role: "active" });
    to.onMessage(async (message) => void got.push(await message.text()));
    return { send: async (text) => void (await from.send(text).delivered) };
  };
  let pair: { send(text: string): Promise<void> };
  const before: Record<string, number> = {};

  beforeAll(async () => {
    worker = await startWorker({ file: "tests/workers/_relay_object.ts" }, { objects });
    echo = await WebSocketPeer.open(socket("echo"));
    echo.send(sendText("before"));
    await echoed(echo, "before");
    [alice, bob] = [client("relay", "alice", "one"), client("relay", "bob", "two")];
    await Promise.all([alice.open(), bob.open()]);
    pair = await sessions();
    await pair.send("before");
    challenged = await WebSocketPeer.open(socket("relay"));
    challenged.send(auth("challenge0001"));
    nonce = /nonce="([^"]+)"/.exec(await challenged.message())?.[1] ?? "";
    // Whoever has asked for nothing but a challenge is closed after a while; this one has its own connection.
    challenged.destroy();
    await fetch(`${worker.url}/expect/session`, { method: "POST", body: expected });
    idle = client("idle", "alice", "one", { reconnect: false, keepAliveMs: 0 });
    await idle.session();
    const began = Date.now();
    idleEnd = new Promise((over) => {
      idle.onState(() => over(Date.now() - began));
    });
    for (const name of ["echo", "relay", "expect", "idle"]) before[name] = await made(name);
    await untilTrue(() => false, evictionMs);
  });
  afterAll(async () => {
    for (const one of [alice, bob, idle]) one?.close();
    echo?.destroy();
    await worker?.close();
  });

  /** Reads until the text has come back and acknowledges it. */
  async function echoed(peer: WebSocketPeer, text: string): Promise<void> {
    for (;;) {
      const message = await peer.message();
      const [, id] = /^MSRP (\S+) SEND/.exec(message) ?? [];
      if (id === undefined) {
        expect(message).toMatch(/^MSRP \S+ 200 /);
        continue;
      }
      expect(message).toContain(`\r\n\r\n${text}\r\n`);
      peer.send(
        Buffer.from(
          `MSRP ${id} 200 OK\r\nTo-Path: msrp://echo.example:2855/ws0echo00000001;ws\r\nFrom-Path: msrp://client.invalid:2855/ws0client0000001;ws\r\n-------${id}$\r\n`,
        ),
      );
      return;
    }
  }

  test("an endpoint goes on with its session, on the same connection", async () => {
    echo.send(sendText("after"));
    await echoed(echo, "after");
    expect(await made("echo")).toBe((before["echo"] ?? 0) + 1);
  });

  test("RFC 4976 §6.3: logins at a relay and ways through it hold, without a new AUTH", async () => {
    await pair.send("after");
    expect(got).toEqual(["before", "after"]);
    expect([alice.state, bob.state]).toEqual(["open", "open"]);
    expect(await made("relay")).toBe((before["relay"] ?? 0) + 1);
    const another = await sessions();
    await another.send("a new session");
    expect(got.at(-1)).toBe("a new session");
  });

  test("RFC 2617 §3.2.1: a challenge from before is stale, which asks nobody for a password again", async () => {
    const peer = await WebSocketPeer.open(socket("relay"));
    const hash = (...parts: string[]): string => createHash("sha256").update(parts.join(":")).digest("hex");
    const ha2 = hash("AUTH", "msrp://localhost:2855;ws");
    const response = hash(hash("alice", "localhost", "one"), nonce, "00000001", "abc", "auth", ha2);
    const field = `Authorization: Digest username="alice", realm="localhost", nonce="${nonce}", uri="msrp://localhost:2855;ws", response="${response}", algorithm=SHA-256, qop=auth, nc=00000001, cnonce="abc"\r\n`;
    peer.send(auth("answer0000001", field));
    const answer = await peer.message();
    expect(answer).toMatch(/^MSRP answer0000001 401 /);
    expect(answer).toMatch(/stale=true/);
    peer.destroy();
  });

  test("a session that is expected is still expected, with its settings", async () => {
    const peer = await WebSocketPeer.open(socket("expect"));
    const to = (text: string): string =>
      text.replace("msrp://echo.example:2855/ws0echo00000001;ws", expected);
    peer.send(to(sendText("expected")));
    expect(await peer.message()).toMatch(/^MSRP \S+ 200 /);
    peer.send(to(sendText("<p>")).replace("text/plain", "text/html"));
    for (let answer = ""; !/ 415 /.test(answer); ) answer = await peer.message();
    peer.send(to(sendText("nobody")).replace("expected00000001", "unexpected000001"));
    for (let answer = ""; !/ 481 /.test(answer); ) answer = await peer.message();
    expect(await made("expect")).toBe((before["expect"] ?? 0) + 1);
    peer.destroy();
  });

  test("an alarm ends a connection that was quiet for too long, also while the object is out of memory", async () => {
    // 18 s after the login, as the relay's limits say, and not after it was made anew, which is ten seconds later at least.
    const after = await idleEnd;
    expect(after).toBeGreaterThan(15_500);
    expect(after).toBeLessThan(28_000);
    expect(await made("idle")).toBe((before["idle"] ?? 0) + 1);
  });
});
