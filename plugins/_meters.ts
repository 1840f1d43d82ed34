/**
 * What metrics are counted with: plain numbers on the hot path, bounded tables elsewhere, and the shape that leaves the
 * plugin. No library is needed to count, only to publish.
 */

/** One value of a metric. */
export interface MetricSample {
  /** Name, when it differs from the family's, such as `…_bucket`. */
  readonly name?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric with all its values. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly samples: readonly MetricSample[];
}

/** Values added up in buckets. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  /** @param bounds upper bounds, ascending; what is above the last counts as +Inf */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] as number)) index++;
    (this.#counts[index] as number)++;
    this.#sum += value;
  }

  /** A value of 0, which is most of them for a time that seldom passes. */
  zero(): void {
    (this.#counts[0] as number)++;
  }

  /** The samples of a histogram, as Prometheus has them. */
  samples(name: string): MetricSample[] {
    let total = 0;
    const buckets = [...this.#bounds.map(String), "+Inf"].map((le, index) => {
      total += this.#counts[index] as number;
      return { name: `${name}_bucket`, labels: { le }, value: total };
    });
    return [
      ...buckets,
      { name: `${name}_sum`, labels: {}, value: this.#sum },
      { name: `${name}_count`, labels: {}, value: total },
    ];
  }
}

/** A counter by labels whose values come from elsewhere: beyond a number of series all is counted as `other`. */
export class Tally {
  readonly #names: readonly string[];
  readonly #max: number;
  readonly #counts: Map<string, { readonly values: readonly string[]; count: number }> = new Map();

  constructor(names: readonly string[], max: number) {
    this.#names = names;
    this.#max = max;
  }

  add(...values: readonly string[]): void {
    const key = values.join("\u0000");
    const known = this.#counts.get(key);
    if (known !== undefined) known.count++;
    else if (this.#counts.size < this.#max) this.#counts.set(key, { values, count: 1 });
    else {
      const others = values.map(() => "other");
      const entry = this.#counts.get(others.join("\u0000")) ?? { values: others, count: 0 };
      entry.count++;
      this.#counts.set(others.join("\u0000"), entry);
    }
  }

  samples(): MetricSample[] {
    return [...this.#counts.values()].map(({ values, count }) => ({
      labels: Object.fromEntries(this.#names.map((name, index) => [name, values[index] ?? ""])),
      value: count,
    }));
  }
}

/** Times by key, of which only so many are kept: the oldest gives way. */
export class Stopwatches {
  readonly #max: number;
  readonly #begun: Map<string, number> = new Map();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#begun.size;
  }

  begin(key: string, now: number): void {
    if (this.#begun.size >= this.#max) {
      const [oldest] = this.#begun.keys();
      if (oldest !== undefined) this.#begun.delete(oldest);
    }
    this.#begun.set(key, now);
  }

  /** Milliseconds since `begin`, which is forgotten; undefined when there was none. */
  end(key: string, now: number): number | undefined {
    const begun = this.#begun.get(key);
    if (begun === undefined) return undefined;
    this.#begun.delete(key);
    return now - begun;
  }
}

/** Adds up the metrics of several nodes. */
export function addUp(nodes: readonly (readonly MetricFamily[])[]): MetricFamily[] {
  const [first = [], ...rest] = nodes;
  if (rest.length === 0) return [...first];
  return first.map((family, index) => {
    const sums = new Map<string, MetricSample>();
    for (const families of nodes) {
      for (const sample of families[index]?.samples ?? []) {
        const key = `${sample.name ?? ""} ${JSON.stringify(sample.labels)}`;
        const value = (sums.get(key)?.value ?? 0) + sample.value;
        sums.set(key, { ...sample, value });
      }
    }
    return { ...family, samples: [...sums.values()] };
  });
}
