// `msrpkit archive` without a process: what it finds, prints and refuses.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "#test";
import { openArchive } from "../../../../adapters/archive.ts";
import {
  type ArchiveAction,
  type ArchiveCommandOptions,
  runArchive,
} from "../../../../server/cli/archive.ts";
import { explain } from "../../../../server/cli/failure.ts";
import type { Terminal } from "../../../../server/cli/terminal.ts";
import { testFolder } from "../../../harness/folder.ts";
import { archiveRecords } from "../../../support/archives.ts";

describe("runArchive()", () => {
  const folder = testFolder();
  let store = "";
  beforeAll(async () => {
    store = `sqlite:${join(folder, "messages.db")}`;
    const archive = await openArchive(store);
    const [first] = archiveRecords();
    const nasty = { id: "e".repeat(32), at: 2e12, text: "a\u001b[2Jb\nc", from: "\u0007bell" };
    await archive.store([...archiveRecords(), { ...(first as NonNullable<typeof first>), ...nasty }], []);
    await archive.close();
  });

  async function archive(action: ArchiveAction, options: ArchiveCommandOptions) {
    const lines: string[] = [];
    const events: Readonly<Record<string, unknown>>[] = [];
    const notes: string[] = [];
    const terminal: Terminal = {
      json: false,
      columns: 0,
      result: (event, text) => {
        events.push(event);
        if (text !== undefined) lines.push(text);
      },
      note: (text) => notes.push(text),
      error: () => undefined,
      text: async (text) => void lines.push(text),
      progress: () => undefined,
    };
    try {
      return { status: await runArchive(action, options, terminal), lines, events, notes };
    } catch (error) {
      const { exitCode, message } = explain(error);
      return { status: exitCode, lines: [message], events, notes };
    }
  }

  test("search prints a line for each message, page by page, with nothing that moves a terminal", async () => {
    const first = await archive("search", { store, limit: 4 });
    expect([first.status, first.lines.length]).toEqual([0, 4]);
    expect(first.lines[2]).toBe(
      "2023-11-14 22:13:23  in  alice@Relay.example -> bob.example  image/PNG  4  refused 415",
    );
    const after = String(first.events.at(-1)?.["after"]);
    expect(first.notes).toEqual([`there are more: --after ${after}`]);
    const second = await archive("search", { store, limit: 4, after });
    expect([second.lines.length, second.notes]).toEqual([2, []]);
    expect(second.lines[1]).toContain("\u2407bell");
    expect(second.lines[1]).toContain("a\u241b[2Jb\u240ac");
  });

  test("search has the conditions of the options", async () => {
    const count = async (options: ArchiveCommandOptions): Promise<number> =>
      (await archive("search", { store, ...options })).lines.length;
    expect(await count({ party: "carol" })).toBe(1);
    expect(await count({ type: "image/*", fate: "refused" })).toBe(1);
    expect(await count({ since: "2023-11-14T22:13:22Z", until: "2023-11-14T22:13:24Z" })).toBe(2);
    expect(await count({ direction: "out", text: "drop table" })).toBe(1);
    expect(await count({ session: "8899aabbccddeeff" })).toBe(1);
  });

  test("export prints all of them as JSON lines, octets and all", async () => {
    const { lines, status } = await archive("export", { store });
    expect([status, lines.length]).toEqual([0, 6]);
    const messages = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(messages[0]).toMatchObject({ text: "Grüße, 100% _sure_ \\o/", fate: "accepted" });
    expect(messages[2]).toMatchObject({ base64: "AP8nXA==", truncated: true, comment: "No" });
  });

  test("what cannot be opened or read is told, with its status", async () => {
    expect((await archive("search", {})).lines[0]).toContain("--store or MSRPKIT_ARCHIVE");
    expect((await archive("search", { store: "file" })).status).toBe(2);
    expect((await archive("search", { store: `sqlite:${join(folder, "none")}` })).status).toBe(4);
    expect((await archive("search", { store, since: "yesterday" })).status).toBe(2);
    expect((await archive("search", { store, after: "x" })).status).toBe(2);
    expect((await archive("search", { store: "postgres://127.0.0.1:1/x" })).status).toBe(3);
    const other = join(folder, "text");
    await writeFile(other, "no database at all, but long enough for a header\n".repeat(40));
    expect((await archive("search", { store: `sqlite:${other}` })).status).toBe(4);
  });
});
