// The program of a Worker: what a relay as a Durable Object uploads has a bound, and needs nothing that Workers have not.
// Workers may have 3 MiB after gzip, but start faster the less there is to compile.
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, test } from "#test";
import { root } from "../../scripts/tree.ts";

/** Octets after gzip -9. */
const maxGzipBytes = 81_920;

const bundle = await build({
  entryPoints: [`${root}samples/workers/worker.ts`],
  bundle: true,
  minify: true,
  format: "esm",
  write: false,
  metafile: true,
});

describe("the bundle of the sample for Workers", () => {
  test(`is at most ${maxGzipBytes} octets, minified and after gzip`, () => {
    const [file] = bundle.outputFiles;
    expect(file?.contents.length).toBeGreaterThan(50_000);
    expect(gzipSync(file?.contents ?? "", { level: 9 }).length).toBeLessThanOrEqual(maxGzipBytes);
  });

  test("has no Effect, no zod, and no package but the hashes of Digest", () => {
    const used = Object.values(bundle.metafile.outputs).flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
    );
    const packages = used.filter((path) => path.startsWith("node_modules/"));
    expect(packages.filter((path) => !path.startsWith("node_modules/@noble/hashes/"))).toEqual([]);
    expect(used.length).toBeGreaterThan(packages.length);
  });

  test("needs nothing of Node", () => {
    const text = bundle.outputFiles[0]?.text ?? "";
    expect(/\b(?:node:|Buffer\b|process\.|require\()/.exec(text)).toBe(null);
  });
});
