// Runs the code blocks of one document as a reader would, on the runtime that runs the tests.
// Each document gets a folder of its own that looks like the checkout, and ports that are free.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { env, execPath, versions } from "node:process";
import type { DocBlock } from "../../scripts/doc_blocks.ts";
import { root } from "../../scripts/tree.ts";
import { freePort, untilListening } from "../harness/poll.ts";

/** The runtime these tests run on. */
export const runtime: "bun" | "deno" | "node" = versions["bun"] ? "bun" : versions["deno"] ? "deno" : "node";

const limitMs = 120_000;
// Documents write 2855 and its neighbours; each document gets free ports in their place.
const documentedPort = /\b28\d\d\b/g;

/** The place where the blocks of one document run. */
export class DocumentRun {
  readonly #folder: string = mkdtempSync(`${tmpdir()}/msrpkit-docs-`);
  readonly #ports = new Map<string, number>();
  readonly #servers: ChildProcess[] = [];

  constructor() {
    for (const name of readdirSync(root)) {
      if (name !== ".git" && name !== ".tmp") symlinkSync(root + name, `${this.#folder}/${name}`);
    }
    mkdirSync(`${this.#folder}/.bin`);
    const command = launcher()
      .map((word) => `"${word}"`)
      .join(" ");
    this.#script("msrpkit", `exec ${command} "${root}server/bin.ts" "$@"`);
    for (const name of ["npx", "bunx"]) {
      this.#script(
        name,
        `[ "$1" = msrpkit ] && shift && exec msrpkit "$@"\nPATH="\${PATH#*:}" exec ${name} "$@"`,
      );
    }
  }

  /** Runs a block: to its end when it says `run`, until it listens when it says `serve`. */
  async play(block: DocBlock): Promise<{ status: number | null; output: string }> {
    const code = await this.#withFreePorts(block.code);
    const child = block.language === "sh" ? this.#shell(code) : this.#program(block, code);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (bytes: Uint8Array) => {
        output += new TextDecoder().decode(bytes);
      });
    }
    const ended = new Promise<number | null>((resolve) => child.once("close", (status) => resolve(status)));
    if (block.how === "run") {
      const timer = setTimeout(() => stop(child), limitMs);
      const status = await ended;
      clearTimeout(timer);
      return { status, output };
    }
    this.#servers.push(child);
    const port = [...this.#ports.values()].find((number) => code.includes(String(number)));
    if (port === undefined) throw new Error("a block that serves must name its port, 2855 or 28xx");
    const early = ended.then((status) => ({ status: status ?? 1, output }));
    return await Promise.race([early, untilListening(port).then(() => ({ status: 0, output }))]);
  }

  /** Ends what still serves and removes the folder. */
  close(): void {
    for (const child of this.#servers) stop(child);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #shell(code: string): ChildProcess {
    const path = `${this.#folder}/.bin:${root}node_modules/.bin:${env["PATH"]}`;
    return spawn("bash", ["-euo", "pipefail", "-c", code], {
      cwd: this.#folder,
      env: { ...env, PATH: path },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
  }

  /** A program must lie inside the checkout, where "msrpkit" means the sources. */
  #program(block: DocBlock, code: string): ChildProcess {
    const file = `${root}.tmp/docs/${runtime}-${block.doc.replace(/\W/g, "_")}-${block.line}.ts`;
    mkdirSync(`${root}.tmp/docs`, { recursive: true });
    writeFileSync(file, code);
    const [command = "", ...args] = launcher();
    return spawn(command, [...args, file], {
      cwd: this.#folder,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
  }

  #script(name: string, body: string): void {
    const file = `${this.#folder}/.bin/${name}`;
    writeFileSync(file, `#!/usr/bin/env bash\n${body}\n`);
    chmodSync(file, 0o755);
  }

  async #withFreePorts(code: string): Promise<string> {
    for (const [port] of code.matchAll(documentedPort)) {
      if (!this.#ports.has(port)) this.#ports.set(port, await freePort());
    }
    return code.replace(documentedPort, (port) => String(this.#ports.get(port)));
  }
}

/** The command that runs a TypeScript file of the checkout on this runtime. */
function launcher(): string[] {
  if (runtime === "bun") return [execPath];
  if (runtime === "node")
    return [execPath, "--conditions=bun", "--import", `${root}node_modules/tsx/dist/loader.mjs`];
  const packages = readdirSync(root).includes("node_modules") ? ["--node-modules-dir=manual"] : [];
  return [execPath, "run", "-A", "--no-check", "--quiet", `--config=${root}deno.json`, ...packages];
}

/** Ends a process and its children: npm and bash pass no signal on. */
function stop(child: ChildProcess): void {
  if (child.pid !== undefined) spawnSync("kill", ["-TERM", "--", `-${child.pid}`]);
}
