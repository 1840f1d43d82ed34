/**
 * Finds ways of a connection whose URIs hold no more: they must not count among those that share it. A few are looked at
 * each time, in turn, so that the work does not grow with the number of sessions.
 */

/** Ways that are looked at each time. */
const atOnce = 8;

/**
 * Those among the next few ways that are dead; the others go to the end of the table.
 *
 * @param now on the relay's clock, in milliseconds
 */
export function deadFlows<F extends { valid(now: number): boolean }>(
  flows: Map<string, F>,
  now: number,
): [key: string, flow: F][] {
  const next: [string, F][] = [];
  for (const entry of flows) {
    if (next.push(entry) === atOnce) break;
  }
  return next.filter(([key, flow]) => {
    if (!flow.valid(now)) return true;
    flows.delete(key);
    flows.set(key, flow);
    return false;
  });
}
