// One scan with its limits: every trouble of the scanner becomes a finding.
// The clock is that of the test.
import { describe, expect, test } from "#test";
import { FakeClock, settle } from "../../../adapters/memory.ts";
import type { PluginHost } from "../../../core/mod.ts";
import { type ContentScan, VirusScan } from "../../../plugins/_virus_scan.ts";

function setup(scan: Partial<ContentScan>, onFailure: "refuse" | "pass" = "refuse") {
  const clock = new FakeClock();
  const errors: string[] = [];
  const calls: string[] = [];
  const host: PluginHost = {
    now: () => clock.now(),
    setTimer: (callback, delayMs) => clock.setTimer(callback, delayMs),
    error: (error) => void errors.push((error as Error).message),
  };
  const whole: ContentScan = {
    write: (bytes) => void calls.push(`write ${bytes.length}`),
    finish: async () => ({ infected: false }),
    abort: () => void calls.push("abort"),
    ...scan,
  };
  const options = { scanner: { open: () => whole }, timeoutMs: 100, maxBytes: 10, onFailure };
  return { clock, errors, calls, scan: new VirusScan(options, host) };
}

describe("a virus scan", () => {
  test("clean and infected", async () => {
    const clean = setup({});
    expect(clean.scan.write(new Uint8Array(10))).toBe(undefined);
    expect(await clean.scan.verdict()).toBe(undefined);
    expect(clean.clock.pending).toBe(0);
    const bad = setup({ finish: async () => ({ infected: true, name: "Eicar" }) });
    expect(await bad.scan.verdict()).toEqual({ rule: "virus", status: 403, detail: "Eicar" });
  });

  test("too large: 413 at once, and no more is written", async () => {
    const { scan, calls } = setup({});
    scan.write(new Uint8Array(10));
    expect(scan.doomed).toBe(undefined);
    scan.write(new Uint8Array(1));
    expect(scan.doomed).toEqual({ rule: "scanner", status: 413, detail: "too large to scan" });
    scan.write(new Uint8Array(1));
    expect(calls).toEqual(["write 10", "abort"]);
    const lax = setup({}, "pass");
    lax.scan.write(new Uint8Array(11));
    expect([lax.scan.doomed, (await lax.scan.verdict())?.status]).toEqual([undefined, 200]);
  });

  test("a write, or a verdict, that does not come in time", async () => {
    const stuck = setup({ write: () => new Promise(() => undefined) });
    const written = stuck.scan.write(new Uint8Array(1));
    await stuck.clock.advance(100);
    await written;
    expect([stuck.scan.doomed?.detail, stuck.calls]).toEqual(["scanner failed", ["abort"]]);
    const silent = setup({ finish: () => new Promise(() => undefined) });
    const verdict = silent.scan.verdict();
    await silent.clock.advance(100);
    expect([(await verdict)?.status, silent.calls, silent.errors]).toEqual([
      403,
      ["abort"],
      ["The scanner did not answer within 100 ms"],
    ]);
  });

  test("a scanner that throws or rejects", async () => {
    const fault = (): never => {
      throw new Error("broken");
    };
    const late = (): Promise<never> => Promise.reject(new Error("late"));
    for (const scan of [{ write: fault }, { write: late }, { finish: late }, { finish: fault }]) {
      const { scan: one, errors } = setup(scan, "pass");
      await one.write(new Uint8Array(1));
      expect((await one.verdict())?.detail).toBe("scanner failed");
      await settle();
      expect(errors.length).toBe(1);
    }
    const { scan, errors } = setup({ abort: fault });
    scan.abort();
    scan.abort();
    expect([errors, (await scan.verdict())?.detail]).toEqual([["broken"], "scan aborted"]);
  });
});
