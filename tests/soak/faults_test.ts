// Connections that are cut, peers that stall, answers that come late, twice or for nothing, over real sockets: every
// promise settles with the right error, and afterwards no timer, connection or session is left.
import { describe, expect, test } from "#test";
import type { ConnectionOptions } from "../../core/connection/options.ts";
import { ConnectionError, DeliveryError } from "../../core/errors.ts";
import type { Sent } from "../../core/session/sent.ts";
import type { Session } from "../../core/session/session.ts";
import { createSessionId } from "../../core/wire/ident.ts";
import { untilTrue } from "../harness/poll.ts";
import { type Fault, FaultyProxy, ScriptedPeer } from "../support/faulty_network.ts";
import { type Holdings, nothing, SocketNodes } from "../support/socket_nodes.ts";

const positions = 60;
const timeoutMs = 150;

/** What an exchange came to: the error of each promise, by its name. */
type Outcome = Record<string, unknown>;

async function* stream(): AsyncGenerator<Uint8Array> {
  for (let piece = 0; piece < 4; piece++) yield new Uint8Array(1500).fill(65 + piece);
}

/** What a test of faults works with. */
interface Run {
  readonly nodes: SocketNodes;
  readonly proxy: FaultyProxy;
  exchange(): Promise<Outcome>;
}

/** Runs a test on nodes with a proxy between them, where the server answers each message by one of its own. */
async function faulty(connection: ConnectionOptions, body: (run: Run) => Promise<void>): Promise<Holdings> {
  const options = { client: { connection }, server: { connection } };
  return await SocketNodes.run(options, async (nodes) => {
    const proxy = await FaultyProxy.start(nodes.listener.port);
    try {
      await body({ nodes, proxy, exchange: exchangeOver(nodes, proxy) });
      expect(nodes.errors).toEqual([]);
    } finally {
      await proxy.close();
    }
  });
}

function exchangeOver(nodes: SocketNodes, proxy: FaultyProxy): () => Promise<Outcome> {
  const replies: Sent[] = [];
  nodes.server.onMessage((_message, session) => {
    replies.push(session.send("reply"));
  });
  return async () => {
    replies.length = 0;
    const outcome: Outcome = {};
    const local = `msrp://127.0.0.1:1/${createSessionId()};tcp`;
    const remote = `msrp://127.0.0.1:${proxy.port}/${createSessionId()};tcp`;
    let session: Session;
    try {
      session = await nodes.client.connect({ local, remote }, nodes.connector);
    } catch (error) {
      return { connect: error };
    }
    let answers = 0;
    session.onMessage(() => void answers++);
    const sent: Record<string, Sent> = {
      short: session.send("short"),
      long: session.send(new Uint8Array(6000).fill(97), { chunkBytes: 2048 }),
      stream: session.send(stream()),
      partial: session.send("partial", { failureReport: "partial" }),
    };
    const settle = async (name: string, promise: Promise<void>): Promise<void> => {
      outcome[name] = await promise.then(
        () => undefined,
        (error: unknown) => error,
      );
    };
    const accepted = Object.entries(sent).map(([name, one]) => settle(`${name} accepted`, one.accepted));
    const delivered = Object.entries(sent).map(([name, one]) => settle(`${name} delivered`, one.delivered));
    await Promise.all(accepted);
    // Nothing but the end of the session can settle reports that a stalled peer still owes.
    if (proxy.fault?.kind === "stall") await session.close({ drain: false });
    await Promise.all(delivered);
    if (proxy.fault === undefined) await untilTrue(() => answers === 4, 5000);
    await Promise.all(replies.map((one, index) => settle(`reply ${index}`, one.accepted)));
    await session.close();
    outcome["closed"] = await session.closed;
    proxy.drop();
    return outcome;
  };
}

/** Octets of a whole exchange, in each direction. */
async function measure(run: Run): Promise<Record<Fault["direction"], number>> {
  const outcome = await run.exchange();
  expect(Object.values(outcome).filter((error) => error !== undefined)).toEqual([]);
  return run.proxy.passed;
}

/** Positions over the whole length, none of them regular. */
function places(length: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => Math.floor(((index + 0.37) * length) / count));
}

describe("faults over real sockets", () => {
  for (const kind of ["end", "reset"] as const) {
    test(`RFC 4975 §5.4: a connection that ends by ${kind}, at ${positions} places in each direction, settles every promise`, async () => {
      const held = await faulty({}, async (run) => {
        const octets = await measure(run);
        let broken = 0;
        for (const direction of ["there", "back"] as const) {
          for (const after of places(octets[direction], positions)) {
            run.proxy.fault = { direction, after, kind };
            const outcome = await run.exchange();
            const errors = Object.values(outcome).filter((error) => error !== undefined);
            const strange = errors.filter((error) => !(error instanceof ConnectionError));
            expect(strange.map((error) => `${direction} ${after}: ${error}`)).toEqual([]);
            if (errors.length > 0) broken++;
          }
        }
        // Behind the last octet that somebody waits for a cut does no harm.
        expect(broken > positions).toBe(true);
        expect(
          await untilTrue(() => run.nodes.client.sessionCount + run.nodes.server.sessionCount === 0),
        ).toBe(true);
      });
      expect(held).toEqual(nothing);
    }, 120_000);
  }

  test("RFC 4975 §7.1.1: a peer that stalls at any step: each message fails with 408 in time, by itself", async () => {
    const held = await faulty({ transactionTimeoutMs: timeoutMs }, async (run) => {
      const octets = await measure(run);
      for (const direction of ["there", "back"] as const) {
        for (const after of places(octets[direction], 12)) {
          run.proxy.fault = { direction, after, kind: "stall" };
          const outcome = await run.exchange();
          for (const [name, error] of Object.entries(outcome)) {
            if (error === undefined || name === "connect" || name === "closed") continue;
            const right = name.endsWith("accepted")
              ? error instanceof DeliveryError && error.status === 408
              : error instanceof Error;
            expect([name, right, `${error}`]).toEqual([name, true, `${error}`]);
          }
          if ("connect" in outcome) expect(outcome["connect"]).toBeInstanceOf(ConnectionError);
        }
      }
    });
    expect(held).toEqual(nothing);
  }, 120_000);

  test("RFC 4975 §7.2: answers that come twice, late, or for unknown transactions change nothing", async () => {
    const peer = await ScriptedPeer.start();
    const client = { connection: { transactionTimeoutMs: timeoutMs } };
    const held = await SocketNodes.run({ client }, async (nodes) => {
      const oddities: string[] = [];
      nodes.client.tap("oddity", ({ code }) => oddities.push(code));
      const remote = `msrp://127.0.0.1:${peer.port}/${createSessionId()};tcp`;
      const connecting = nodes.connect({ remote });
      peer.answer(await peer.frame());
      const session = await connecting;

      const twice = session.send("twice", { successReport: false });
      const first = await peer.frame();
      for (const status of [200, 200, 413, 481]) peer.answer(first, status);
      await twice.accepted;
      const unknown = session.send("unknown", { successReport: false });
      const second = await peer.frame();
      peer.answer(second, 481, "nobodyasked1");
      peer.answer(second);
      await unknown.accepted;
      const late = session.send("late", { successReport: false });
      const third = await peer.frame();
      const error = await late.accepted.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(DeliveryError);
      expect((error as DeliveryError).status).toBe(408);
      peer.answer(third, 200);
      const after = session.send("after", { successReport: false });
      peer.answer(await peer.frame());
      await after.accepted;
      expect(oddities).toEqual(Array.from({ length: 5 }, () => "response-unmatched"));
      expect(session.state).toBe("bound");

      await session.close();
      expect(nodes.errors).toEqual([]);
    }).finally(() => peer.close());
    expect(held).toEqual(nothing);
  }, 60_000);
});
