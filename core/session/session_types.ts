/**
 * A list of media types as `accept-types` carries it (RFC 4975 §8.6), asked once per chunk. Parameters and letter case
 * do not matter for a match; `*` and `type/*` are wildcards.
 */

import { LocalProtocolError } from "../errors.ts";
import { encodeText } from "../wire/text.ts";
import { innerTypes, isContainer } from "./inner_types.ts";

/** Types that a side is ready to receive. */
export class AcceptTypes {
  /** The list as it was given. */
  readonly list: readonly string[];
  /** Types that may stand in containers beside those; undefined: nobody said, and containers are not looked into. */
  readonly wrapped: readonly string[] | undefined;
  readonly #inside: AcceptTypes | undefined;
  readonly #all: boolean;
  readonly #exact: Set<string> = new Set();
  readonly #families: Set<string> = new Set();
  // Steady traffic has one type: the answer for it costs a comparison.
  #lastType: string | undefined;
  #lastAnswer = false;

  constructor(list: readonly string[], wrapped?: readonly string[]) {
    this.list = list;
    this.wrapped = wrapped;
    this.#inside = wrapped === undefined ? undefined : new AcceptTypes([...list, ...wrapped]);
    let all = false;
    for (const entry of list) {
      const type = essence(entry);
      if (type === "*" || type === "*/*") all = true;
      else if (type.endsWith("/*")) this.#families.add(type.slice(0, -1));
      else this.#exact.add(type);
    }
    this.#all = all;
  }

  /** True when content of this Content-Type may be sent to the side that gave the list. */
  accepts(contentType: string): boolean {
    if (this.#all) return true;
    if (contentType === this.#lastType) return this.#lastAnswer;
    const type = essence(contentType);
    this.#lastType = contentType;
    this.#lastAnswer = this.#exact.has(type) || this.#families.has(type.slice(0, type.indexOf("/") + 1));
    return this.#lastAnswer;
  }

  /**
   * True when what stands inside a container may be sent to the side that gave the lists: it is on either of them.
   *
   * @param whole false when `body` is only the beginning
   */
  acceptsInside(contentType: string, body: Uint8Array, whole = true): boolean {
    const inside = this.#inside;
    if (inside === undefined || inside.#all || !isContainer(essence(contentType))) return true;
    return innerTypes(contentType, body, whole)?.every((type) => inside.accepts(type)) === true;
  }
}

/** @throws {LocalProtocolError} `type-not-accepted`: the peer takes this root nowhere, or not what is inside it */
export function checkType(peer: AcceptTypes, contentType: string, body: unknown): void {
  if (peer.accepts(contentType)) {
    if (!isContainer(essence(contentType))) return;
    const octets = typeof body === "string" ? encodeText(body) : body;
    // What is still to be read is the caller's to vouch for.
    if (!(octets instanceof Uint8Array) || peer.acceptsInside(contentType, octets)) return;
  }
  throw new LocalProtocolError("type-not-accepted", `Cannot send ${contentType}: the peer does not take it`);
}

/** The lists after an update, of which either may be left as it was. */
export function updatedTypes(
  before: AcceptTypes | undefined,
  list: readonly string[] | undefined,
  wrapped: readonly string[] | undefined,
): AcceptTypes | undefined {
  if (list === undefined && (wrapped === undefined || before === undefined)) return before;
  return new AcceptTypes(list ?? before?.list ?? [], wrapped ?? before?.wrapped);
}

/** Type and subtype alone, in lower case. */
export function essence(contentType: string): string {
  const semicolon = contentType.indexOf(";");
  return (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
}
