// The version that the command prints must be the package's.
// It is a constant in the sources, so only this test notices a release that forgot it.

import { readFile } from "node:fs/promises";
import { expect, test } from "#test";
import { VERSION } from "../../../server/version.ts";

test("`msrpkit --version` prints the version of package.json", async () => {
  const manifest = JSON.parse(await readFile(new URL("../../../package.json", import.meta.url), "utf8"));
  expect(VERSION).toBe(manifest.version);
});
