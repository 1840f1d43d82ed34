// Endpoints on two runtimes exchange texts and files through relays on the third, one relay and two with mutual TLS, both ways at
// once in one session. Files are 64 MiB, and 1 GiB with RELAY_GIGABYTES=1; they are full of what looks like the end of a chunk.
import { createHash } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "#test";
import { installed, type RunningCommand, type RuntimeName, start } from "../support/command.ts";
import { type LookAlikes, writeLookAlikes } from "../support/look_alikes.ts";
import type { EndpointOrder, EndpointPlan } from "../support/relay_endpoint.ts";
import { authorities, folder, launchRelays, type TestRelay } from "../support/relays.ts";

const MIB = 1_048_576;
const limitBytes = 150 * MIB;
const bytes = (Number(process.env["RELAY_GIGABYTES"]) || 1 / 16) * 1024 * MIB;
const large = join(folder, "large.bin");
const small = join(folder, "small.bin");
const caFile = join(folder, "endpoints-ca.pem");
const text = "Grüße, MSRP ☃\r\n-------abcd1234$\r\n";
const written: LookAlikes[] = [];

const trios: readonly (readonly [RuntimeName, RuntimeName, relay: RuntimeName])[] = [
  ["bun", "deno", "node"],
  ["deno", "node", "bun"],
  ["node", "bun", "deno"],
];

const mebibytes = (command: RunningCommand): string =>
  ((command.peakMemoryBytes() ?? Number.NaN) / MIB).toFixed(0);

/** Sends what both are told, and waits until both have got it; they have had `before` messages. */
async function exchange(
  ends: readonly RunningCommand[],
  orders: readonly EndpointOrder[],
  before: number,
): Promise<{ got: Record<string, unknown>[]; slowest: number }> {
  for (const end of ends) for (const order of orders) end.write(`${JSON.stringify(order)}\n`);
  return await Promise.race([endOfOne(ends), results(ends, orders, before)]);
}

/** Rejects when one of them ends: it says why, where the other one only hears that it is gone. */
async function endOfOne(ends: readonly RunningCommand[]): Promise<never> {
  const { stdout, stderr } = await Promise.race(ends.map(({ ended }) => ended));
  throw new Error(`An endpoint has ended:\n${stdout}\n${stderr}`);
}

/** One file from one to the other: its hash there, and how long it took. */
async function transfer(
  from: RunningCommand,
  to: RunningCommand,
  file: string,
): Promise<readonly [sha256: unknown, ms: number]> {
  from.write(`${JSON.stringify({ file })}\n`);
  const arrived = async () =>
    [(await to.event("received"))["sha256"], Number((await from.event("delivered"))["ms"])] as const;
  return await Promise.race([endOfOne([from, to]), arrived()]);
}

async function results(
  ends: readonly RunningCommand[],
  orders: readonly EndpointOrder[],
  before: number,
): Promise<{ got: Record<string, unknown>[]; slowest: number }> {
  const got: Record<string, unknown>[] = [];
  let slowest = 0;
  for (const end of ends) {
    for (let nth = before + 1; nth <= before + orders.length; nth++) {
      got.push(await end.event("received", nth));
      slowest = Math.max(slowest, Number((await end.event("delivered", nth))["ms"]));
    }
  }
  return { got, slowest };
}

beforeAll(async () => {
  writeFileSync(caFile, authorities);
  written.push(await writeLookAlikes(small, 100_001, 7), await writeLookAlikes(large, bytes, 8));
});
afterAll(() => {
  for (const path of [small, large, caFile]) rmSync(path);
});

for (const [one, other, relayed] of trios) {
  if (![one, other, relayed].every((runtime) => installed.includes(runtime))) continue;
  describe(`${one} and ${other} through relays on ${relayed}`, () => {
    let relays: TestRelay[] = [];
    beforeAll(async () => {
      relays = await launchRelays(relayed);
    });
    afterAll(async () => {
      for (const { command } of relays) await command.stop("SIGKILL");
    });

    const endpoint = (runtime: RuntimeName, at: number, more: Partial<EndpointPlan>): RunningCommand => {
      const { domain, port } = relays[at] as TestRelay;
      const plan: EndpointPlan = { relay: `msrps://${domain}:${port};tcp`, caFile, ...more };
      return start(runtime, [JSON.stringify(plan)], { program: "tests/support/relay_endpoint.ts" });
    };

    /** Two endpoints with a session; the second one is behind the second relay. */
    async function session(chained: boolean, more: Partial<EndpointPlan> = {}): Promise<RunningCommand[]> {
      const callee = endpoint(other, 1, more);
      const { path } = await callee.event("listening");
      const caller = endpoint(one, chained ? 0 : 1, { to: path as string[] });
      await Promise.all([caller, callee].map((end) => end.event("connected")));
      return [caller, callee];
    }

    function expectLittleMemory(): void {
      for (const { command } of relays) {
        const peak = command.peakMemoryBytes();
        if (peak === undefined && process.platform !== "linux") continue;
        expect(peak ?? Number.NaN).toBeLessThan(limitBytes);
      }
    }

    for (const chained of [false, true]) {
      const through = chained ? "two relays with mutual TLS" : "one relay";
      test(`texts, binary and ${bytes / MIB} MiB through ${through}, both ways, arrive as they were sent [4976-6.4.1-32]`, async () => {
        const ends = await session(chained);
        const short = await exchange(ends, [{ text }, { file: small }], 0);
        const hash = createHash("sha256").update(text).digest("hex");
        const content = ["text/plain;charset=utf-8", "application/octet-stream"];
        const both = [hash, written[0]?.sha256];
        expect(short.got.map(({ sha256 }) => sha256)).toEqual([...both, ...both]);
        expect(short.got.map(({ contentType }) => contentType)).toEqual([...content, ...content]);
        let before = 2;
        for (const chunkBytes of [undefined, 65_536]) {
          const { got, slowest } = await exchange(
            ends,
            [{ file: large, ...(chunkBytes && { chunkBytes }) }],
            before++,
          );
          for (const { sha256, bytes: count } of got)
            expect([sha256, count]).toEqual([written[1]?.sha256, bytes]);
          const rate = ((2 * bytes) / 1000 / slowest).toFixed(0);
          const peaks = relays.map(({ command }) => mebibytes(command)).join(" and ");
          process.stderr.write(
            `${one} and ${other}: ${through} on ${relayed}, ${chunkBytes ?? "one chunk"}: ${rate} MB/s, peaks of relays ${peaks} MiB, of endpoints ${ends.map(mebibytes).join(" and ")} MiB\n`,
          );
        }
        expectLittleMemory();
        for (const end of ends) end.endInput();
        expect((await Promise.all(ends.map(({ ended }) => ended))).map(({ code }) => code)).toEqual([0, 0]);
      }, 1_200_000);
    }

    test("a receiver that reads 2 MB/s behind two relays slows its sender, and neither a session beside it nor the memory [4976-6.4.1-33]", async () => {
      const slow = join(folder, `slow-${relayed}.bin`);
      const { sha256 } = await writeLookAlikes(slow, 20_000_000, 9);
      const [other] = await session(true);
      const beside = async (nth: number): Promise<number> => {
        other?.write(`${JSON.stringify({ text })}\n`);
        return Number((await other?.event("delivered", nth))?.["ms"]);
      };
      await beside(1);
      const [caller, callee] = (await session(true, { readRate: 2_000_000 })) as [
        RunningCommand,
        RunningCommand,
      ];
      let done = false;
      const slowed = transfer(caller, callee, slow).finally(() => {
        done = true;
      });
      const times: number[] = [];
      while (!done) times.push(await beside(times.length + 2));
      const [hash, ms] = await slowed;
      expect([hash, ms > 4000]).toEqual([sha256, true]);
      times.sort((one, next) => one - next);
      expect([times.length > 10, times[times.length >> 1]! < 500]).toEqual([true, true]);
      expectLittleMemory();
      for (const end of [caller, callee, other]) await end?.stop("SIGKILL");
    }, 120_000);
  });
}
