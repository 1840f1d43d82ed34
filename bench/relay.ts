/**
 * `npm run bench:relay [-- bun deno node --docs]`: messages a second through the relay on each runtime, and through Kamailio with
 * one worker in the same run, over TCP and TLS. The relay has one core, the load generator (built here with gcc) another.
 *
 * Chunks of 64 KiB, which Kamailio cannot pass on, stand beside a raw pass-through proxy of the same runtime (over TCP).
 * A share stands for messages a second; a second one for what a processor would do that nobody else used.
 */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { freePort, untilListening } from "../tests/harness/poll.ts";
import { kamailioInstalled, startKamailioRelay } from "./relay_kamailio.ts";
import {
  family,
  generate as generateOnce,
  generator,
  generatorCore,
  identity,
  type Result,
  relayCore,
  relayFlags,
  run,
  type Started,
  startRelay,
} from "./relay_tools.ts";
import { commandFor, installed, type Runtime } from "./runtimes.ts";

const tries = Number(process.env["BENCH_TRIES"] ?? 3);

const cases: readonly (readonly [name: string, flags: readonly string[], kamailio: boolean])[] = [
  [
    "100 B, window 64",
    ["--size", "100", "--count", "100000", "--window", "64", "--failure-report", "yes"],
    true,
  ],
  [
    "100 B, pipelined",
    ["--size", "100", "--count", "100000", "--window", "64", "--failure-report", "yes", "--coalesce", "1"],
    true,
  ],
  [
    "64 KiB chunks",
    ["--size", "1048576", "--chunk", "65536", "--count", "1000", "--window", "16", "--failure-report", "yes"],
    false,
  ],
  [
    "5,000 messages/s",
    ["--size", "100", "--count", "10000", "--window", "0", "--rate", "5000", "--failure-report", "yes"],
    true,
  ],
];

const chunkFlags = cases[2]?.[1] ?? [];

const wanted = process.argv.slice(2).filter((word): word is Runtime => installed.includes(word as Runtime));
const pageHead = `# The relay beside Kamailio

Made by \`npm run bench:relay -- --docs\`; the same without \`--docs\` prints the table. Kamailio runs with one worker; the relay has
one core and the load generator another. Noise: load before the run ${loadavg()[0]?.toFixed(1)}; the middle of ${tries} runs counts.

Of messages of 100 octets and of 5,000 messages a second the share is that of Kamailio's rate in the same run, of chunks of 64 KiB, which
Kamailio cannot pass on, that of a raw pass-through proxy of the same runtime over TCP. A second share follows, of what a message
(the chunks: a message of 1 MiB) costs in processor time of the relay: it does not know what else ran. RSS is that at the end of the run.
`;
const rows: string[] = [];
/** What stands beside a case: Kamailio's result, or that of the raw proxy. */
const controls = new Map<string, Result>();

for (const tls of [false, true]) {
  if (kamailioInstalled)
    await measure("Kamailio", tls, (port) => startKamailioRelay(port, tls ? identity : undefined, relayCore));
  else console.log("Kamailio is not installed here: no figures of it");
  for (const runtime of wanted.length > 0 ? wanted : installed) {
    if (!tls) await measureProxy(runtime);
    await measure(runtime, tls, (port) => startRelay(runtime, port, tls));
  }
}
const table = `| relay | link | case | messages/s | MB/s | p50 ms | CPU us | RSS MiB | share |\n|---|---|---|---|---|---|---|---|---|\n${rows.join("\n")}\n`;
console.log(`\n${table}`);
if (process.argv.includes("--docs")) {
  const page = fileURLToPath(new URL("../docs/3.design/relay-benchmarks.md", import.meta.url));
  // What bench/relay_plugins.ts has written stays.
  const [, rest = ""] = readFileSync(page, "utf8").split(/^(?=## )/m);
  writeFileSync(page, `${pageHead}\n${table}${rest === "" ? "" : `\n${rest}`}`);
}

async function measure(name: string, tls: boolean, start: (port: number) => Started): Promise<void> {
  for (const [label, flags, forKamailio] of cases) {
    if (name === "Kamailio" && !forKamailio) continue;
    const results: Result[] = [];
    for (let attempt = 0; attempt < tries; attempt++) {
      const port = await freePort();
      const relay = start(port);
      await untilListening(port);
      const result = generate([...relayFlags(port, tls, relay.pid), ...flags]);
      await relay.stop();
      if (result.ok) results.push(result);
      else console.log(`${name}: ${label} failed: ${result.error}`);
    }
    const median = middle(results);
    if (median === undefined) continue;
    const control = controls.get(`${name} ${label}`) ?? controls.get(`Kamailio ${tls} ${label}`);
    if (name === "Kamailio") controls.set(`Kamailio ${tls} ${label}`, median);
    tell(name, tls ? "TLS" : "TCP", label, median, tls && label === "64 KiB chunks" ? undefined : control);
  }
}

/** The raw proxy between a sending and a receiving generator. */
async function measureProxy(runtime: Runtime): Promise<void> {
  const results: Result[] = [];
  for (let attempt = 0; attempt < tries; attempt++) {
    const [port, target] = [await freePort(), await freePort()];
    const uri = ["--tls", "0", "--to-uri", `msrp://127.0.0.1:${target}/x;tcp`];
    const [first = "", ...before] = [...generatorCore, generator];
    const sink = spawn(first, [...before, "sink", "--port", String(target), ...uri], { stdio: "ignore" });
    const sinkEnded = new Promise<void>((resolve) => sink.once("close", () => resolve()));
    await untilListening(target);
    const [program, args] = commandFor(runtime, "raw_proxy.ts", [String(port), String(target)]);
    const proxy = run([...relayCore, program, ...args]);
    await untilListening(port);
    const flags = ["--port", String(port), "--pid", family(proxy.pid), ...uri, ...chunkFlags];
    const result = generate(["direct", ...flags]);
    sink.kill("SIGKILL");
    await Promise.all([proxy.stop(), sinkEnded]);
    if (result.ok) results.push(result);
    else console.log(`raw proxy on ${runtime} failed: ${result.error}`);
  }
  const median = middle(results);
  if (median === undefined) return;
  controls.set(`${runtime} 64 KiB chunks`, median);
  tell(`raw proxy, ${runtime}`, "TCP", "64 KiB chunks", median, undefined);
}

/** The second of two runs: compilers of JavaScript need the first for what a relay does all day. */
function generate(flags: readonly string[]): Result {
  generateOnce(flags);
  return generateOnce(flags);
}

function middle(results: Result[]): Result | undefined {
  results.sort((a, b) => a.msgs_per_s - b.msgs_per_s);
  return results[Math.floor(results.length / 2)];
}

function tell(name: string, link: string, label: string, result: Result, control: Result | undefined): void {
  const { msgs_per_s, mb_per_s, delivery_us, server_cpu_us_per_msg, server_rss_kib } = result;
  const delivery = delivery_us === null ? "" : (delivery_us.p50 / 1000).toFixed(2);
  const paid = control?.server_cpu_us_per_msg ?? 0;
  const ofCost = paid > 0 ? ` (x${(paid / server_cpu_us_per_msg).toFixed(2)})` : "";
  const shares =
    control === undefined || control === result
      ? ""
      : `x${(msgs_per_s / control.msgs_per_s).toFixed(2)}${ofCost}`;
  const row = `| ${name} | ${link} | ${label} | ${Math.round(msgs_per_s)} | ${mb_per_s.toFixed(1)} | ${delivery} | ${server_cpu_us_per_msg.toFixed(1)} | ${Math.round(server_rss_kib / 1024)} | ${shares} |`;
  console.log(row);
  rows.push(row);
}
