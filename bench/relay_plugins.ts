/**
 * `npm run bench:plugins [-- bun deno node --docs]`: what plugins cost a relay. The command runs twice on each runtime, bare and
 * with the default set (AUTH and reports stand in both; content types, rate limits and metrics besides), and they take turns.
 *
 * Of each pair of rounds the ratios count, since other work on the machine disturbs both: of messages a second, and of what a
 * message costs the relay in processor time. The middle of all pairs is told.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { freePort, untilListening } from "../tests/harness/poll.ts";
import { folder, generate, relayFlags, type Started, startRelay } from "./relay_tools.ts";
import { installed, type Runtime } from "./runtimes.ts";

/** At least this share of the bare relay's messages is demanded. */
const leastShare = 0.85;
const rounds = Number(process.env["BENCH_ROUNDS"] ?? 9);
const warmRounds = 2;

const cases: readonly (readonly [name: string, flags: readonly string[]])[] = [
  ["100 B, window 64", ["--size", "100", "--count", "40000", "--window", "64"]],
  ["100 B, pipelined", ["--size", "100", "--count", "100000", "--window", "64", "--coalesce", "1"]],
  ["64 KiB chunks", ["--size", "1048576", "--chunk", "65536", "--count", "300", "--window", "16"]],
];

const perSecond = 1e9;
const limits = { messages: { perSecond, burst: perSecond }, bytes: { perSecond, burst: perSecond } };
const pluginFile = join(folder, "plugins.json");
writeFileSync(
  pluginFile,
  JSON.stringify({
    rateLimit: { perSession: limits, perUser: limits, perAddress: limits },
    contentFilter: { allow: ["text/*", "image/*", "application/octet-stream"], deny: ["text/html"] },
  }),
);

/** What one pair of rounds says: shares of the bare relay's rate, and of its processor time (1.1: a tenth more). */
interface Pair {
  readonly rate: number;
  readonly cost: number;
  readonly bareRate: number;
  readonly bareCost: number;
}

const wanted = process.argv.slice(2).filter((word): word is Runtime => installed.includes(word as Runtime));
const load = loadavg()[0]?.toFixed(1);
const rows: string[] = [];
let tooSlow = false;
for (const runtime of wanted.length > 0 ? wanted : installed) {
  const [barePort, fullPort] = [await freePort(), await freePort()];
  const bare = startRelay(runtime, barePort, false);
  const full = startRelay(runtime, fullPort, false, ["--plugins", pluginFile, "--metrics", "127.0.0.1:0"]);
  await Promise.all([untilListening(barePort), untilListening(fullPort)]);
  for (const [name, flags] of cases) {
    const pairs = measure([bare, barePort], [full, fullPort], ["--failure-report", "yes", ...flags]);
    const of = (what: keyof Pair): number => middle(pairs.map((pair) => pair[what]));
    // Of the two, the one that other work disturbed less: see above.
    const slow = of("rate") < leastShare && 1 / of("cost") < leastShare;
    tooSlow ||= slow;
    const row = `| ${runtime} | ${name} | ${Math.round(of("bareRate"))} | ${of("bareCost").toFixed(1)} | x${of("rate").toFixed(2)} | x${of("cost").toFixed(2)} |${slow ? " !" : ""}`;
    console.log(row);
    rows.push(row);
  }
  await Promise.all([bare.stop(), full.stop()]);
}

const table = `| runtime | case | bare: messages/s | bare: us of processor time a message | messages/s with plugins | processor time with plugins |\n|---|---|--:|--:|--:|--:|\n${rows.join("\n")}\n`;
console.log(`\n${table}`);
if (process.argv.includes("--docs")) writeSection();
if (tooSlow) {
  console.error(`The default set leaves less than ${leastShare} of the throughput (!)`);
  process.exitCode = 1;
}

function measure(bare: [Started, number], full: [Started, number], flags: readonly string[]): Pair[] {
  const once = ([{ pid }, port]: [Started, number]): ReturnType<typeof generate> => {
    const result = generate([...relayFlags(port, false, pid), ...flags]);
    if (!result.ok) throw new Error(`The relay failed: ${result.error}`);
    return result;
  };
  const pairs: Pair[] = [];
  for (let round = -warmRounds; round < rounds; round++) {
    const fullFirst = round % 2 === 0; // none has the better place
    const early = fullFirst ? once(full) : undefined;
    const without = once(bare);
    const withPlugins = early ?? once(full);
    if (round < 0) continue;
    pairs.push({
      rate: withPlugins.msgs_per_s / without.msgs_per_s,
      cost: withPlugins.server_cpu_us_per_msg / without.server_cpu_us_per_msg,
      bareRate: without.msgs_per_s,
      bareCost: without.server_cpu_us_per_msg,
    });
  }
  return pairs;
}

function middle(figures: number[]): number {
  figures.sort((a, b) => a - b);
  return figures[figures.length >> 1] as number;
}

/** Replaces the section of the page, or adds it. */
function writeSection(): void {
  const path = fileURLToPath(new URL("../docs/3.design/relay-benchmarks.md", import.meta.url));
  const heading = "## The default set of plugins in a relay";
  const text = readFileSync(path, "utf8");
  const [before = ""] = text.split(`\n${heading}`);
  const head = `Made by \`npm run bench:plugins -- --docs\`, over TCP; load before the run ${load}, the middle of ${rounds} pairs of rounds counts.
Both relays answer AUTH and pass reports on; the other one has \`rateLimit\` by session, user and address, \`contentFilter\` with types to
allow and to deny, and \`--metrics\`. At least x${leastShare} of the messages is demanded. Where the processor time says otherwise than the
rate, other work disturbed the rate.`;
  writeFileSync(path, `${before}\n${heading}\n\n${head}\n\n${table}`);
}
