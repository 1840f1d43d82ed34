/**
 * `npm run bench:relay [-- bun deno node --docs]`: messages a second through the relay on each runtime, and through Kamailio with
 * one worker in the same run, over TCP and TLS. The relay has one core, the load generator (built here with gcc) another.
 *
 * Chunks of 64 KiB, which Kamailio cannot pass on, stand beside a raw pass-through proxy of the same runtime (over TCP).
 * A share stands for messages a second; a second one for what a processor would do that nobody else used.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { hashPassword } from "../core/mod.ts";
import { makeSelfSigned } from "../server/certificate.ts";
import { kamailioInstalled, startKamailioRelay } from "./relay_kamailio.ts";
import { commandFor, installed, type Runtime } from "./runtimes.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "msrpkit-bench-relay-"));
const domain = "relay.test";
const tries = Number(process.env["BENCH_TRIES"] ?? 3);
const pinned = availableParallelism() > 1 && spawnSync("taskset", ["-V"]).status === 0;
// Ahead of whatever else the machine does, where that is permitted.
const ahead = spawnSync("nice", ["-n", "-15", "true"]).status === 0 ? ["nice", "-n", "-15"] : [];
const relayCore = pinned ? [...ahead, "taskset", "-c", "0"] : ahead;
const generatorCore = pinned ? [...ahead, "taskset", "-c", "1"] : ahead;

interface Result {
  readonly ok: boolean;
  readonly error: string | null;
  readonly msgs_per_s: number;
  readonly mb_per_s: number;
  readonly delivery_us: { readonly p50: number } | null;
  readonly server_cpu_us_per_msg: number;
  readonly server_rss_kib: number;
}

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

const generator = buildGenerator();
const identity = await makeSelfSigned([domain]);
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
  writeFileSync(page, `${pageHead}\n${table}`);
}
rmSync(folder, { recursive: true, force: true });

async function measure(
  name: string,
  tls: boolean,
  start: (port: number) => { readonly pid: number; stop(): Promise<void> },
): Promise<void> {
  for (const [label, flags, forKamailio] of cases) {
    if (name === "Kamailio" && !forKamailio) continue;
    const results: Result[] = [];
    for (let attempt = 0; attempt < tries; attempt++) {
      const port = await freePort();
      const relay = start(port);
      await listening(port);
      const connection = [
        "--port",
        String(port),
        "--tls",
        tls ? "1" : "0",
        "--domain",
        domain,
        "--pid",
        family(relay.pid),
      ];
      const result = generate(["msgs", "--auth", "recv", ...connection, ...flags]);
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
    await listening(target);
    const [program, args] = commandFor(runtime, "raw_proxy.ts", [String(port), String(target)]);
    const proxy = run([...relayCore, program, ...args]);
    await listening(port);
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
  const [first = "", ...before] = [...generatorCore, generator];
  const once = (): string =>
    spawnSync(first, [...before, ...flags], { encoding: "utf8", timeout: 120_000 }).stdout;
  once();
  return JSON.parse(once()) as Result;
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

/** A process and its children, as the generator wants them: Kamailio's workers do what their parent is asked for. */
function family(pid: number): string {
  const children = spawnSync("pgrep", ["-P", String(pid)], { encoding: "utf8" }).stdout ?? "";
  return [String(pid), ...children.split("\n").filter((line) => line !== "")].join(",");
}

function buildGenerator(): string {
  const path = join(folder, "loadgen");
  const source = join(root, "bench/loadgen/loadgen.c");
  const built = spawnSync("gcc", ["-O2", "-Wall", "-o", path, source, "-lssl", "-lcrypto"], {
    encoding: "utf8",
  });
  if (built.status !== 0 || !existsSync(path))
    throw new Error(`The load generator does not build: ${built.stderr}`);
  return path;
}

function startRelay(runtime: Runtime, port: number, tls: boolean): { pid: number; stop(): Promise<void> } {
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const hashes = Object.values(hashPassword("bob", domain, "1234"));
  const config = {
    domains: [domain],
    listen: [`${tls ? "msrps" : "msrp"}://127.0.0.1:${port};tcp`],
    users: file("users", `${hashes.map((ha1) => `bob:${domain}:${ha1}`).join("\n")}\n`),
    cert: file("cert.pem", identity.cert),
    key: file("key.pem", identity.key),
    development: { plainAuth: true },
  };
  const [program, args] = commandFor(runtime, "../server/bin.ts", [
    "relay",
    "--config",
    file("relay.json", JSON.stringify(config)),
  ]);
  return run([...relayCore, program, ...args]);
}

function run([first = "", ...rest]: readonly string[]): { pid: number; stop(): Promise<void> } {
  const child = spawn(first, rest, { stdio: "ignore", cwd: root });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

async function listening(port: number): Promise<void> {
  const end = performance.now() + 20_000;
  while (performance.now() < end) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (open) return;
    await new Promise<void>((next) => {
      setTimeout(next, 50);
    });
  }
  throw new Error(`Nothing listens on port ${port}`);
}
