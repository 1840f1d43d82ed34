/**
 * Looks into message/cpim and multipart/* while their octets come, in pieces of any size, and tells what stands inside:
 * the type of each innermost part and its octets. It holds a line at most, and heads up to a bound.
 */
import { type MediaType, parseMediaType } from "../core/mod.ts";

/** Told of what is inside, in order. Octets are views of what was fed, or of a copy that lasts as long as the call. */
export interface MimeVisitor {
  /** A container inside another one. */
  container(contentType: string): void;
  /** An innermost part begins. @param encoding Content-Transfer-Encoding in lower case */
  leaf(contentType: string, encoding: string): void;
  /** Octets of it. @param own false: `bytes` is a copy, so that changing it changes nothing */
  data(bytes: Uint8Array, own: boolean): void;
  /** It ends. */
  leafEnd(): void;
}

const LF = 0x0a;
const DASH = 0x2d;
const maxDepth = 8;
const maxParts = 256;
const maxHeadBytes = 16_384;
// RFC 2046 §5.1.1: a boundary has 70 characters at most; blanks may follow.
const maxDelimiterBytes = 256;

interface Multipart {
  readonly delimiter: string;
  readonly signed: boolean;
  readonly usual: string;
  parts: number;
}

/** One container. */
export class MimeWalker {
  readonly #visitor: MimeVisitor;
  readonly #open: Multipart[] = [];
  #state: "cpim" | "head" | "leaf" | "between" = "between";
  #usual = "text/plain";
  #head = "";
  #lineStart = true;
  #held: Uint8Array | undefined; // a line that may be a delimiter, or of a head, whose end is not here yet
  #depth = 0;
  #parts = 0;
  #skipping = false; // a signature: it is none of the content
  #fault: string | undefined;

  /** @param contentType that of the container */
  constructor(contentType: string, visitor: MimeVisitor) {
    this.#visitor = visitor;
    this.#enter(contentType, "");
  }

  /** Why it cannot be looked through; undefined = it can so far. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Takes the next octets. */
  feed(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && this.#fault === undefined; ) {
      if (this.#held !== undefined || (this.#state !== "leaf" && this.#state !== "between")) {
        at = this.#line(bytes, at);
      } else if (this.#open.length === 0) {
        if (this.#state === "leaf") this.#data(bytes.subarray(at), true);
        return;
      } else at = this.#content(bytes, at);
    }
  }

  /** There are no more. */
  end(): void {
    const held = this.#held;
    this.#held = undefined;
    if (this.#fault !== undefined) return;
    if (held !== undefined) this.#whole(held, false);
    // A head without content is a part all the same.
    if (this.#state === "head" && this.#head !== "") this.#headDone();
    this.#leave();
  }

  // Octets that belong to a part, up to a line that may be a delimiter.
  #content(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length) {
      if (this.#lineStart && bytes[at] === DASH && (bytes[at + 1] ?? DASH) === DASH) break;
      const end = bytes.indexOf(LF, at);
      this.#lineStart = end >= 0;
      at = end < 0 ? bytes.length : end + 1;
    }
    if (at > from) this.#data(bytes.subarray(from, at), true);
    return at < bytes.length ? this.#line(bytes, at) : at;
  }

  // One line, or what there is of it; returns where the next one begins.
  #line(bytes: Uint8Array, at: number): number {
    const lf = bytes.indexOf(LF, at);
    const end = lf < 0 ? bytes.length : lf + 1;
    const piece = bytes.subarray(at, end);
    const held = this.#held;
    const line = held === undefined ? piece : joined(held, piece);
    const bound = this.#state === "leaf" || this.#state === "between" ? maxDelimiterBytes : maxHeadBytes;
    if (lf >= 0 || line.length > bound) {
      this.#held = undefined;
      this.#whole(line, held === undefined);
      this.#lineStart = lf >= 0;
    } else this.#held = held === undefined ? piece.slice() : line;
    return end;
  }

  #whole(line: Uint8Array, own: boolean): void {
    if (this.#open.length > 0 && line[0] === DASH && line[1] === DASH && this.#delimiter(line)) return;
    if (this.#state === "leaf") this.#data(line, own);
    else if (this.#state !== "between") this.#headLine(line);
  }

  #headLine(line: Uint8Array): void {
    const text = latin1(line);
    if (text !== "\n" && text !== "\r\n") {
      this.#head += text;
      if (this.#head.length > maxHeadBytes) this.#fault = "head too long";
    } else if (this.#state !== "cpim") this.#headDone();
    // Without the empty line between them both heads are one; readers that are lenient take it so.
    else if (/^content-type[ \t]*:/im.test(this.#head)) this.#headDone();
    else this.#beginHead("text/plain");
  }

  #headDone(): void {
    const head = this.#head.replace(/\r?\n[ \t]+/g, " ");
    // Of two, nobody knows which one the reader takes.
    if (/^(content-type|content-transfer-encoding)[ \t]*:[\s\S]*^\1[ \t]*:/im.test(head)) {
      this.#fault = "a field is there twice";
      return;
    }
    const type = /^content-type[ \t]*:[ \t]*([^\r\n]*)/im.exec(head)?.[1]?.trim() ?? this.#usual;
    const encoding = /^content-transfer-encoding[ \t]*:[ \t]*([^\s;]+)/im.exec(head)?.[1] ?? "";
    this.#enter(type, encoding.toLowerCase());
  }

  #beginHead(usual: string): void {
    this.#state = "head";
    this.#head = "";
    this.#usual = usual;
  }

  // What a head announces begins.
  #enter(contentType: string, encoding: string): void {
    if (++this.#parts > maxParts || this.#depth > maxDepth) {
      this.#fault = "too many parts, or too deep";
      return;
    }
    const type = parseMediaType(contentType);
    const nested = this.#parts > 1;
    const composite = type?.type === "multipart" || type?.essence === "message/cpim";
    // RFC 2045 §6.4: containers are never encoded.
    if (composite && !plainEncodings.has(encoding) && !this.#skipping) {
      this.#fault = "an encoded container";
      return;
    }
    const boundary = type?.type === "multipart" ? type.parameters.get("boundary") : undefined;
    this.#lineStart = true;
    if (type?.essence === "message/cpim" && !this.#skipping) {
      if (nested) this.#visitor.container(contentType);
      this.#depth++;
      this.#head = "";
      this.#state = "cpim";
    } else if (type !== undefined && boundary !== undefined && boundary !== "" && !this.#skipping) {
      if (nested) this.#visitor.container(contentType);
      this.#depth++;
      this.#open.push(multipart(type, boundary));
      this.#state = "between";
    } else {
      this.#state = "leaf";
      if (!this.#skipping) this.#visitor.leaf(contentType, encoding);
    }
  }

  #data(bytes: Uint8Array, own: boolean): void {
    if (this.#state === "leaf" && !this.#skipping) this.#visitor.data(bytes, own);
  }

  #leave(): void {
    if (this.#state === "leaf" && !this.#skipping) this.#visitor.leafEnd();
    this.#state = "between";
  }

  // True when the line delimits a part of any multipart that is open: the outer ones end the inner ones.
  #delimiter(line: Uint8Array): boolean {
    const text = latin1(line).trimEnd();
    for (let index = this.#open.length - 1; index >= 0; index--) {
      const one = this.#open[index] as Multipart;
      const last = text === `${one.delimiter}--`;
      if (!last && text !== one.delimiter) continue;
      if (this.#state === "head") this.#headDone();
      this.#leave();
      this.#open.length = last ? index : index + 1;
      this.#depth = this.#open.length;
      this.#lineStart = true;
      if (last) this.#skipping = false;
      else {
        // RFC 4975 §14.3: signed content is taken also by those who cannot check the signature.
        this.#skipping = one.signed && one.parts > 0;
        one.parts++;
        this.#beginHead(one.usual);
      }
      return true;
    }
    return false;
  }
}

/** Encodings that change nothing (RFC 2045 §6.2). */
export const plainEncodings: ReadonlySet<string> = new Set(["", "7bit", "8bit", "binary"]);

function multipart({ subtype }: MediaType, boundary: string): Multipart {
  const usual = subtype === "digest" ? "message/rfc822" : "text/plain";
  return { delimiter: `--${boundary}`, signed: subtype === "signed", usual, parts: 0 };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
