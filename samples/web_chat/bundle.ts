/**
 * Makes the page's script out of `page/`, with the bundler of the runtime that is there: Bun's, Deno's, or esbuild on
 * Node. So a checkout starts with no other set-up, whichever of the three the machine has.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** What is used of Bun, whose types the page's readers need not have. */
interface BunBundler {
  build(options: object): Promise<{ readonly outputs: readonly { text(): Promise<string> }[] }>;
}

/** What is used of esbuild, which is there for development only. */
interface Esbuild {
  build(options: object): Promise<{ readonly outputFiles: readonly { readonly text: string }[] }>;
}

/** The script, as one module. @throws when the bundler fails or is not installed */
export function bundleClient(): Promise<string> {
  const entry = fileURLToPath(new URL("page/main.tsx", import.meta.url));
  const bun = (globalThis as { Bun?: BunBundler }).Bun;
  if (bun !== undefined) return bundleWithBun(bun, entry);
  return "Deno" in globalThis ? bundleWithDeno(entry) : bundleWithEsbuild(entry);
}

async function bundleWithBun(bun: BunBundler, entry: string): Promise<string> {
  const { outputs } = await bun.build({
    entrypoints: [entry],
    target: "browser",
    format: "esm",
    minify: true,
  });
  return await (outputs[0] as { text(): Promise<string> }).text();
}

async function bundleWithDeno(entry: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "msrpkit-web-chat-"));
  const output = join(folder, "client.js");
  try {
    const args = ["bundle", "--quiet", "--platform=browser", "--minify", "--output", output, entry];
    await promisify(execFile)(process.execPath, args);
    return await readFile(output, "utf8");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function bundleWithEsbuild(entry: string): Promise<string> {
  // In a variable: the package has no esbuild, because its script is built.
  const name = "esbuild";
  const { build } = (await import(name)) as Esbuild;
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    minify: true,
    target: "es2022",
    write: false,
    logLevel: "silent",
    outdir: "out",
  });
  return (outputFiles[0] as { readonly text: string }).text;
}
