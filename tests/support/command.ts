// Runs the command `msrpkit` of this checkout as a child process of any runtime, and reads what it prints.
// Children that a test leaves behind are ended with the test process.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** A runtime that can run the command. */
export type RuntimeName = "bun" | "deno" | "node";

/** The root of this checkout. */
export const root: string = fileURLToPath(new URL("../../", import.meta.url));

/** The runtime that runs this test. */
export const ownRuntime: RuntimeName = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno" : "node";

/** Whether the programs that were looked for start. */
const startable: Map<string, boolean> = new Map();

/** The runtimes found on this machine, in a fixed order; each one that is missing is named on standard error. */
export const installed: readonly RuntimeName[] = (["bun", "deno", "node"] as const).filter((runtime) => {
  const found =
    executable(runtime) !== undefined && (runtime !== "node" || existsSync(`${root}node_modules/tsx`));
  if (!found) process.stderr.write(`tests of the command leave ${runtime} out: it is not installed here\n`);
  return found;
});

/** What became of a child process. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One running command. */
export class RunningCommand {
  readonly #child: ChildProcess;
  readonly #waiting: Set<() => void> = new Set();
  #stdout = "";
  #stderr = "";
  #closed = false;
  /** Settles when the process has ended and everything it printed was read. */
  readonly ended: Promise<Ended>;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#wake();
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.#wake();
    });
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        this.#closed = true;
        this.#wake();
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
    // Whoever awaits it hears of the error; nobody else needs to.
    this.ended.catch(() => undefined);
  }

  /** Everything printed to standard output so far. */
  get stdout(): string {
    return this.#stdout;
  }

  /** Everything printed to standard error so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Waits until standard output or error matches; rejects with all output when the process ends before. */
  async waitFor(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#stdout) ?? pattern.exec(this.#stderr);
      if (match !== null) return match;
      if (this.#closed) {
        throw new Error(`The command ended without ${pattern}:\n${this.#stdout}\n${this.#stderr}`);
      }
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
    }
  }

  /** Waits for the JSON line of an event, the `nth` of its name from 1. */
  async event(name: string, nth = 1): Promise<Record<string, unknown>> {
    for (;;) {
      const found = eventsOf(this.#stdout).filter((event) => event["event"] === name);
      const event = found[nth - 1];
      if (event !== undefined) return event;
      if (this.#closed) {
        throw new Error(`The command ended without event "${name}":\n${this.#stdout}\n${this.#stderr}`);
      }
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
    }
  }

  /** Writes to the command's standard input. */
  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Ends the command's standard input. */
  endInput(): void {
    this.#child.stdin?.end();
  }

  /** Reads its standard output no more, as a pipe whose reader has ended. */
  closeOutput(): void {
    this.#child.stdout?.destroy();
  }

  /** Sends a signal that does not end it. */
  signal(signal: NodeJS.Signals): void {
    if (!this.#closed && this.#child.pid !== undefined) process.kill(this.#child.pid, signal);
  }

  /** Sends a signal and waits for the end. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Ended> {
    // Not child.kill(): after it Deno tells no exit status, even of a process that ended by itself.
    try {
      if (!this.#closed && this.#child.pid !== undefined) process.kill(this.#child.pid, signal);
    } catch {
      // It has ended by itself a moment ago.
    }
    return await this.ended;
  }

  /** Most memory that the process has had resident, in octets (Linux only; undefined elsewhere or when it has ended). */
  peakMemoryBytes(): number | undefined {
    return this.#memory("VmHWM");
  }

  /** Memory that it has resident now, likewise. */
  memoryBytes(): number | undefined {
    return this.#memory("VmRSS");
  }

  #memory(field: string): number | undefined {
    try {
      const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
      return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024;
    } catch {
      return undefined;
    }
  }

  #wake(): void {
    for (const resolve of [...this.#waiting]) {
      this.#waiting.delete(resolve);
      resolve();
    }
  }
}

const running: Set<ChildProcess> = new Set();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** How a command is started. */
export interface StartOptions {
  /** @default the checkout */
  readonly cwd?: string;
  /** Variables besides those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Another program of this checkout to start. @default "server/bin.ts" */
  readonly program?: string;
  /** JavaScript to start instead of the sources, as in an installed package. */
  readonly built?: string;
  /** Files and sockets that it may have open. @default what this process may */
  readonly openFiles?: number;
}

/** Starts `msrpkit` with these arguments on a runtime. */
export function start(
  runtime: RuntimeName,
  args: readonly string[],
  options: StartOptions = {},
): RunningCommand {
  const line = commandLine(runtime, args, options);
  const limited = ["sh", "-c", `ulimit -n ${options.openFiles}; exec "$@"`, "sh", ...line];
  const [command = "", ...rest] = options.openFiles === undefined ? line : limited;
  const child = spawn(command, rest, {
    cwd: options.cwd ?? root,
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", ...options.env },
  });
  running.add(child);
  child.once("close", () => running.delete(child));
  return new RunningCommand(child);
}

/** Program and arguments that `start` runs. */
export function commandLine(
  runtime: RuntimeName,
  args: readonly string[],
  { built, program = "server/bin.ts" }: StartOptions = {},
): string[] {
  const path = executable(runtime);
  if (path === undefined) throw new Error(`${runtime} is not installed here`);
  const before = built !== undefined && runtime === "node" ? [] : runtimeArguments(runtime);
  return [path, ...before, built ?? join(root, program), ...args];
}

/** Runs `msrpkit` with these arguments to its end. */
export async function run(
  runtime: RuntimeName,
  args: readonly string[],
  options: StartOptions & { readonly input?: string } = {},
): Promise<Ended> {
  const command = start(runtime, args, options);
  if (options.input !== undefined) command.write(options.input);
  command.endInput();
  return await command.ended;
}

/** The events that a command with `--json` printed. */
export function eventsOf(stdout: string): Record<string, unknown>[] {
  return stdout
    .split("\n")
    .slice(0, -1)
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function runtimeArguments(runtime: RuntimeName): string[] {
  if (runtime === "bun") return [];
  if (runtime === "node")
    return ["--import", new URL("../../node_modules/tsx/dist/loader.mjs", import.meta.url).href];
  const packages = existsSync(`${root}node_modules`) ? ["--node-modules-dir=manual"] : [];
  return ["run", "-A", "--no-check", "--quiet", `--config=${join(root, "deno.json")}`, ...packages];
}

/** Path of a runtime: the one that runs this test, the one that npm installed, or one on the PATH. */
function executable(runtime: RuntimeName): string | undefined {
  if (runtime === ownRuntime) return process.execPath;
  const folders = [join(root, "node_modules/.bin"), ...(process.env["PATH"] ?? "").split(delimiter)];
  // A package manager that runs no install scripts leaves programs there that cannot start.
  return folders.map((folder) => join(folder, runtime)).find(starts);
}

function starts(path: string): boolean {
  const known = startable.get(path);
  if (known !== undefined) return known;
  const does = existsSync(path) && spawnSync(path, ["--version"], { stdio: "ignore" }).status === 0;
  startable.set(path, does);
  return does;
}
