/**
 * Finds where the two header blocks of a CPIM message end, as its octets come. Each octet is looked at once, whatever
 * the pieces, and of the content only as much as tells that it is no header.
 */
import { RemoteProtocolError } from "../core/mod.ts";

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const maxNameBytes = 256;

/** Where the parts of a CPIM message are. */
export interface CpimLayout {
  /** First octet of the message headers; greater than 0 when empty lines stand before them. */
  readonly head: number;
  /** First octet behind the empty line that ends the message headers. */
  readonly mime: number;
  /** First octet of the content; the same as `mime` when what stands there is no block of MIME headers. */
  readonly content: number;
  /** False when the MIME headers go on to the end of what there is, without an empty line behind them. */
  readonly closed: boolean;
}

/** Looks for the two blocks. */
export class CpimScanner {
  readonly #skipEmpty: boolean;
  readonly #maxBytes: number;
  #line = 0; // where the line begins that is being looked at
  #searched = 0; // where the search for its end goes on
  #head: number | undefined;
  #mime: number | undefined;

  /** @param skipEmpty whether empty lines before the first header are passed over @param maxBytes longest head */
  constructor(skipEmpty: boolean, maxBytes: number) {
    this.#skipEmpty = skipEmpty;
    this.#maxBytes = maxBytes;
  }

  /**
   * Looks at octets of the message from its first on; a later call gives the same ones and more.
   *
   * @returns undefined when more are needed
   * @throws {RemoteProtocolError} `cpim-head-too-large`, status 413
   */
  scan(octets: Uint8Array): CpimLayout | undefined {
    for (;;) {
      const mime = this.#mime;
      if (mime !== undefined && this.#searched === this.#line) {
        const kind = mimeLine(octets, this.#line, this.#line > mime);
        if (kind === "open") return undefined;
        if (kind === "text") return this.#layout(mime, true);
      }
      const end = octets.indexOf(LF, this.#searched);
      if ((end < 0 ? octets.length : end) > this.#maxBytes) throw tooLarge(this.#maxBytes);
      if (end < 0) {
        this.#searched = octets.length;
        return undefined;
      }
      const begin = this.#line;
      this.#line = end + 1;
      this.#searched = end + 1;
      const empty = end === begin || (end === begin + 1 && octets[begin] === CR);
      if (mime !== undefined) {
        if (empty) return this.#layout(end + 1, true);
      } else if (!empty) this.#head ??= begin;
      else if (this.#head !== undefined || !this.#skipEmpty) {
        this.#head ??= begin;
        this.#mime = end + 1;
      }
    }
  }

  /**
   * The message is whole: what `scan` has not found is not there.
   *
   * @returns undefined when even the message headers have no end
   */
  end(octets: Uint8Array): CpimLayout | undefined {
    const mime = this.#mime;
    if (mime === undefined) return undefined;
    // The last line may be content or a header: what stands before it tells.
    const fields = this.#line > mime || mimeLine(octets, mime, false) === "field";
    return fields ? this.#layout(octets.length, false) : this.#layout(mime, true);
  }

  #layout(content: number, closed: boolean): CpimLayout {
    return { head: this.#head as number, mime: this.#mime as number, content, closed };
  }
}

/** Whether a line can be one of a block of MIME headers; an empty one is. `"open"`: more octets will tell. */
function mimeLine(octets: Uint8Array, begin: number, mayGoOn: boolean): "field" | "text" | "open" {
  const first = octets[begin];
  if (first === undefined) return "open";
  if (first === LF) return "field";
  if (first === CR) {
    const second = octets[begin + 1];
    return second === undefined ? "open" : second === LF ? "field" : "text";
  }
  if (mayGoOn && isBlank(first)) return "field";
  const limit = begin + maxNameBytes;
  let index = begin;
  while (index < limit && isNameOctet(octets[index])) index++;
  if (index === begin) return "text";
  while (index < limit && isBlank(octets[index])) index++;
  if (index === limit) return "text";
  if (index === octets.length) return "open";
  return octets[index] === COLON ? "field" : "text";
}

function isNameOctet(octet: number | undefined): boolean {
  return octet !== undefined && octet > 0x20 && octet < 0x7f && octet !== COLON;
}

function isBlank(octet: number | undefined): boolean {
  return octet === 0x20 || octet === 0x09;
}

function tooLarge(maxBytes: number): RemoteProtocolError {
  return new RemoteProtocolError(
    "cpim-head-too-large",
    `Cannot read a CPIM message whose headers are longer than ${maxBytes} octets`,
    { status: 413 },
  );
}
