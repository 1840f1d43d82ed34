// rateLimit() as senders meet it: who is slowed down, who is refused, and who is not concerned.
// The clock is that of the test, so delays are exact.
import { describe, expect, test } from "#test";
import { MemoryNetwork, settle } from "../../../adapters/memory.ts";
import { handshakeUser, Msrp, type Session } from "../../../core/mod.ts";
import { type RateLimitOptions, rateLimit } from "../../../plugins/rate_limit.ts";
import { RelayBench } from "../../support/relay_bench.ts";
import { nodePair } from "./_pair.ts";

/** Sends a message and gives a function that tells what has become of it: 0 = no answer yet. */
function send(session: Session, text = "hello"): () => number {
  let fate = 0;
  session.send(text).accepted.then(
    () => {
      fate = 200;
    },
    (error: { status: number }) => {
      fate = error.status;
    },
  );
  return () => fate;
}

async function fates(sent: (() => number)[]): Promise<number[]> {
  await settle(200);
  return sent.map((fate) => fate());
}

describe("rateLimit()", () => {
  test("refuses options that are unknown or wrong", () => {
    const wrong: [unknown, string][] = [
      [{ perSesion: {} }, "perSesion"],
      [{ perSession: { messages: { perSecond: 0 } } }, "perSession.messages.perSecond"],
      [{ perSession: { sessions: { perSecond: 1 } } }, "perSession"],
      [{ perUser: { connections: { perSecond: 1 } } }, "perUser"],
      [{ over: "drop" }, "over"],
      [{ status: 200 }, "status"],
    ];
    for (const [options, message] of wrong)
      expect(() => rateLimit(options as RateLimitOptions)).toThrow(message);
    expect(rateLimit().name).toBe("rate_limit");
  });

  test("messages of a session: a burst passes, the rest comes as fast as it may", async () => {
    const pair = nodePair([rateLimit({ perSession: { messages: { perSecond: 2, burst: 3 } } })]);
    const session = await pair.connect();
    const sent = [1, 2, 3, 4, 5].map(() => send(session));
    expect(await fates(sent)).toEqual([200, 200, 200, 0, 0]);
    await pair.clock.advance(499);
    expect(await fates(sent)).toEqual([200, 200, 200, 0, 0]);
    await pair.clock.advance(1);
    expect(await fates(sent)).toEqual([200, 200, 200, 200, 0]);
    await pair.clock.advance(500);
    expect(await fates(sent)).toEqual([200, 200, 200, 200, 200]);
    await pair.close();
  });

  test("a session that waits holds back no other one", async () => {
    const pair = nodePair([rateLimit({ perSession: { messages: { perSecond: 1 } } })]);
    const [one, two] = [await pair.connect(), await pair.connect()];
    const sent = [send(one), send(one), send(two)];
    expect(await fates(sent)).toEqual([200, 0, 200]);
    await pair.close();
  });

  test("what would wait for longer than maxDelayMs is refused, with the status that is chosen", async () => {
    const pair = nodePair([
      rateLimit({
        perAddress: { messages: { perSecond: 1 } },
        maxDelayMs: 2000,
        status: 403,
        comment: "Slow Down",
      }),
    ]);
    const sent = [];
    for (let count = 0; count < 5; count++) sent.push(send(await pair.connect()));
    expect(await fates(sent)).toEqual([200, 0, 0, 403, 403]);
    await pair.clock.advance(2000);
    expect(await fates(sent)).toEqual([200, 200, 200, 403, 403]);
    await pair.close();
  });

  test('over: "refuse" refuses at once with 413, and what was refused does not count', async () => {
    const pair = nodePair([
      rateLimit({ perSession: { messages: { perSecond: 1, burst: 2 } }, over: "refuse" }),
    ]);
    const session = await pair.connect();
    const sent = [1, 2, 3, 4].map(() => send(session));
    expect(await fates(sent)).toEqual([200, 200, 413, 413]);
    await pair.clock.advance(1000);
    expect(await fates([send(session), send(session)])).toEqual([200, 413]);
    const error = await session.send("x").accepted.catch((thrown) => thrown);
    expect(error).toMatchObject({ status: 413, comment: "Too Much At Once" });
    await pair.close();
  });

  test("octets: a long message comes at the rate, chunk by chunk, and counts as one message", async () => {
    const limits = { messages: { perSecond: 0.001, burst: 2 }, bytes: { perSecond: 1000, burst: 2048 } };
    const pair = nodePair([rateLimit({ perSession: limits })]);
    const session = await pair.connect();
    let progress = 0;
    const body = new Uint8Array(6144);
    const sent = session.send(body, { chunkBytes: 2048, onProgress: (octets) => void (progress = octets) });
    let received = 0;
    pair.receiver.onMessage((message) => void (received = message.body.length));
    await settle(200);
    await pair.clock.advance(2000);
    expect(received).toBe(0);
    await pair.clock.advance(2096);
    await sent.accepted;
    expect([received, progress]).toEqual([6144, 6144]);
    // The second message of two: the first took one, whatever its chunks.
    expect(await fates([send(session, ""), send(session, "")])).toEqual([200, 413]);
    await pair.close();
  });

  test("new sessions of an address: the first SEND of one too many waits, or is refused", async () => {
    const pair = nodePair([
      rateLimit({ perAddress: { sessions: { perSecond: 1, burst: 2 } }, over: "refuse" }),
    ]);
    const first = await pair.connect();
    await pair.connect();
    await expect(pair.connect()).rejects.toThrow("413 Too Much At Once");
    expect(await fates([send(first), send(first)])).toEqual([200, 200]);
    await pair.clock.advance(1000);
    expect(await fates([send(await pair.connect())])).toEqual([200]);
    await pair.close();
  });

  test("new connections of an address are refused", async () => {
    const pair = nodePair([]);
    const network = new MemoryNetwork({ clock: pair.clock });
    const limits = { perAddress: { connections: { perSecond: 0.1, burst: 2 } } };
    const server = new Msrp({ clock: pair.clock, acceptUnknown: () => true }).use(rateLimit(limits));
    network.listen("server", 2855, server.accept);
    const connect = (id: number): Promise<Session> =>
      pair.sender.connect(
        {
          local: `msrp://client:9/local${id};tcp`,
          remote: `msrp://server:2855/remote${id};tcp`,
          reuse: false,
        },
        network.connect,
      );
    await connect(1);
    await connect(2);
    await expect(connect(3)).rejects.toMatchObject({ name: "ConnectionError" });
    await pair.clock.advance(10_000);
    await connect(4);
    await pair.close();
  });

  test("users: over all their sessions, and nobody else", async () => {
    const pair = nodePair([rateLimit({ perUser: { messages: { perSecond: 1, burst: 2 } }, over: "refuse" })]);
    const names = ["alice", "alice", "bob", undefined];
    const inbound: Session[] = [];
    pair.receiver.onSession((session) => {
      const user = names[inbound.push(session) - 1];
      if (user !== undefined) session.set(handshakeUser, { user });
    });
    const sessions = [];
    for (const _ of names) sessions.push(await pair.connect());
    const [one, two, bob, nobody] = sessions as [Session, Session, Session, Session];
    expect(await fates([send(one), send(two), send(one), send(two), send(bob)])).toEqual([
      200, 200, 413, 413, 200,
    ]);
    expect(await fates([1, 2, 3, 4].map(() => send(nobody)))).toEqual([200, 200, 200, 200]);
    await pair.close();
  });

  test("userOf finds users of one's own", async () => {
    const userOf: NonNullable<RateLimitOptions["userOf"]> = (c) => c.session.local.sessionId?.slice(0, 3);
    const pair = nodePair([rateLimit({ perUser: { messages: { perSecond: 1 } }, over: "refuse", userOf })]);
    const [one, two] = [await pair.connect(), await pair.connect()];
    expect(await fates([send(one), send(two)])).toEqual([200, 413]);
    await pair.close();
  });

  test("the same plugin in two nodes shares nothing", async () => {
    const plugin = rateLimit({ perAddress: { messages: { perSecond: 1 } }, over: "refuse" });
    const [one, two] = [nodePair([plugin]), nodePair([plugin])];
    const sent = [send(await one.connect()), send(await two.connect()), send(await one.connect())];
    expect(await fates(sent)).toEqual([200, 200, 413]);
    await one.close();
    await two.close();
  });

  test("in a relay each side of a session has its own limit, and users are those of AUTH", async () => {
    const limits = { messages: { perSecond: 1, burst: 3 } };
    const bench = new RelayBench(
      {},
      rateLimit({ perSession: limits, perUser: { messages: { perSecond: 1, burst: 2 } }, over: "refuse" }),
    );
    const alice = await bench.peer();
    const token = await bench.login(alice, "alice");
    const peer = await bench.peer({ address: "192.0.2.77" });
    const back = `${token} ${peer.uri}`;
    const way = `${token} ${alice.uri}`;
    await bench.clock.advance(10_000);
    for (let count = 0; count < 4; count++) peer.send(way, { headers: ["Failure-Report: partial"] });
    expect(await peer.heard()).toEqual(["413"]);
    for (let count = 0; count < 3; count++) alice.send(back, { headers: ["Failure-Report: partial"] });
    const heard = await alice.heard();
    expect([
      heard.filter((what) => what === "SEND").length,
      heard.filter((what) => what === "413").length,
    ]).toEqual([3, 1]);
    expect((await peer.heard()).length).toBe(2);
    await bench.close();
  });

  test("in a relay delay holds chunks back in order", async () => {
    const bench = new RelayBench({}, rateLimit({ perSession: { messages: { perSecond: 1, burst: 2 } } }));
    const alice = await bench.peer();
    const way = `${await bench.login(alice, "alice")} ${alice.uri}`;
    const peer = await bench.peer();
    for (const id of ["m0001", "m0002", "m0003", "m0004"]) peer.send(way, { messageId: id });
    const got = async (): Promise<(string | undefined)[]> =>
      (await alice.take()).map(({ headers }) => headers["Message-ID"]);
    expect(await got()).toEqual(["m0001", "m0002"]);
    await bench.clock.advance(1000);
    expect(await got()).toEqual(["m0003"]);
    await bench.clock.advance(1000);
    expect(await got()).toEqual(["m0004"]);
    await bench.close();
  });
});
