/**
 * Looks through one text while its octets come, and keeps as much as a match may need of what came before. What must not
 * be read is blackened in place, with the same number of octets.
 */
import type { TextMatch, TextRules } from "./_text_rules.ts";

/** What was found in a piece. */
export interface TextFinding {
  readonly rule: string;
  readonly action: "refuse" | "redact";
  /** Octets of a redacted match that came before this piece, and so are with the receiver already; 0 = none. */
  readonly missed: number;
}

const STAR = 0x2a;
// For texts that come in one piece.
const utf8: TextDecoder = new TextDecoder("utf-8", { ignoreBOM: true });
const REPLACEMENT = "\uFFFD";

/** One text. */
export class TextScan {
  readonly #rules: TextRules;
  readonly #overlap: number;
  #decoder: TextDecoder | undefined;
  readonly #unit: "utf-8" | "octet" | "other";
  #tail = "";
  #octets = 0; // fed so far
  #decoded = 0; // of them, decoded; the rest is the beginning of a character
  #sound: boolean; // octets and characters can be told from each other

  /**
   * @param charset as the Content-Type has it @param overlap characters kept of what came before
   * @throws {RangeError} the runtime does not know the charset
   */
  constructor(rules: TextRules, charset: string, overlap: number) {
    this.#rules = rules;
    this.#overlap = overlap;
    // Making a decoder costs more than a short text does.
    if (charset === "utf-8") {
      this.#unit = "utf-8";
      this.#sound = true;
      return;
    }
    this.#decoder = new TextDecoder(charset as ConstructorParameters<typeof TextDecoder>[0], {
      ignoreBOM: true,
    });
    const { encoding } = this.#decoder;
    const octet = /^(?:windows-125|iso-8859-|koi8-|macintosh|ibm866)/.test(encoding);
    this.#unit = encoding === "utf-8" ? "utf-8" : octet ? "octet" : "other";
    this.#sound = this.#unit !== "other";
  }

  /**
   * Takes the next octets; blackens them where a rule says so.
   *
   * @param mutable false: `bytes` is a copy, so that what would be redacted has to be refused
   * @param last nothing follows
   */
  feed(bytes: Uint8Array, mutable: boolean, last: boolean): TextFinding[] {
    const text = this.#decode(bytes, last);
    const before = this.#tail;
    const all = before === "" ? text : before + text;
    const earlier = before.length;
    const matches = this.#rules.find(all);
    const found =
      matches.length === 0
        ? matches
        : matches.filter(({ action, end }) => {
            // What lies in the part that is kept was found before, unless it might have gone on: a word of three letters at
            // the end of a chunk may be the beginning of a longer one. What is to be redacted cannot wait for that.
            if (end < earlier || (end === earlier && action === "redact")) return false;
            return last || action === "redact" || end < all.length;
          });
    const pending = this.#octets - this.#decoded; // octets of the first character that came before
    this.#octets += bytes.length;
    if (this.#sound && text.includes(REPLACEMENT)) this.#sound = false;
    if (this.#sound) this.#decoded += this.#length(text, 0, text.length);
    const findings = found.map((match) => this.#act(match, all, earlier, pending, bytes, mutable));
    // Nothing of what was found is found again in what is kept.
    const seen = found.reduce((end, match) => Math.max(end, match.end), 0);
    this.#tail = last ? "" : all.slice(Math.max(all.length - this.#overlap, seen));
    return findings;
  }

  #decode(bytes: Uint8Array, last: boolean): string {
    if (this.#decoder === undefined) {
      if (last) return utf8.decode(bytes);
      this.#decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    }
    return this.#decoder.decode(bytes, { stream: !last });
  }

  #act(
    match: TextMatch,
    all: string,
    earlier: number,
    pending: number,
    bytes: Uint8Array,
    mutable: boolean,
  ): TextFinding {
    const { rule, action, start, end } = match;
    if (action === "refuse" || !mutable || !this.#sound) return { rule, action: "refuse", missed: 0 };
    const from = this.#length(all, earlier, Math.max(start, earlier)) - pending;
    const to = this.#length(all, earlier, Math.max(end, earlier)) - pending;
    bytes.fill(STAR, Math.max(0, from), Math.max(0, to));
    const missed = this.#length(all, Math.min(start, earlier), Math.min(end, earlier)) + Math.max(0, -from);
    return { rule, action: "redact", missed };
  }

  // Octets of a part of a text.
  #length(text: string, start: number, end: number): number {
    if (this.#unit !== "utf-8") return end - start;
    let octets = 0;
    for (let index = start; index < end; index++) {
      const code = text.charCodeAt(index);
      if (code < 0x80) octets += 1;
      else if (code < 0x800) octets += 2;
      else if (code >= 0xd800 && code < 0xe000)
        octets += 2; // each half of a pair; the pair has four
      else octets += 3;
    }
    return octets;
  }
}
