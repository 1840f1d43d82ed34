// Bodies for `msrpkit send`: each source gives exactly its octets, from any position, and clear errors.
// Files are real ones in a temporary folder.
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "#test";
import { CommandError } from "../../../../server/cli/command_error.ts";
import { EXIT_FILE } from "../../../../server/exit_codes.ts";
import { fileSource, standardInput, textSource } from "../../../../server/files/body_source.ts";
import { testFolder } from "../../../harness/folder.ts";

const folder = testFolder();

async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: number[] = [];
  for await (const bytes of source) for (const octet of bytes) pieces.push(octet);
  return Uint8Array.from(pieces);
}

describe("body sources", () => {
  test("a text is UTF-8, empty texts have no octets", async () => {
    expect(await collect(textSource("añ").read(0))).toEqual(new TextEncoder().encode("añ"));
    expect(await collect(textSource("añ").read(1))).toEqual(new TextEncoder().encode("ñ"));
    expect(textSource("").size).toBe(0);
    expect((await collect(textSource("").read(0))).length).toBe(0);
  });

  test("RFC 4975 §7.1: standard input is a text unless told otherwise, as the words of the command line are", () => {
    expect(standardInput().contentType).toBe(textSource("").contentType);
    expect(standardInput().size).toBe(undefined);
  });

  test("a file gives its octets in bounded pieces, from any position", async () => {
    const bytes = Uint8Array.from({ length: 600_000 }, (_, index) => index % 251);
    const path = join(folder, "cat.png");
    await writeFile(path, bytes);
    const source = await fileSource(path);
    expect([source.size, source.name, source.contentType, source.isFile]).toEqual([
      600_000,
      "cat.png",
      "image/png",
      true,
    ]);
    let largest = 0;
    for await (const piece of source.read(0)) largest = Math.max(largest, piece.length);
    expect(largest <= 256 * 1024).toBe(true);
    expect(Buffer.compare(await collect(source.read(0)), bytes)).toBe(0);
    expect(Buffer.compare(await collect(source.read(599_990)), bytes.subarray(599_990))).toBe(0);
  });

  test("a missing file or a directory is a file error in one sentence", async () => {
    for (const [path, reason] of [
      [join(folder, "none"), "no such file or directory"],
      [folder, "it is a directory"],
    ] as const) {
      const error = await fileSource(path).then(
        () => undefined,
        (thrown: unknown) => thrown as CommandError,
      );
      expect(error).toBeInstanceOf(CommandError);
      expect([error?.exitCode, error?.message]).toEqual([EXIT_FILE, `Cannot read ${path}: ${reason}`]);
    }
  });

  test("a file that shrinks while it is sent is an error, not a short message", async () => {
    const path = join(folder, "shrinks");
    await writeFile(path, new Uint8Array(10));
    const source = await fileSource(path);
    await truncate(path, 4);
    const error = await collect(source.read(0)).then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    );
    expect(error?.message).toBe(`Cannot send ${path}: it became shorter while it was being read`);
  });
});
