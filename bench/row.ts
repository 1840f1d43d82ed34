/**
 * One line of a benchmark's result, the same for all of them. A benchmark prints its lines as JSON, and main.ts puts them
 * side by side.
 */

/** One measured case on one runtime. */
export interface BenchRow {
  readonly name: string;
  /** Megaoctets, or thousands of frames or messages, a second; or nanoseconds, where less is better. */
  readonly rate: number;
  /** The rate per second of processor time of the busier end, which other work on the machine disturbs less. */
  readonly perProcessor?: number;
  readonly unit: "MB/s" | "k/s" | "ns";
  /** Name of the row that it is measured against. */
  readonly control?: string;
  /** Share of the control's rate. */
  readonly ratio?: number;
  /** The same for `perProcessor`. */
  readonly processorRatio?: number;
  /** The least share that we accept. */
  readonly least?: number;
  /** The most nanoseconds that we accept. */
  readonly most?: number;
}

/** The share of a control's rate, with what we demand of it. */
export function share(
  rate: number,
  control: number,
  least: number | undefined,
): Pick<BenchRow, "ratio" | "least"> {
  return { ratio: rate / control, ...(least === undefined ? {} : { least }) };
}
