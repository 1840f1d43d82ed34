// What metrics are counted with: buckets, bounded tables, stop-watches, sums over nodes.
// Both sides of each bound.
import { describe, expect, test } from "#test";
import { addUp, Histogram, type MetricFamily, Stopwatches, Tally } from "../../../plugins/_meters.ts";

test("Histogram: buckets are cumulative, a bound belongs to its bucket", () => {
  const histogram = new Histogram([1, 5]);
  for (const value of [0.5, 1, 3, 5, 7]) histogram.observe(value);
  histogram.zero();
  expect(histogram.samples("h")).toEqual([
    { name: "h_bucket", labels: { le: "1" }, value: 3 },
    { name: "h_bucket", labels: { le: "5" }, value: 5 },
    { name: "h_bucket", labels: { le: "+Inf" }, value: 6 },
    { name: "h_sum", labels: {}, value: 16.5 },
    { name: "h_count", labels: {}, value: 6 },
  ]);
});

describe("Tally", () => {
  test("counts by its labels", () => {
    const tally = new Tally(["a", "b"], 10);
    tally.add("x", "1");
    tally.add("x", "1");
    tally.add("x", "2");
    expect(tally.samples()).toEqual([
      { labels: { a: "x", b: "1" }, value: 2 },
      { labels: { a: "x", b: "2" }, value: 1 },
    ]);
  });

  test("beyond its number of series everything is other", () => {
    const tally = new Tally(["a"], 2);
    for (const value of ["x", "y", "z", "z", "x", "w"]) tally.add(value);
    expect(tally.samples()).toEqual([
      { labels: { a: "x" }, value: 2 },
      { labels: { a: "y" }, value: 1 },
      { labels: { a: "other" }, value: 3 },
    ]);
  });
});

test("Stopwatches: the oldest gives way", () => {
  const watches = new Stopwatches(2);
  watches.begin("a", 10);
  watches.begin("b", 20);
  watches.begin("c", 30);
  expect([watches.size, watches.end("a", 40), watches.end("b", 40), watches.end("c", 45)]).toEqual([
    2,
    undefined,
    20,
    15,
  ]);
  expect([watches.size, watches.end("c", 50)]).toEqual([0, undefined]);
});

test("addUp: the nodes of one plugin become one", () => {
  const family = (value: number, plugin: string): MetricFamily => ({
    name: "m",
    help: "",
    type: "counter",
    samples: [
      { labels: { plugin }, value },
      { name: "m_sum", labels: {}, value: 1 },
    ],
  });
  expect(addUp([[family(1, "a")]])).toEqual([family(1, "a")]);
  expect(addUp([[family(1, "a")], [family(2, "a")], [family(5, "b")]])[0]?.samples).toEqual([
    { labels: { plugin: "a" }, value: 3 },
    { name: "m_sum", labels: {}, value: 3 },
    { labels: { plugin: "b" }, value: 5 },
  ]);
});
