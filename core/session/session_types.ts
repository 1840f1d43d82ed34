/**
 * A list of media types as `accept-types` carries it (RFC 4975 §8.6), asked once per chunk. Parameters and letter case
 * do not matter for a match; `*` and `type/*` are wildcards.
 */

/** Types that a side is ready to receive. */
export class AcceptTypes {
  /** The list as it was given. */
  readonly list: readonly string[];
  readonly #all: boolean;
  readonly #exact: Set<string> = new Set();
  readonly #families: Set<string> = new Set();
  // Steady traffic has one type: the answer for it costs a comparison.
  #lastType: string | undefined;
  #lastAnswer = false;

  constructor(list: readonly string[]) {
    this.list = list;
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
}

/** Type and subtype alone, in lower case. */
export function essence(contentType: string): string {
  const semicolon = contentType.indexOf(";");
  return (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
}
