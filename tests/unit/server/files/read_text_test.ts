// Files that an operator names: their text, their JSON, and the sentence and status when there is none.
// A folder of its own holds them.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "#test";
import { CommandError } from "../../../../server/cli/command_error.ts";
import { EXIT_FILE, EXIT_USAGE } from "../../../../server/exit_codes.ts";
import { readJson, readText } from "../../../../server/files/read_text.ts";
import { testFolder } from "../../../harness/folder.ts";

const folder = testFolder();

async function failure(work: Promise<unknown>): Promise<[status: number, message: string]> {
  const thrown = await work.catch((error: unknown) => error);
  if (!(thrown instanceof CommandError)) throw new Error(`No CommandError: ${thrown}`);
  return [thrown.exitCode, thrown.message];
}

describe("files that an operator names", () => {
  test("are read as UTF-8, or as JSON", async () => {
    const path = join(folder, "good.json");
    await writeFile(path, '{"name":"Zoë"}');
    expect(await readText(path)).toBe('{"name":"Zoë"}');
    expect(await readJson(path)).toEqual({ name: "Zoë" });
  });

  test("one that cannot be read is a failure of the file, with its path and the reason", async () => {
    const path = join(folder, "none");
    const told = [EXIT_FILE, `Cannot read ${path}: no such file or directory`];
    expect(await failure(readText(path))).toEqual(told);
    expect(await failure(readJson(path))).toEqual(told);
    expect(await failure(readText(folder))).toEqual([EXIT_FILE, `Cannot read ${folder}: it is a directory`]);
  });

  test("one that is no JSON is wrong usage", async () => {
    const path = join(folder, "bad.json");
    await writeFile(path, '{"name":');
    expect(await failure(readJson(path))).toEqual([EXIT_USAGE, `Cannot use ${path}: it is no JSON`]);
  });
});
