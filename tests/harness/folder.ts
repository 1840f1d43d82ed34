// A folder for the files of one test file, or of one `describe`: made when it is asked for, gone when its tests have ended.
// What is in it never matters to anybody else.
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "#test";

/** Makes the folder; call it where a hook could stand. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "msrpkit-test-"));
  afterAll(() => rm(folder, { recursive: true }));
  return folder;
}
