// A Worker in workerd, from npm: the program is bundled by esbuild and served by Miniflare over HTTP on a free port.
// Durable Objects leave memory after ten seconds without work, as they do at Cloudflare.
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { root } from "../../scripts/tree.ts";

/** workerd takes ten seconds after the last event, and an object itself one or two before. Asking would wake it. */
export const evictionMs = 16_000;

/** A Worker that runs. */
export interface RunningWorker {
  /** Of its HTTP server, without a slash at the end. */
  readonly url: string;
  /** The URL of its WebSockets. */
  readonly socketUrl: string;
  /** Octets of the program, minified. */
  readonly bytes: number;
  close(): Promise<void>;
}

/** What a Worker is started with. */
export interface WorkerOptions {
  /** Durable Objects: binding to class. */
  readonly objects?: Readonly<Record<string, string>>;
  readonly bindings?: Readonly<Record<string, string | number>>;
}

/** Bundles a program as a Worker gets it; nothing of Node is there. */
export async function bundle(program: string | { readonly file: string }): Promise<string> {
  const entry =
    typeof program === "string"
      ? { stdin: { contents: program, resolveDir: root, loader: "ts" as const } }
      : { entryPoints: [`${root}${program.file}`] };
  const { outputFiles } = await build({
    ...entry,
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    conditions: ["bun"],
    external: ["cloudflare:*"],
  });
  return outputFiles[0]?.text ?? "";
}

/** Starts a Worker. */
export async function startWorker(
  program: string | { readonly file: string },
  { objects = {}, bindings = {} }: WorkerOptions = {},
): Promise<RunningWorker> {
  const script = await bundle(program);
  const miniflare = new Miniflare({
    modules: true,
    script,
    compatibilityDate: "2026-04-01",
    // RFC 6455 §9.1: what is compressed can be a bomb.
    compatibilityFlags: ["no_web_socket_compression"],
    cf: false,
    // Miniflare's own server stands before the first socket, and compresses.
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    durableObjects: { ...objects },
    bindings: { ...bindings },
  });
  await miniflare.ready;
  const url = (await miniflare.unsafeGetDirectURL()).href.replace(/\/$/, "");
  return {
    url,
    socketUrl: `${url.replace("http", "ws")}/msrp`,
    bytes: script.length,
    close: () => miniflare.dispose(),
  };
}
