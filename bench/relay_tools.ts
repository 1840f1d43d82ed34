/**
 * What benchmarks of relays share: the load generator, built with gcc, and processes of which each has a core of its own where
 * there are two. Relays are started as users start them, by the command.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { hashPassword } from "../core/mod.ts";
import { makeSelfSigned } from "../server/certificate.ts";
import { commandFor, type Runtime } from "./runtimes.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

/** Files of this run; gone when the process ends. */
export const folder: string = mkdtempSync(join(tmpdir(), "msrpkit-bench-relay-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

/** The relay's domain: the generator's user `bob` (password `1234`) belongs to it. */
export const domain = "relay.test";

const pinned = availableParallelism() > 1 && spawnSync("taskset", ["-V"]).status === 0;
// Ahead of whatever else the machine does, where that is permitted.
const ahead = spawnSync("nice", ["-n", "-15", "true"]).status === 0 ? ["nice", "-n", "-15"] : [];

/** Words before a relay's command. */
export const relayCore: readonly string[] = pinned ? [...ahead, "taskset", "-c", "0"] : ahead;
/** Words before the generator's command. */
export const generatorCore: readonly string[] = pinned ? [...ahead, "taskset", "-c", "1"] : ahead;

/** Path of the generator. */
export const generator: string = buildGenerator();
/** Certificate and key of the relay. */
export const identity: { readonly cert: string; readonly key: string } = await makeSelfSigned([domain]);

/** What the generator tells. */
export interface Result {
  readonly ok: boolean;
  readonly error: string | null;
  readonly msgs_per_s: number;
  readonly mb_per_s: number;
  readonly delivery_us: { readonly p50: number } | null;
  readonly server_cpu_us_per_msg: number;
  readonly server_rss_kib: number;
}

/** A process that was started here. */
export interface Started {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Runs the generator once. */
export function generate(flags: readonly string[]): Result {
  return generateAny<Result>(flags);
}

/** Runs the generator once in any of its modes. */
export function generateAny<T>(flags: readonly string[]): T {
  const [first = "", ...before] = [...generatorCore, generator];
  const run = spawnSync(first, [...before, ...flags], { encoding: "utf8", timeout: 120_000 });
  return JSON.parse(run.stdout) as T;
}

/** Flags of the generator for a relay. */
export function relayFlags(port: number, tls: boolean, pid: number): string[] {
  const link = ["--port", String(port), "--tls", tls ? "1" : "0"];
  return ["msgs", "--auth", "recv", ...link, "--domain", domain, "--pid", family(pid)];
}

/** A process and its children, as the generator wants them: Kamailio's workers do what their parent is asked for. */
export function family(pid: number): string {
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

/** The relay as users start it; `more` are further arguments. */
export function startRelay(
  runtime: Runtime,
  port: number,
  tls: boolean,
  more: readonly string[] = [],
  limits: Readonly<Record<string, number>> = {},
  listen: readonly string[] = [],
): Started {
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const hashes = Object.values(hashPassword("bob", domain, "1234"));
  const config = {
    domains: [domain],
    listen: [`${tls ? "msrps" : "msrp"}://127.0.0.1:${port};tcp`, ...listen],
    users: file("users", `${hashes.map((ha1) => `bob:${domain}:${ha1}`).join("\n")}\n`),
    cert: file("cert.pem", identity.cert),
    key: file("key.pem", identity.key),
    development: { plainAuth: true },
    limits,
  };
  const [program, args] = commandFor(runtime, "../server/bin.ts", [
    "relay",
    "--config",
    file(`relay-${port}.json`, JSON.stringify(config)),
    ...more,
  ]);
  // What the package has for Node is JavaScript; compiling TypeScript takes tens of megabytes.
  const built = process.env["BENCH_DIST"];
  if (runtime === "node" && built !== undefined)
    return run([...relayCore, program, join(built, "server/bin.js"), ...args.slice(args.indexOf("relay"))]);
  return run([...relayCore, program, ...args]);
}

/** Starts a process that says nothing. */
export function run([first = "", ...rest]: readonly string[]): Started {
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
