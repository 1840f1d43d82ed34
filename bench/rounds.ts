/**
 * Measures cases in turns, so that what else the machine does disturbs all of them alike. The best round counts, beside what
 * a case costs in processor time of the busiest process.
 */
import process from "node:process";
import { processorSeconds } from "./processor_time.ts";
import { type BenchRow, share } from "./row.ts";

/** One thing to measure: `run` does it once and gives the amount that it moved. */
export interface Case {
  readonly name: string;
  readonly unit: BenchRow["unit"];
  readonly run: () => Promise<number>;
  readonly control?: string;
  readonly least?: number;
}

const rounds = Number(process.env["BENCH_ROUNDS"] ?? 7);
const roundMs = 300;
const warmMs = Number(process.env["BENCH_WARM_MS"] ?? 2000);

/** What a case cost in all its rounds. */
class Tally {
  best = 0;
  amount = 0;
  /** Processor time of each process, in seconds. */
  readonly spent: number[];
  readonly #processes: readonly number[];

  constructor(processes: readonly number[]) {
    this.#processes = processes;
    this.spent = processes.map(() => 0);
  }

  /** Runs for at least `forMs`. */
  async round(run: Case["run"], forMs: number = roundMs): Promise<void> {
    const before = this.#processes.map(processorSeconds);
    const began = performance.now();
    let amount = 0;
    do amount += await run();
    while (performance.now() - began < forMs);
    this.best = Math.max(this.best, (amount * 1e3) / (performance.now() - began));
    this.amount += amount;
    for (const [index, id] of this.#processes.entries())
      this.spent[index] = (this.spent[index] ?? 0) + processorSeconds(id) - (before[index] ?? 0);
  }

  /** What the busiest process would reach if it had a processor for itself. */
  get perProcessor(): number {
    return this.amount / Math.max(...this.spent);
  }
}

/** Measures; prints a row of JSON for each case. `processes` are the ids of all that take part. */
export async function measure(cases: readonly Case[], processes: readonly number[]): Promise<void> {
  for (const { run } of cases) await new Tally(processes).round(run, warmMs);
  const tallies = new Map(cases.map(({ name }) => [name, new Tally(processes)]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, run } of cases) await tallies.get(name)?.round(run);
  }
  for (const { name, unit, control, least } of cases) {
    const tally = tallies.get(name) as Tally;
    const of = tallies.get(control ?? "");
    const row: BenchRow = {
      name,
      unit,
      rate: tally.best,
      perProcessor: tally.perProcessor,
      ...(of === undefined
        ? {}
        : { ...share(tally.best, of.best, least), processorRatio: tally.perProcessor / of.perProcessor }),
      ...(control === undefined ? {} : { control }),
    };
    if (process.env["BENCH_DEBUG"])
      console.error(
        name,
        tally.amount,
        tally.spent.map((seconds) => ((seconds * 1e3) / tally.amount).toFixed(4)),
      );
    console.log(JSON.stringify(row));
  }
}
