// The files of traces, on the runtime that runs the tests: names, rights, contents.
// Names must not tell anything of a session.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "#test";
import { traceFiles } from "../../../adapters/trace_files.ts";

const folder = mkdtempSync(join(tmpdir(), "msrpkit-traces-"));
afterAll(() => rmSync(folder, { recursive: true }));
const startedAt = Date.UTC(2026, 10, 23, 9, 5, 7);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("traceFiles", () => {
  test("makes the directory, and a capture and a ladder for each trace, for their owner alone", () => {
    const place = join(folder, "a", "b");
    const open = traceFiles(place);
    const { capture, ladder } = open({ id: 3, startedAt });
    capture?.write(bytes("one "));
    capture?.write(bytes("two"));
    ladder?.write(bytes("text"));
    capture?.close();
    ladder?.close();
    expect(readdirSync(place).sort()).toEqual([
      "msrp-20261123-090507-3.pcapng",
      "msrp-20261123-090507-3.txt",
    ]);
    expect(readFileSync(join(place, "msrp-20261123-090507-3.pcapng"), "utf8")).toBe("one two");
    expect(readFileSync(join(place, "msrp-20261123-090507-3.txt"), "utf8")).toBe("text");
    expect(statSync(join(place, "msrp-20261123-090507-3.pcapng")).mode & 0o777).toBe(0o600);
  });

  test("makes one kind alone, and overwrites nothing: nodes may share a directory", () => {
    const place = join(folder, "c");
    const open = traceFiles(place, { ladders: false });
    const first = open({ id: 1, startedAt });
    expect(Object.keys(first)).toEqual(["capture"]);
    first.capture?.close();
    open({ id: 1, startedAt }).capture?.close(); // of another node, or another run
    const both = traceFiles(place)({ id: 2, startedAt });
    both.capture?.close();
    both.ladder?.close();
    expect(readdirSync(place).sort()).toEqual([
      "msrp-20261123-090507-1.pcapng",
      "msrp-20261123-090507-2.pcapng",
      "msrp-20261123-090507-3.pcapng",
      "msrp-20261123-090507-3.txt",
    ]);
    expect(traceFiles(place, { captures: false, ladders: false })({ id: 1, startedAt })).toEqual({});
  });
});
