// contentFilter() with the real clamd, over its Unix socket and over TCP: what is infected is refused, in an endpoint and
// in a relay, what is clean passes, and when clamd is away or silent the choice counts.
import { afterAll, beforeAll, describe, expect, test } from "#test";
import { clamd } from "../../adapters/clamd.ts";
import { settle } from "../../adapters/memory.ts";
import {
  type ContentFilterEvent,
  type ContentFilterVirus,
  type ContentScanner,
  contentFilter,
} from "../../plugins/content_filter.ts";
import { reassembly } from "../../plugins/reassembly.ts";
import { RelayBench } from "../support/relay_bench.ts";
import { nodePair } from "../unit/plugins/_pair.ts";
import { type Clamd, clamdInstalled, eicar, startClamd, streamMaxLength } from "./_clamd.ts";

type Pair = ReturnType<typeof nodePair>;

/** Sends content; gives 200 or the status of the refusal. */
async function fate(pair: Pair, body: string | Uint8Array, type = "application/x-test"): Promise<number> {
  const session = await pair.connect();
  return session.send(body, { contentType: type, chunkBytes: 30_000 }).accepted.then(
    () => 200,
    (error: { status: number }) => error.status,
  );
}

/** Waits, in the time of the world, until something holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise<void>((resolve) => setImmediate(resolve));
}

if (!clamdInstalled) {
  test("clamd is not installed here: apt-get install clamav-daemon", () => {
    expect(process.env["CI"]).toBe(undefined);
  });
} else {
  describe("contentFilter() with clamd", () => {
    let server: Clamd;
    const padding = "x".repeat(100_000);
    beforeAll(async () => {
      server = await startClamd();
    });
    afterAll(() => server.stop());

    function setup(virus: Partial<ContentFilterVirus> & Pick<ContentFilterVirus, "scanner">) {
      const audit: string[] = [];
      const onFinding = ({ rule, action, status, detail }: ContentFilterEvent): void =>
        void audit.push(`${rule} ${action} ${status} ${detail}`);
      const delivered: number[] = [];
      const pair = nodePair([contentFilter({ virus, onFinding })]);
      pair.receiver.onMessage((message) => void delivered.push(message.body.length));
      return { pair, audit, delivered };
    }

    for (const way of ["unix socket", "tcp"] as const) {
      const scanner = () =>
        clamd(way === "tcp" ? { host: "127.0.0.1", port: server.port } : { path: server.path });

      test(`${way}: infected messages are refused with 403, clean ones pass`, async () => {
        await scanner().ping();
        const { pair, audit, delivered } = setup({ scanner: scanner() });
        expect(await fate(pair, "clean")).toBe(200);
        expect(await fate(pair, eicar)).toBe(403);
        expect(await fate(pair, padding)).toBe(200);
        expect(await fate(pair, `${padding}${eicar}${padding}`)).toBe(403);
        // Split over two chunks.
        expect(await fate(pair, `${"y".repeat(29_980)}${eicar}${padding}`)).toBe(403);
        expect([delivered, new Set(audit)]).toEqual([
          [5, 100_000],
          new Set(["virus refused 403 Msrpkit.Test.EICAR.UNOFFICIAL"]),
        ]);
        await pair.close();
      });
    }

    test("many at a time, each with its own verdict", async () => {
      const { pair } = setup({ scanner: clamd({ path: server.path, maxConnections: 4 }) });
      const bodies = Array.from({ length: 40 }, (_, index) =>
        index % 3 === 0 ? `${index}${eicar}` : `${index}`,
      );
      const fates = await Promise.all(bodies.map((body) => fate(pair, body)));
      expect(fates).toEqual(bodies.map((_, index) => (index % 3 === 0 ? 403 : 200)));
      await pair.close();
    });

    test("a message that streams is cut off, and its reader learns of it", async () => {
      const pair = nodePair([
        contentFilter({ virus: { scanner: clamd({ path: server.path }) } }),
        reassembly({ mode: "stream" }),
      ]);
      const ends: Promise<string>[] = [];
      pair.receiver.onMessage((message) => {
        ends.push(
          message.bytes().then(
            (bytes) => `${bytes.length}`,
            (error: Error) => error.message,
          ),
        );
      });
      expect(await fate(pair, padding)).toBe(200);
      expect(await fate(pair, padding + eicar)).toBe(403);
      expect(await Promise.all(ends)).toEqual(["100000", "Message was refused: 403"]);
      await pair.close();
    });

    test("in a relay the end of an infected message is not passed on", async () => {
      const bench = new RelayBench({}, contentFilter({ virus: { scanner: clamd({ path: server.path }) } }));
      const alice = await bench.peer();
      const way = `${await bench.login(alice, "alice")} ${alice.uri}`;
      const peer = await bench.peer();
      const total = 10 + eicar.length;
      peer.send(way, { body: "0123456789", range: `1-10/${total}`, flag: "+", messageId: "infected1" });
      expect([await peer.heard(), (await alice.take()).map(({ flag }) => flag)]).toEqual([["200"], ["+"]]);
      const answers: string[] = [];
      const settled = bench.app.tap("settled", ({ verdict }) => void answers.push(`${verdict.status}`));
      peer.send(way, { body: eicar, range: `11-${total}/${total}`, messageId: "infected1" });
      await until(() => answers.length > 0);
      peer.send(way, { body: "clean", messageId: "clean0001" });
      await until(() => answers.length > 1);
      settled();
      expect([await peer.heard(), await alice.heard()]).toEqual([["403", "200"], ["SEND"]]);
      await bench.close();
    });

    test("above StreamMaxLength clamd refuses to scan, and the choice counts", async () => {
      const body = new Uint8Array(streamMaxLength + 500_000);
      for (const [onFailure, status] of [
        ["refuse", 403],
        ["pass", 200],
      ] as const) {
        const { pair, audit } = setup({ scanner: clamd({ path: server.path }), onFailure });
        expect([onFailure, await fate(pair, body)]).toEqual([onFailure, status]);
        expect(audit[0]).toContain("scanner failed");
        await pair.close();
      }
    });

    test("clamd is away: closed, or open", async () => {
      for (const [onFailure, status] of [
        ["refuse", 403],
        ["pass", 200],
      ] as const) {
        const { pair, audit } = setup({ scanner: clamd({ path: `${server.path}.gone` }), onFailure });
        expect([onFailure, await fate(pair, eicar), await fate(pair, padding)]).toEqual([
          onFailure,
          status,
          status,
        ]);
        expect(audit[0]).toContain("scanner failed");
        await pair.close();
      }
    });

    test("clamd is silent: the time limit ends the wait", async () => {
      const inner = clamd({ path: server.path });
      let asked = false;
      const scanner: ContentScanner = {
        open: () => {
          const scan = inner.open();
          const finish = (): ReturnType<typeof scan.finish> => {
            asked = true;
            return scan.finish();
          };
          return { ...scan, finish };
        },
      };
      server.freeze();
      try {
        for (const [onFailure, status] of [
          ["refuse", 403],
          ["pass", 200],
        ] as const) {
          const { pair, delivered } = setup({ scanner, onFailure, timeoutMs: 5000 });
          let answer = 0;
          asked = false;
          fate(pair, "clean").then((status) => {
            answer = status;
          });
          await until(() => asked);
          await settle();
          await pair.clock.advance(4000);
          expect(answer).toBe(0);
          await pair.clock.advance(1000);
          expect([answer, delivered.length]).toEqual([status, status === 200 ? 1 : 0]);
          await pair.close();
        }
      } finally {
        server.thaw();
      }
      const { pair } = setup({ scanner: clamd({ path: server.path }) });
      expect(await fate(pair, "clean")).toBe(200);
      await pair.close();
    });
  });
}
