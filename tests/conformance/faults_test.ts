// Faults: a recorded exchange between two nodes is cut at every byte, and a peer stalls at every step. Each promise
// settles with a reason, and nothing is left: no session, connection, timer or waiting message.
import { describe, expect, test } from "#test";
import { FakeClock, MemoryNetwork, settle } from "../../adapters/memory.ts";
import type { ConnectionError, DeliveryError } from "../../core/errors.ts";
import { Msrp } from "../../core/node/node.ts";
import type { Accept, Connector, Transport, TransportSink } from "../../core/node/transport.ts";
import type { Session } from "../../core/session/session.ts";

// Octets that may pass before the wire is cut, for both directions together.
class Scissors {
  left: number;
  passed = 0;
  constructor(octets: number) {
    this.left = octets;
  }

  /** Wraps what one side hands to its adapter: writes beyond the cut are lost, and the pipe with them. */
  accept(inner: Accept): Accept {
    return (transport) => {
      const cut = new CutTransport(transport, this);
      return inner(cut) as TransportSink;
    };
  }
}

class CutTransport implements Transport {
  readonly clock;
  readonly remoteAddress;
  readonly secure;
  readonly framing;
  readonly #inner: Transport;
  readonly #scissors: Scissors;

  constructor(inner: Transport, scissors: Scissors) {
    this.#inner = inner;
    this.#scissors = scissors;
    this.clock = inner.clock;
    this.remoteAddress = inner.remoteAddress;
    this.secure = inner.secure;
    this.framing = inner.framing;
  }
  write(bytes: Uint8Array): boolean {
    const scissors = this.#scissors;
    scissors.passed += bytes.length;
    if (bytes.length <= scissors.left) {
      scissors.left -= bytes.length;
      return this.#inner.write(bytes);
    }
    this.#inner.write(bytes.slice(0, scissors.left));
    scissors.left = 0;
    // What was written arrives, and then the end: close flushes where abort would drop.
    this.#inner.close();
    return true;
  }
  pause(): void {
    this.#inner.pause();
  }
  resume(): void {
    this.#inner.resume();
  }
  close(): void {
    this.#inner.close();
  }
  abort(): void {
    this.#inner.abort();
  }
}

interface Outcome {
  passed: number;
  watched: string[];
  settled: string[];
  left: number[];
}

// One exchange: connect, a message each way with reports, one in three chunks, and the ends.
async function exchange(octets: number): Promise<Outcome> {
  const clock = new FakeClock();
  const network = new MemoryNetwork({ clock });
  const scissors = new Scissors(octets);
  const server = new Msrp({ acceptUnknown: () => true });
  const client = new Msrp();
  const settled: string[] = [];
  const watched: string[] = [];
  const watch = (name: string, promise: Promise<unknown>): void => {
    watched.push(name);
    promise.then(
      () => settled.push(`${name} ok`),
      (error: ConnectionError) => settled.push(`${name} ${error.name} ${error.code}`),
    );
  };
  let there: Session | undefined;
  server.onSession((session) => {
    there = session;
    const back = session.send("back", { successReport: true });
    watch("back accepted", back.accepted);
    watch("back delivered", back.delivered);
    watch("there closed", session.closed);
  });
  network.listen("bob.example", 1, scissors.accept(server.accept));
  const connect: Connector = (target, accept, options) =>
    network.connect(target, scissors.accept(accept), options);
  const opening = client.connect(
    { local: "msrp://alice.example:2/faultsHere1;tcp", remote: "msrp://bob.example:1/faultsThere;tcp" },
    connect,
  );
  watch("connect", opening);
  const session = await opening.catch(() => undefined);
  if (session !== undefined) {
    watch("closed", session.closed);
    const text = session.state === "bound" ? session.send("hello", { successReport: true }) : undefined;
    const long =
      session.state === "bound" ? session.send(new Uint8Array(300), { chunkBytes: 100 }) : undefined;
    if (text !== undefined) {
      watch("text accepted", text.accepted);
      watch("text delivered", text.delivered);
    }
    if (long !== undefined) watch("long accepted", long.accepted);
  }
  await settle(100);
  const loop = there?.[Symbol.asyncIterator]();
  if (loop !== undefined) watch("loop", loop.next());
  await Promise.all([client.close({ drainMs: 0 }), server.close({ drainMs: 0 })]);
  await settle(100);
  const left = [client, server].flatMap((node) => [node.sessionCount, node.connectionCount]);
  return { passed: scissors.passed, watched, settled, left: [...left, clock.pending] };
}

describe("a connection that is cut", () => {
  test("at every byte of an exchange: every promise settles, and nothing is left [4975-5.4-15]", async () => {
    const whole = await exchange(Number.POSITIVE_INFINITY);
    expect(whole.settled.filter((entry) => !entry.endsWith(" ok"))).toEqual([]);
    expect(whole.watched.length).toBe(9);
    const wrong: string[] = [];
    for (let octets = 0; octets < whole.passed; octets++) {
      const { settled, watched, left } = await exchange(octets);
      if (left.some((count) => count !== 0)) wrong.push(`${octets}: left ${left.join(" ")}`);
      const errors = settled.filter(
        (entry) =>
          !/ (ok|(ConnectionError|DeliveryError|LocalProtocolError|RemoteProtocolError) [\w-]+)$/.test(entry),
      );
      if (errors.length > 0) wrong.push(`${octets}: ${errors.join("; ")}`);
      const got = settled.map((entry) => entry.replace(/ (ok|\w+Error [\w-]+)$/, ""));
      const missing = watched.filter((name) => !got.includes(name));
      if (missing.length > 0) wrong.push(`${octets}: never settled: ${missing.join(", ")}`);
    }
    expect(wrong.slice(0, 5)).toEqual([]);
  }, 120_000);
});

describe("a peer that stalls", () => {
  async function stalled(
    take: (session: Session) => Promise<unknown>,
  ): Promise<{ error: DeliveryError; left: number[] }> {
    const clock = new FakeClock();
    const network = new MemoryNetwork({ clock });
    const app = new Msrp();
    let sink: Transport | undefined;
    let frames = 0;
    network.listen("bob.example", 1, (transport) => {
      sink = transport;
      return {
        // Answers the binding SEND, then nothing more.
        received(bytes) {
          if (frames++ > 0) return;
          const [, id, from] =
            /MSRP (\S+) SEND\r\nTo-Path: (\S+)/.exec(new TextDecoder().decode(bytes)) ?? [];
          const to = /From-Path: (\S+)/.exec(new TextDecoder().decode(bytes))?.[1];
          const text = `MSRP ${id} 200 OK\r\nTo-Path: ${to}\r\nFrom-Path: ${from}\r\n-------${id}$\r\n`;
          transport.write(new TextEncoder().encode(text));
        },
        drained() {},
        ended() {},
      };
    });
    const session = await app.connect(
      {
        local: "msrp://alice.example:2/stalled1;tcp",
        remote: "msrp://bob.example:1/stalled2;tcp",
        keepAliveMs: 120_000,
      },
      network.connect,
    );
    const failing = take(session).then(
      () => new Error("it did not fail"),
      (error: unknown) => error,
    );
    await settle();
    await clock.advance(300_000);
    const error = (await failing) as DeliveryError;
    await app.close({ drainMs: 0 });
    sink?.abort();
    await settle();
    return { error, left: [app.sessionCount, app.connectionCount, clock.pending] };
  }

  for (const [name, take, code] of [
    ["with the answer to a message", (session: Session) => session.send("x").accepted, "timeout"],
    [
      "with the answer to a chunk",
      (session: Session) => session.send(new Uint8Array(5000), { chunkBytes: 2048 }).accepted,
      "timeout",
    ],
    [
      "with a success report",
      (session: Session) => session.send("x", { successReport: true, failureReport: "no" }).delivered,
      "peer-vanished",
    ],
    ["with the answer to another request", (session: Session) => session.request("NICKNAME"), "timeout"],
    [
      "with everything",
      (session: Session) => session.closed.then((error) => Promise.reject(error)),
      "peer-vanished",
    ],
  ] as const) {
    test(`${name}: the promise fails in time and nothing is left [4975-7.1.1-07]`, async () => {
      const { error, left } = await stalled(take);
      expect(error.code).toBe(code);
      expect(left).toEqual([0, 0, 0]);
    });
  }

  test("while it is connecting: nothing waits for ever", async () => {
    const clock = new FakeClock();
    const network = new MemoryNetwork({ clock });
    const app = new Msrp();
    network.listen("bob.example", 1, () => ({ received() {}, drained() {}, ended() {} }));
    const opening = app
      .connect(
        { local: "msrp://alice.example:2/stalled3;tcp", remote: "msrp://bob.example:1/stalled4;tcp" },
        network.connect,
      )
      .catch((error: unknown) => error);
    await settle();
    await clock.advance(30_000);
    expect(((await opening) as ConnectionError).code).toBe("peer-vanished");
    await app.close({ drainMs: 0 });
    await settle();
    expect([app.sessionCount, app.connectionCount, clock.pending]).toEqual([0, 0, 0]);
  });
});
