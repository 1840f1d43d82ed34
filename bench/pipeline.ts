/**
 * What the pipeline itself costs per chunk: stages of synchronous no-op middlewares, and the same with one that is
 * asynchronous, and what plugins cost in a whole node. The goal is at most 0.2 µs for four synchronous ones on Bun.
 *
 * Run: `bun bench/pipeline.ts`, `deno run -A bench/pipeline.ts`, `node --import tsx bench/pipeline.ts`.
 */
import { Chain, type Step } from "../core/node/chain.ts";
import { ACCEPTED, type MaybeVerdict, type Verdict } from "../core/node/verdict.ts";
import { pluginCosts } from "./plugin_cost.ts";

interface Probe {
  count: number;
}

// Distinct functions, as real plugins are: one function at each place would be inlined and flatter the figure.
const makers: readonly (() => Step<Probe>["middleware"])[] = [
  () => (c, next) => (c.count > -1 ? next() : c.count > -2 ? next() : next()),
  () => (c, next) => {
    c.count++;
    return next();
  },
  () => (_c, next) => next(),
  () => (c, next) => {
    const verdict = next();
    c.count++;
    return verdict;
  },
  () => (c, next) => (c.count < Number.MAX_SAFE_INTEGER ? next() : ACCEPTED),
];

function chain(size: number, asyncAt?: number): Chain<Probe> {
  const steps: Step<Probe>[] = [];
  for (let index = 0; index < size; index++) {
    const make = makers[index % makers.length] as () => Step<Probe>["middleware"];
    const middleware: Step<Probe>["middleware"] =
      index === asyncAt ? async (_c, next): Promise<Verdict> => next() : make();
    steps.push({ plugin: `p${index}`, index, middleware });
  }
  return new Chain(
    "chunk",
    steps,
    () => ACCEPTED,
    (error) => {
      throw error;
    },
  );
}

/** Nanoseconds per run: the median of `rounds` rounds. */
async function measure(stage: Chain<Probe>, runs: number, rounds: number): Promise<number> {
  const c: Probe = { count: 0 };
  const own: readonly unknown[] = [undefined, undefined, undefined, undefined, undefined];
  const figures: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const begin = performance.now();
    for (let index = 0; index < runs; index++) {
      const verdict: MaybeVerdict = stage.run(c, own);
      if (verdict instanceof Promise) await verdict;
    }
    figures.push(((performance.now() - begin) * 1e6) / runs);
  }
  figures.sort((a, b) => a - b);
  return figures[figures.length >> 1] as number;
}

const rows: readonly (readonly [name: string, chain: Chain<Probe>, runs: number])[] = [
  ["no middleware", chain(0), 1_000_000],
  ["4 synchronous", chain(4), 1_000_000],
  ["5 synchronous", chain(5), 1_000_000],
  ["4, the last asynchronous", chain(4, 3), 200_000],
  ["4, the first asynchronous", chain(4, 0), 200_000],
];

const result: Record<string, number> = {};
for (const [name, stage, runs] of rows) {
  await measure(stage, runs, 2); // warm
  result[name] = Math.round((await measure(stage, runs, 7)) * 10) / 10;
}
Object.assign(result, await pluginCosts());
for (const [name, cost] of Object.entries(result)) {
  console.log(`${name.padEnd(36)} ${String(cost).padStart(8)} ns per chunk`);
}
console.log(JSON.stringify({ bench: "pipeline", nsPerChunk: result }));
