/**
 * Reads CPIM messages: a whole one from memory, or the head of one whose octets are still coming. The content is never
 * copied and never looked at.
 */
import { RemoteProtocolError } from "../core/mod.ts";
import { type CpimHead, readHead } from "./_cpim_head.ts";
import { type CpimLayout, CpimScanner } from "./_cpim_scan.ts";
import type { CpimReadOptions } from "./_cpim_types.ts";
import { decodeTransfer, textDecoder } from "./_mime_head.ts";

/** A CPIM message in memory. */
export interface Cpim {
  /** Its headers and those of its content. */
  readonly head: CpimHead;
  /** The content, octet for octet as it stands in the message. A view of the octets that were read. */
  readonly body: Uint8Array;
}

/**
 * Reads a whole CPIM message.
 *
 * ```ts
 * const { head, body } = parseCpim(message.body);
 * console.log(head.from?.uri, cpimText(head, body));
 * ```
 *
 * @throws {RemoteProtocolError} status 400, code `incomplete`, `no-colon`, `bad-address`, `bad-ns` …; in a strict mode also
 *   every code that a lenient reader only notes. Code `cpim-head-too-large`: status 413
 */
export function parseCpim(octets: Uint8Array, options: CpimReadOptions = {}): Cpim {
  const scanner = newScanner(options);
  const head = headAt(octets, scanner.scan(octets) ?? scanner.end(octets), options);
  return { head, body: octets.subarray(head.contentStart) };
}

/**
 * Reads the head of a CPIM message from its first octets.
 *
 * @param whole whether these are all its octets
 * @returns undefined when more octets are needed
 * @throws {RemoteProtocolError} as `parseCpim`
 */
export function parseCpimHead(
  octets: Uint8Array,
  options: CpimReadOptions = {},
  whole: boolean = false,
): CpimHead | undefined {
  const scanner = newScanner(options);
  const layout = scanner.scan(octets);
  if (layout === undefined && !whole) return undefined;
  return headAt(octets, layout ?? scanner.end(octets), options);
}

/**
 * Reads the head of a CPIM message as octets come. Each octet of the head is held once and looked at once.
 *
 * ```ts
 * const reader = new CpimReader();
 * for await (const octets of pieces) if (reader.push(octets) !== undefined) break;
 * console.log(reader.head?.from, reader.rest);
 * ```
 */
export class CpimReader {
  readonly #options: CpimReadOptions;
  readonly #scanner: CpimScanner;
  #held: Uint8Array = new Uint8Array(1024);
  #length = 0;
  #head: CpimHead | undefined;

  constructor(options: CpimReadOptions = {}) {
    this.#options = options;
    this.#scanner = newScanner(options);
  }

  /** The head, once it is whole. */
  get head(): CpimHead | undefined {
    return this.#head;
  }

  /** Octets that came and belong to the head. */
  get headOctets(): Uint8Array {
    return this.#held.subarray(0, this.#head?.contentStart ?? this.#length);
  }

  /** Octets of the content that came together with the end of the head. */
  get rest(): Uint8Array {
    return this.#held.subarray(this.#head?.contentStart ?? this.#length, this.#length);
  }

  /**
   * Takes the next octets, until the head is there.
   *
   * @returns the head when these octets complete it
   * @throws {RemoteProtocolError} as `parseCpim`
   */
  push(octets: Uint8Array): CpimHead | undefined {
    this.#hold(octets);
    if (this.#head !== undefined) return this.#head;
    const held = this.#held.subarray(0, this.#length);
    const layout = this.#scanner.scan(held);
    if (layout !== undefined) this.#head = headAt(held, layout, this.#options);
    return this.#head;
  }

  /**
   * The message is over: nothing more will come.
   *
   * @throws {RemoteProtocolError} `incomplete` when its headers had no end
   */
  end(): CpimHead {
    const held = this.#held.subarray(0, this.#length);
    this.#head ??= headAt(held, this.#scanner.end(held), this.#options);
    return this.#head;
  }

  #hold(octets: Uint8Array): void {
    const length = this.#length + octets.length;
    if (length > this.#held.length) {
      const larger = new Uint8Array(Math.max(length, this.#held.length * 2));
      larger.set(this.#held.subarray(0, this.#length));
      this.#held = larger;
    }
    this.#held.set(octets, this.#length);
    this.#length = length;
  }
}

/**
 * Octets of a content with its Content-Transfer-Encoding undone, which some peers use (RFC 4975 §7.1.1 has no need of one).
 * Octets that are not in the encoding they claim to be in are given as they are.
 */
export function cpimContent(head: CpimHead, body: Uint8Array): Uint8Array {
  return decodeTransfer(head.mimeHeader("content-transfer-encoding"), body) ?? body;
}

/** A content as text, in the charset that its Content-Type names. */
export function cpimText(head: CpimHead, body: Uint8Array): string {
  return textDecoder(head.contentType).decode(cpimContent(head, body));
}

function newScanner({ mode = "lenient", maxHeadBytes = 262_144 }: CpimReadOptions): CpimScanner {
  return new CpimScanner(mode === "lenient", maxHeadBytes);
}

function headAt(octets: Uint8Array, layout: CpimLayout | undefined, options: CpimReadOptions): CpimHead {
  if (layout !== undefined) return readHead(octets, layout, options);
  throw new RemoteProtocolError("incomplete", "Cannot read the CPIM message: it ends within its headers");
}
