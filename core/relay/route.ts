/**
 * The rule of RFC 4976 §6.4, the whole of a relay's right to forward: a request must name a URI given out here, and either
 * lead to the client that has it or come from that client's side. Applied once for each own URI in front of To-Path.
 */
import type { MsrpUri } from "../wire/uri.ts";
import type { Binding } from "./binding.ts";
import type { Bindings } from "./bindings.ts";
import type { RelayHop } from "./hop.ts";
import type { OwnNames } from "./names.ts";

/** A way that the rule permits. */
export interface Route {
  /** The own URIs at the front of To-Path, as bindings; two when both sides are behind this relay. */
  readonly bindings: readonly Binding[];
  /** True when the next hop leads to the client of the last of them. */
  readonly toClient: boolean;
  /** Next hop first. */
  readonly toPath: readonly MsrpUri[];
  /** The own URIs, last processed first, then From-Path as received. */
  readonly fromPath: readonly MsrpUri[];
}

/**
 * Finds the way of a request, or undefined when the rule forbids it: unknown URI, expired, or wrong direction. These are
 * not told apart, so that nobody learns which URIs exist (SEC-20).
 *
 * @param toPath as received: its first URI names this relay, and at least one follows
 */
export function findRoute(
  toPath: readonly MsrpUri[],
  fromPath: readonly MsrpUri[],
  from: RelayHop,
  bindings: Bindings,
  names: OwnNames,
  now: number,
): Route | undefined {
  const used: Binding[] = [];
  const back: MsrpUri[] = [...fromPath];
  for (let index = 0; ; index++) {
    const own = toPath[index];
    const next = toPath[index + 1];
    const binding = own === undefined ? undefined : bindings.find(own, now);
    if (own === undefined || next === undefined || binding === undefined) return undefined;
    const toClient = binding.clientPath[0]?.equals(next) === true;
    // The second own URI was reached through this relay itself: that is no client's side.
    const fromClient = index === 0 && binding.ownedBy(from);
    if (!toClient && !fromClient) return undefined;
    used.push(binding);
    back.unshift(own);
    if (toClient || !names.has(next)) {
      return { bindings: used, toClient, toPath: toPath.slice(index + 1), fromPath: back };
    }
  }
}

/** The URIs of a path as they were read. */
export function pathText(path: readonly MsrpUri[]): string {
  return path.length === 1 ? (path[0] as MsrpUri).text : path.map((uri) => uri.text).join(" ");
}
