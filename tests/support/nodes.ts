// Two nodes on a network in memory, and what promises and calls fail with: where most tests of the node start.
// The pair itself is what plugin authors get.
export { settle } from "../../adapters/memory.ts";
export { NodePair, type PairOptions } from "../../testing/pair.ts";

/** What a promise rejects with; fails when it does not. */
export async function rejection<E = Error>(promise: Promise<unknown>): Promise<E> {
  try {
    await promise;
  } catch (error) {
    return error as E;
  }
  throw new Error("the promise was not rejected");
}

/** What a call throws; fails when it does not. */
export function thrown<E = Error>(call: () => unknown): E {
  try {
    call();
  } catch (error) {
    return error as E;
  }
  throw new Error("nothing was thrown");
}
