// The client for web pages stays small: what a page downloads of `msrpkit/websocket` has a bound, and drags in nothing
// that a page has no use for.
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, test } from "#test";
import { root } from "../../scripts/tree.ts";

/** Octets after gzip -9: what a slow telephone loads within a second, beside the page itself. */
const maxGzipBytes = 25_600;

const bundle = await build({
  stdin: { contents: 'export * from "./adapters/websocket.ts";', resolveDir: root },
  bundle: true,
  minify: true,
  format: "esm",
  write: false,
  metafile: true,
});

describe("the bundle of msrpkit/websocket", () => {
  test(`is at most ${maxGzipBytes} octets, minified and after gzip`, () => {
    const [file] = bundle.outputFiles;
    expect(file?.contents.length).toBeGreaterThan(10_000);
    expect(gzipSync(file?.contents ?? "", { level: 9 }).length).toBeLessThanOrEqual(maxGzipBytes);
  });

  test("has no Effect, no zod, and no package but the hashes of Digest", () => {
    const used = Object.values(bundle.metafile.outputs).flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
    );
    // The stub that `ws` has for browsers, which never ask for it.
    const packages = used.filter(
      (path) => path.startsWith("node_modules/") && path !== "node_modules/ws/browser.js",
    );
    expect(packages.filter((path) => !path.startsWith("node_modules/@noble/hashes/"))).toEqual([]);
    expect(used.length).toBeGreaterThan(packages.length);
  });

  test("needs nothing of a runtime but what browsers have", () => {
    const text = bundle.outputFiles[0]?.text ?? "";
    expect(/\b(?:node:|Buffer\b|process\.|require\()/.exec(text)).toBe(null);
  });
});
