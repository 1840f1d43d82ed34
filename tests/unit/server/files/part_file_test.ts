// Incomplete files: octets at their positions, a journal that survives, an end in one step that replaces nothing.
// Real files in a temporary folder; "another process" is a second object over the same files.
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "#test";
import { PartFile, type PartInfo, readJournal } from "../../../../server/files/part_file.ts";
import { testFolder } from "../../../harness/folder.ts";

const root = testFolder();
let count = 0;

const info: PartInfo = { messageId: "mid.1", name: "cat.txt", contentType: "text/plain", total: 6 };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function folder(): Promise<string> {
  return await mkdtemp(join(root, `${count++}-`));
}

describe("PartFile", () => {
  test("RFC 4975 §7.3.1: octets in any order make the file, which appears when complete", async () => {
    const at = await folder();
    const part = PartFile.create(at, info);
    part.write(3, bytes("def"));
    part.write(0, bytes("abc"));
    expect((await readdir(at)).sort()).toEqual(["cat.txt.part", "cat.txt.part.json"]);
    const path = await part.complete(6);
    expect([path, await readFile(path, "utf8")]).toEqual([join(at, "cat.txt"), "abcdef"]);
    expect(await readdir(at)).toEqual(["cat.txt"]);
  });

  test("an existing file is never replaced, and neither is another transfer of the same name", async () => {
    const at = await folder();
    await writeFile(join(at, "cat.txt"), "mine");
    const [first, second] = [PartFile.create(at, info), PartFile.create(at, info)];
    first.write(0, bytes("first!"));
    second.write(0, bytes("second"));
    const paths = [await first.complete(6), await second.complete(6)];
    expect(paths).toEqual([join(at, "cat (1).txt"), join(at, "cat (2).txt")]);
    const contents = await Promise.all([join(at, "cat.txt"), ...paths].map((path) => readFile(path, "utf8")));
    expect(contents).toEqual(["mine", "first!", "second"]);
  });

  test("RFC 4975 §5.4: what was kept is there when the message is resumed", async () => {
    const at = await folder();
    const part = PartFile.create(at, info);
    part.write(0, bytes("ab"));
    part.write(4, bytes("e"));
    const kept = await part.keep();
    const again = PartFile.reopen(`${kept}.json`);
    if (again === undefined) throw new Error("not reopened");
    expect([again.info, [...again.received], again.size]).toEqual([
      info,
      [
        { start: 1, end: 2 },
        { start: 5, end: 5 },
      ],
      3,
    ]);
    again.write(2, bytes("cd"));
    again.write(5, bytes("f"));
    expect(await readFile(await again.complete(6), "utf8")).toBe("abcdef");
  });

  test("a journal that promises more than the file holds is cut down to the file", async () => {
    const at = await folder();
    const part = PartFile.create(at, info);
    part.write(0, bytes("abcd"));
    const kept = await part.keep();
    await writeFile(kept, "ab");
    const again = PartFile.reopen(`${kept}.json`);
    expect([...(again?.received ?? [])]).toEqual([{ start: 1, end: 2 }]);
    await again?.discard();
    expect(await readdir(at)).toEqual([]);
  });

  test("an octet that is sent again replaces the earlier one, and a longer tail is cut off", async () => {
    const at = await folder();
    const part = PartFile.create(at, { ...info, total: undefined });
    part.write(0, bytes("abcdefgh"));
    part.write(2, bytes("XY"));
    expect(await readFile(await part.complete(5), "utf8")).toBe("abXYe");
  });

  test("journals that nobody of us wrote are refused", async () => {
    const at = await folder();
    const good = { msrpkitPart: 1, ...info, received: [[1, 2]] };
    const bad: unknown[] = [
      "no json",
      null,
      { ...good, msrpkitPart: 2 },
      { ...good, name: "../x" },
      { ...good, total: 1.5 },
      { ...good, received: [[0, 2]] },
      { ...good, received: ["x"] },
      { ...good, messageId: 7 },
    ];
    for (const [index, value] of bad.entries()) {
      const path = join(at, `${index}.json`);
      await writeFile(path, typeof value === "string" ? value : JSON.stringify(value));
      expect([index, readJournal(path)]).toEqual([index, undefined]);
      expect(PartFile.reopen(path)).toBe(undefined);
    }
    await writeFile(join(at, "good.json"), JSON.stringify(good));
    expect(readJournal(join(at, "good.json"))?.messageId).toBe("mid.1");
  });
});
