// The README's commands in a fresh clone, on machines that have Node with npm only, Bun only, and Deno only.
// Whole suites run in CI; here each machine starts the server and runs a part of the tests.
import { afterAll, beforeAll, describe, expect, test } from "#test";
import { root } from "../../scripts/tree.ts";
import { untilListening } from "../harness/poll.ts";
import { Folder, onlyRuntime, run, start, stop } from "./_shell.ts";

const limitMs = 900_000;
const defaultPort = 2855;
const folder = new Folder();

/** A fresh clone of what is committed. */
function clone(name: string): string {
  const path = `${folder.path}/${name}`;
  const { status, stderr } = run(`git clone --quiet "${root}" "${path}"`, folder.path);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return path;
}

/** Runs a command and shows its output only when it fails. */
function succeeds(command: string, cwd: string, path: string): void {
  const { status, stdout, stderr } = run(command, cwd, path);
  expect({ command, status, output: status === 0 ? "" : stdout + stderr }).toEqual({
    command,
    status: 0,
    output: "",
  });
}

/** Runs a command that serves until its port listens, then ends it. */
async function serves(command: string, cwd: string, path: string): Promise<void> {
  const child = start(command, cwd, path);
  const ended = new Promise<string>((resolve) =>
    child.once("close", (status) => resolve(`ended: ${status}`)),
  );
  try {
    const listening = untilListening(defaultPort, 300_000).then(() => "listens");
    expect({ command, now: await Promise.race([listening, ended]) }).toEqual({ command, now: "listens" });
  } finally {
    stop(child);
  }
  await ended;
}

afterAll(() => folder.remove());

describe("a fresh clone", () => {
  const system = ["/usr/local/bin", "/usr/bin", "/bin"].join(":");
  let bunOnly = "";
  let denoOnly = "";
  beforeAll(() => {
    bunOnly = onlyRuntime("bun", folder.path);
    denoOnly = onlyRuntime("deno", folder.path);
  });

  test(
    "Node and npm: npm ci && npm start; npm ci && npm test",
    async () => {
      const cwd = clone("npm");
      succeeds("npm ci", cwd, system);
      await serves("npm ci && npm start", cwd, system);
      succeeds("npm test -- harness wire", cwd, system);
    },
    limitMs,
  );

  test(
    "Bun alone: bun install && bun start; bun install && bun test",
    async () => {
      const cwd = clone("bun");
      succeeds("bun install --frozen-lockfile", cwd, bunOnly);
      await serves("bun install && bun start", cwd, bunOnly);
      succeeds("bun test wire harness", cwd, bunOnly);
    },
    limitMs,
  );

  test(
    "Deno alone: deno run -A server/bin.ts start; deno test -A --no-check",
    async () => {
      const cwd = clone("deno");
      await serves("deno run -A server/bin.ts start", cwd, denoOnly);
      succeeds("deno test -A --no-check tests/harness tests/unit/core/wire", cwd, denoOnly);
    },
    limitMs,
  );
});
