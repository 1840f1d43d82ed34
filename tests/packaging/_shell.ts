// What the packaging tests share: running commands, and machines that have one runtime only.
// Such a machine is a PATH that holds that runtime, the shell's everyday tools, and no other runtime.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { env } from "node:process";
import { root } from "../../scripts/tree.ts";

const tools = [
  "bash",
  "sh",
  "env",
  "cat",
  "cp",
  "dirname",
  "kill",
  "ls",
  "mkdir",
  "rm",
  "sed",
  "sleep",
  "tar",
  "uname",
  "which",
];

/** What a command printed and how it ended. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A temporary folder; `remove()` deletes it. */
export class Folder {
  readonly path: string = mkdtempSync(`${tmpdir()}/msrpkit-`);
  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Runs a shell command to its end; `path` replaces PATH. */
export function run(command: string, cwd: string, path: string = allRuntimes()): Outcome {
  const { status, stdout, stderr } = spawnSync("bash", ["-c", command], {
    cwd,
    // Else Node's runner takes tests that a command runs for files of this one, and runs none of them.
    env: {
      ...env,
      PATH: path,
      NO_COLOR: "1",
      npm_config_update_notifier: "false",
      NODE_TEST_CONTEXT: undefined,
    },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 600_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  return { status, stdout, stderr };
}

/** Starts a shell command that serves; end it with `stop()`. */
export function start(command: string, cwd: string, path: string = allRuntimes()): ChildProcess {
  return spawn("bash", ["-c", command], {
    cwd,
    env: { ...env, PATH: path },
    stdio: "ignore",
    detached: true,
  });
}

/** Ends what `start()` began, with its children. */
export function stop(child: ChildProcess): void {
  if (child.pid !== undefined) spawnSync("kill", ["-TERM", "--", `-${child.pid}`]);
}

/** A PATH with this checkout's Bun and Deno besides what the machine has. */
export function allRuntimes(): string {
  return `${root}node_modules/.bin:${env["PATH"]}`;
}

/** The PATH of a machine that has one runtime and no other. */
export function onlyRuntime(runtime: "bun" | "deno", folder: string): string {
  const bin = `${folder}/only-${runtime}`;
  mkdirSync(bin, { recursive: true });
  const binary = run(`readlink -f "$(command -v ${runtime})"`, root).stdout.trim();
  symlinkSync(binary, `${bin}/${runtime}`);
  for (const tool of tools) {
    const found = ["/usr/bin/", "/bin/"].map((place) => place + tool).find((file) => existsSync(file));
    if (found !== undefined) symlinkSync(found, `${bin}/${tool}`);
  }
  return bin;
}
