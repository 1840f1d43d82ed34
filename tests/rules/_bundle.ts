// A bundle as users make it, and what the rules ask of each: its size after gzip, the packages in it, and that it needs no Node.
// Which bundle, and its bound, the tests say.
import { gzipSync } from "node:zlib";
import { type BuildOptions, build } from "esbuild";
import { describe, expect, test } from "#test";
import { root } from "../../scripts/tree.ts";

/** What a bundle is made of, and its bounds. */
export interface Bundle {
  readonly from: Pick<BuildOptions, "stdin" | "entryPoints">;
  /** Octets at least, or something is not in it. */
  readonly minBytes: number;
  /** Octets after gzip -9. */
  readonly maxGzipBytes: number;
  /** Files of packages that may be there besides the hashes of Digest. */
  readonly besides?: readonly string[];
}

/** Makes the bundle and declares its tests. */
export async function bundleTests(name: string, bundle: Bundle): Promise<void> {
  const { from, minBytes, maxGzipBytes, besides = [] } = bundle;
  const common = { bundle: true, minify: true, format: "esm", write: false, metafile: true } as const;
  const built = await build({ ...from, ...common, absWorkingDir: root });
  const [file] = built.outputFiles;
  describe(name, () => {
    test(`is at most ${maxGzipBytes} octets, minified and after gzip`, () => {
      expect(file?.contents.length).toBeGreaterThan(minBytes);
      expect(gzipSync(file?.contents ?? "", { level: 9 }).length).toBeLessThanOrEqual(maxGzipBytes);
    });

    test("has no Effect, no zod, and no package but the hashes of Digest", () => {
      const used = Object.values(built.metafile.outputs).flatMap(({ inputs }) =>
        Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
      );
      const packages = used.filter((path) => path.startsWith("node_modules/"));
      const others = packages.filter((path) => !path.startsWith("node_modules/@noble/hashes/"));
      expect(others.filter((path) => !besides.includes(path))).toEqual([]);
      expect(used.length).toBeGreaterThan(packages.length);
    });

    test("needs nothing of a runtime but what browsers and Workers have", () => {
      expect(/\b(?:node:|Buffer\b|process\.|require\()/.exec(file?.text ?? "node:")).toBe(null);
    });
  });
}
