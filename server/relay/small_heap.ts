/**
 * Keeps the heap of a relay small on Deno and Node: V8 has no bound that a running program could set, and lets a hundred
 * megabytes of what bulk traffic leaves behind stand before it collects. Bun frees that at once.
 */
import process from "node:process";
import { setInterval } from "node:timers";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Octets of heap, of buffers outside of it, and of the whole process. */
export interface HeapUse {
  readonly heapTotal: number;
  readonly external: number;
  readonly rss: number;
}

/** Below so many octets nothing is done. */
const leastBytes = 41_943_040;
/** What is alive may be so much of what stands before it is worth a look. */
const growth = 1.5;
/** A collection takes some tens of milliseconds: no more of them than one in this time. */
const pauseMs = 1000;
/** A large heap is collected in no more than this part of the time: V8 does so by itself as well, and in small steps. */
const rest = 200;
const lookMs = 100;
/** From so many octets of the process on memory is tight: a heap from this size is collected, and sooner. */
const tightRss = 123_731_968;
const tightBytes = 25_165_824;
const tightPauseMs = 200;
const tightRest = 10;

/** Decides when to collect. */
export class HeapWatch {
  #bound = leastBytes;
  #notBefore = Number.NEGATIVE_INFINITY;
  #tightFrom = Number.NEGATIVE_INFINITY;

  /** True: collect now, and tell `collected` what is left. */
  due({ heapTotal, external, rss }: HeapUse, now: number): boolean {
    const bytes = heapTotal + external;
    if (bytes > this.#bound && now >= this.#notBefore) return true;
    return rss > tightRss && bytes > tightBytes && now >= this.#tightFrom;
  }

  /** What a collection has left: a heap that is large because it is used is not collected again and again. */
  collected({ heapTotal, external }: HeapUse, now: number, tookMs: number = 0): void {
    const left = heapTotal + external;
    this.#bound = Math.max(leastBytes, left * growth);
    // What thousands of connections keep takes a quarter of a second to go through, for which all of them wait.
    this.#notBefore = now + (left > leastBytes ? Math.max(pauseMs, tookMs * rest) : pauseMs);
    this.#tightFrom = left > leastBytes ? this.#notBefore : now + Math.max(tightPauseMs, tookMs * tightRest);
  }
}

/**
 * Node: the part of the heap where objects begin stays as large as it is now. It would grow to 48 MiB and never shrink, and
 * bulk, of which nothing lives long, is no faster for it. To be called before much else is loaded.
 *
 * @returns false where the runtime has no such switch, or gives the memory back by itself
 */
export function keepYoungSmall(): boolean {
  if ("Bun" in globalThis || "Deno" in globalThis) return false;
  setFlagsFromString("--semi-space-growth-factor=1");
  return true;
}

/** Watches the heap from now on; returns what ends it. */
export function keepHeapSmall(): () => void {
  if ("Bun" in globalThis) return () => {};
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const watch = new HeapWatch();
  const timer = setInterval(() => {
    if (!watch.due(process.memoryUsage(), performance.now())) return;
    const begun = performance.now();
    collect();
    const now = performance.now();
    watch.collected(process.memoryUsage(), now, now - begun);
  }, lookMs);
  timer.unref();
  return () => clearInterval(timer);
}
