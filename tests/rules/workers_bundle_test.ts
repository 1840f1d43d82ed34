// The program of a Worker: what a relay as a Durable Object uploads has a bound, and needs nothing that Workers have not.
// Workers may have 3 MiB after gzip, but start faster the less there is to compile.
import { root } from "../../scripts/tree.ts";
import { bundleTests } from "./_bundle.ts";

await bundleTests("the bundle of the sample for Workers", {
  from: { entryPoints: [`${root}samples/workers/worker.ts`] },
  minBytes: 50_000,
  maxGzipBytes: 81_920,
});
