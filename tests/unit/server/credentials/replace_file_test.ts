// Rewriting a file: whole or not at all, with its mode, through links, and one writer at a time.
import { chmod, lstat, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "#test";
import { replaceFile } from "../../../../server/credentials/replace_file.ts";
import { StoreError } from "../../../../server/credentials/store.ts";
import { testFolder } from "../../../harness/folder.ts";

describe("replaceFile()", () => {
  const folder = testFolder();

  test("makes a file for its owner only, and keeps the mode of one that is there", async () => {
    const path = join(folder, "mode");
    expect(await replaceFile(path, (text) => `${text}one`)).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await chmod(path, 0o640);
    expect(await replaceFile(path, (text) => `${text}, two`)).toBe(true);
    expect(await readFile(path, "utf8")).toBe("one, two");
    expect((await stat(path)).mode & 0o777).toBe(0o640);
  });

  test("leaves no trace of itself, done or not", async () => {
    const path = join(folder, "trace");
    await writeFile(path, "old");
    expect(await replaceFile(path, () => undefined)).toBe(false);
    await expect(
      replaceFile(path, () => {
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    expect(await readFile(path, "utf8")).toBe("old");
    expect((await readdir(folder)).filter((name) => name.startsWith("trace"))).toEqual(["trace"]);
  });

  test("replaces what a link points to, and the link stays", async () => {
    const [path, link] = [join(folder, "target"), join(folder, "link")];
    await writeFile(path, "old");
    await symlink(path, link);
    await replaceFile(link, () => "new");
    expect(await readFile(path, "utf8")).toBe("new");
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
  });

  test("writers take turns: none undoes another", async () => {
    const path = join(folder, "turns");
    await writeFile(path, "");
    const names = Array.from({ length: 8 }, (_, index) => `w${index}`);
    await Promise.all(names.map((name) => replaceFile(path, (text) => `${text}${name}\n`)));
    expect((await readFile(path, "utf8")).trim().split("\n").sort()).toEqual(names);
  });

  test("a lock that nobody gives back is named after a while", async () => {
    const path = join(folder, "locked");
    await writeFile(path, "old");
    await writeFile(`${path}.lock`, "1\n");
    await expect(replaceFile(path, () => "new", 100)).rejects.toThrow(StoreError);
    await expect(replaceFile(path, () => "new", 0)).rejects.toThrow("locked.lock is held");
    expect(await readFile(path, "utf8")).toBe("old");
  });
});
