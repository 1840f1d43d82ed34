// archive() with a real PostgreSQL: what is kept, and that nothing is lost when the server goes away in the middle, comes
// back, or is there and does not answer.
import process from "node:process";
import { describe, expect, test } from "#test";
import { openPostgresClient } from "../../adapters/_postgres.ts";
import { ArchiveError, openArchive } from "../../adapters/archive.ts";
import { systemClock } from "../../adapters/node.ts";
import { type ArchiveRecord, archive, archiveLines, memoryArchive } from "../../plugins/archive.ts";
import { NodePair } from "../../testing/pair.ts";
import { archiveRecords, searches } from "../support/archives.ts";
import { installed, run } from "../support/command.ts";
import { passwordInEnvironment, postgresMissing, startPostgres } from "./_postgres.ts";

if (postgresMissing !== undefined) {
  test(postgresMissing, () => {
    expect(process.env["CI"]).toBe(undefined);
  });
} else {
  // Not in a hook: making a cluster takes longer than hooks may.
  const server = await startPostgres();
  const place = server.url;
  const client = () => openPostgresClient(place, { maxConnections: 1, timeoutMs: 5_000 });

  describe("an archive in PostgreSQL", () => {
    passwordInEnvironment(server);

    test("keeps octets and texts as they are, and finds what the archive in memory finds", async () => {
      const store = await openArchive(place);
      const memory = memoryArchive();
      for (const one of [store, memory]) await one.store(archiveRecords(), []);
      for (const [query, count] of searches) {
        const [found, wanted] = [await store.search(query), await memory.search(query)];
        expect([query, found.messages.length]).toEqual([query, count]);
        expect(found.messages.map(plain)).toEqual(wanted.messages.map(plain));
      }
      const zero = { ...(archiveRecords()[4] as ArchiveRecord), id: "f".repeat(32), text: "a\0b" };
      await store.store([zero], []);
      expect((await store.search({ text: "b" })).messages.at(-1)?.text).toBe("a\ufffdb");
      await store.close();
    }, 60_000);

    test("all or nothing; fates only go on; old messages are removed; the schema may be there already", async () => {
      const store = await openArchive(place);
      expect(await store.removeBefore(Number.MAX_SAFE_INTEGER)).toBe(6);
      const [one, two] = archiveRecords() as [ArchiveRecord, ArchiveRecord];
      const broken = store.store([one, { ...two, session: null as unknown as string }], []);
      const error = await broken.catch((thrown: unknown) => thrown);
      expect([error instanceof ArchiveError, (error as ArchiveError).permanent]).toEqual([true, true]);
      expect((await store.search({})).messages.length).toBe(0);
      const fate = (name: "accepted" | "failed") =>
        ({ id: one.id, fate: name, status: 408, comment: "late", fateAt: 7 }) as const;
      await store.store([{ ...one, fate: "pending" }], []);
      await store.store([one], [fate("failed")]);
      await store.store([one], [fate("accepted")]);
      expect((await store.search({})).messages[0]).toMatchObject({ fate: "failed", comment: "late" });
      await store.removeBefore(Number.MAX_SAFE_INTEGER);
      await store.close();
    }, 60_000);

    test("the server goes away in the middle and comes back: nothing is lost, nothing is there twice", async () => {
      const store = await openArchive(place);
      const problems: string[] = [];
      const plugin = archive({
        store,
        retryMs: 20,
        maxRetryMs: 100,
        batchMs: 1,
        maxBatchMessages: 7,
        onProblem: ({ kind }) => void problems.push(kind),
      });
      const pair = new NodePair({ serverPlugins: [plugin], network: { clock: systemClock } });
      const [session, receiver] = await pair.sessions();
      receiver.onMessage(() => undefined);
      const sending = async (from: number, to: number): Promise<void> => {
        for (let number = from; number < to; number++) await session.send(`message ${number}`).accepted;
      };
      await sending(0, 200);
      const halted = server.halt();
      await sending(200, 400);
      await halted;
      await sending(400, 600);
      expect(plugin.spooled >= 200).toBe(true);
      await server.restart();
      await sending(600, 700);
      await pair.close();
      expect(await plugin.flush(60_000)).toBe(true);
      const texts: (string | undefined)[] = [];
      for await (const line of archiveLines(store)) texts.push(JSON.parse(line).text);
      expect(texts.sort()).toEqual(Array.from({ length: 700 }, (_, number) => `message ${number}`).sort());
      expect((await store.search({ fate: "pending" })).messages).toEqual([]);
      expect(problems.length > 0 && problems.every((kind) => kind === "store")).toBe(true);
      await store.removeBefore(Number.MAX_SAFE_INTEGER);
      await store.close();
    }, 120_000);

    test("a connection that is lost in a transaction fails it and nothing else", async () => {
      const one = client();
      const lost = await one
        .transaction(async (run) => {
          const [row] = await run("SELECT pg_backend_pid() AS pid", []);
          const answer = run("SELECT pg_sleep(10)", []);
          process.kill(Number(row?.["pid"]), "SIGKILL");
          await answer;
        })
        .then(
          () => "no error",
          (error: unknown) => error,
        );
      expect(lost instanceof Error).toBe(true);
      // The server refuses everybody until it has looked after its memory.
      let number: unknown;
      while (number === undefined) {
        number = await one.query("SELECT 7 AS number", []).then(
          ([row]) => row?.["number"],
          () => undefined,
        );
      }
      expect(number).toBe(7);
      await one.transaction(async (run) => void (await run("SELECT 1", [])));
      await one.close();
    }, 60_000);

    test("a table that somebody has locked: it is given up in time, and asked again", async () => {
      const store = await openArchive(place, { timeoutMs: 3_000 });
      const other = client();
      let unlock = (): void => undefined;
      const locked = new Promise<void>((resolve) => {
        void other.transaction(async (run) => {
          await run("LOCK TABLE msrp_archive IN ACCESS EXCLUSIVE MODE", []);
          resolve();
          await new Promise<void>((go) => {
            unlock = go;
          });
        });
      });
      await locked;
      const [record] = archiveRecords() as [ArchiveRecord];
      await expect(store.store([record], [])).rejects.toThrow(ArchiveError);
      unlock();
      await store.store([record], []);
      expect((await store.search({})).messages.length).toBe(1);
      await other.close();
      await store.close();
    }, 60_000);

    for (const runtime of installed) {
      test(`msrpkit archive on ${runtime} searches and exports`, async () => {
        const found = await run(runtime, [
          "archive",
          "search",
          "--store",
          place,
          "--party",
          "alice",
          "--json",
        ]);
        expect([found.stderr, found.code]).toEqual(["", 0]);
        expect(JSON.parse(found.stdout.trim())).toMatchObject({
          event: "message",
          from: "alice@Relay.example",
        });
        const exported = await run(runtime, ["archive", "export", "--store", place]);
        expect(JSON.parse(exported.stdout.trim())).toMatchObject({ text: "Grüße, 100% _sure_ \\o/" });
      }, 60_000);
    }

    test("the server is not there: it cannot be opened, and the error has no password", async () => {
      await server.halt();
      const opening = openArchive(place.replace("msrpkit@", "msrpkit:hidden@"), { timeoutMs: 2_000 });
      const error = (await opening.catch((thrown: unknown) => thrown)) as Error;
      expect(error instanceof ArchiveError).toBe(true);
      expect(error.message.includes("hidden")).toBe(false);
      await server.restart();
    }, 60_000);
  });
}

function plain(record: ArchiveRecord): object {
  return { ...record, body: [...record.body] };
}
