/**
 * The files of the page. Its script is there already when this is the built package; in a checkout it is bundled from
 * `page/` with what the machine has.
 */
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { bundleClient } from "./bundle.ts";

/** One file as it is served. */
export interface Asset {
  readonly body: string;
  /** The same for those who take gzip: a third of it, over whatever network there is. */
  readonly gzip: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
}

/** All files of the page. */
export interface Assets {
  readonly page: Asset;
  readonly style: Asset;
  readonly icon: Asset;
  readonly script: Asset;
}

/** Reads or makes them. @throws when the script cannot be bundled here; the message says why */
export async function loadAssets(): Promise<Assets> {
  const [page, style, icon, script] = await Promise.all([
    text("page/index.html"),
    text("page/style.css"),
    text("page/icon.svg"),
    text("page/client.js").catch(bundleClient),
  ]);
  return {
    page: await asset(page, "text/html; charset=utf-8"),
    style: await asset(style, "text/css; charset=utf-8"),
    icon: await asset(icon, "image/svg+xml"),
    script: await asset(script, "text/javascript; charset=utf-8"),
  };
}

function text(name: string): Promise<string> {
  return readFile(new URL(name, import.meta.url), "utf8");
}

async function asset(body: string, type: string): Promise<Asset> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body)));
  const etag = Array.from(digest.subarray(0, 12), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { body, gzip: new Uint8Array(gzipSync(body)), type, etag: `"${etag}"` };
}
