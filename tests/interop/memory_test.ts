// `msrpkit receive` takes 1 GiB into a folder with flat memory, on each runtime.
// The figure is the peak of resident memory that the kernel kept for the receiving process.
import { mkdtemp, open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "#test";
import { asInstalled } from "../support/built_command.ts";
import { installed, run, start } from "../support/command.ts";

const GIBIBYTE = 1_073_741_824;
const LIMIT_BYTES = 150 * 1024 * 1024;

describe("memory of msrpkit receive", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "msrpkit-memory-"));
    const file = await open(join(folder, "large.bin"), "w");
    await file.truncate(GIBIBYTE);
    await file.close();
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  for (const runtime of installed) {
    test(`1 GiB into a folder on ${runtime} stays under 150 MiB`, async () => {
      const out = join(folder, runtime);
      const receive = start(
        runtime,
        ["receive", "--listen", "msrp://127.0.0.1:0;tcp", "--out", out, "--json"],
        asInstalled(runtime),
      );
      const uri = String((await receive.event("listening"))["uri"]);
      const sent = await run(runtime, ["send", "--to", uri, "--file", join(folder, "large.bin"), "--json"]);
      expect([sent.code, sent.stderr]).toEqual([0, ""]);
      const received = await receive.event("received");
      const peak = receive.peakMemoryBytes() ?? Number.NaN;
      process.stderr.write(`${runtime}: peak of msrpkit receive ${(peak / 1048576).toFixed(1)} MiB\n`);
      expect((await stat(String(received["path"]))).size).toBe(GIBIBYTE);
      expect((await receive.stop()).code).toBe(0);
      expect(peak < LIMIT_BYTES).toBe(true);
      await rm(out, { recursive: true });
    }, 240_000);
  }
});
