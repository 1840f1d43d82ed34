/**
 * One message under inspection: its octets go in as they come, what is wrong with it comes out. Types inside it, their
 * sizes and texts are looked at at once; what its octets look like, and what a scanner says, comes later.
 */
import { MimeWalker, plainEncodings } from "./_mime_walker.ts";
import { contradiction, isUnspecific, sniff, sniffBytes } from "./_sniff.ts";
import type { TextRules } from "./_text_rules.ts";
import { TextScan } from "./_text_scan.ts";
import { type TransferDecoder, transferDecoder } from "./_transfer_decoding.ts";
import { covers, type TypeRules } from "./_type_rules.ts";

/** What a filter can object to. */
export type FilterRule = (typeof filterRules)[number];

/** All of them. */
export const filterRules: readonly [
  "type",
  "size",
  "declared",
  "text",
  "virus",
  "unreadable",
  "order",
  "scanner",
] = ["type", "size", "declared", "text", "virus", "unreadable", "order", "scanner"];

/** Something found in a message. */
export interface Finding {
  readonly rule: FilterRule;
  /** 200 = it was redacted and goes on. */
  readonly status: 200 | 403 | 413 | 415;
  /** What it is about: a type, the name of a rule or of a virus. Nothing of the content. */
  readonly detail: string;
}

/** What is looked for. */
export interface InspectionRules {
  readonly types: TypeRules;
  /** Look at what the octets show. */
  readonly sniff: boolean;
  readonly text: TextRules | undefined;
  /** Types that are text. */
  readonly textTypes: readonly string[];
  /** Characters that a match may have and still be found across chunks. */
  readonly overlap: number;
}

interface Part {
  readonly contentType: string;
  readonly essence: string;
  readonly charset: string;
  readonly maxBytes: number;
  readonly decode: TransferDecoder | undefined;
  readonly text: TextScan | undefined;
  head: Uint8Array[] | undefined; // the first octets, until they have been looked at
  headBytes: number;
  size: number;
}

/** Octets that are looked at before more have come: the shortest signatures that tell anything. */
const leastBytes = 64;

/** One message. */
export class Inspection {
  readonly #rules: InspectionRules;
  readonly #walker: MimeWalker | undefined;
  readonly #sniffs: Promise<Finding | undefined>[] = [];
  readonly #redacted: { start: number; length: number }[] = [];
  #part: Part | undefined;
  #finding: Finding | undefined;
  #notes: Finding[] = [];
  #position = 0;

  constructor(rules: InspectionRules, contentType: string) {
    this.#rules = rules;
    const rule = rules.types.of(contentType);
    if (!rule.container) {
      this.#part = this.#begin(contentType, "");
      return;
    }
    this.#walker = new MimeWalker(contentType, {
      container: (type) => this.#judge(type),
      leaf: (type, encoding) => {
        this.#judge(type);
        this.#part = this.#begin(type, encoding);
      },
      data: (bytes, own) => this.#data(bytes, own, false),
      leafEnd: () => this.#endPart(),
    });
  }

  /** Octets so far. */
  get position(): number {
    return this.#position;
  }

  /** Parts of redacted matches that had passed before the rest came, as octets of the whole message from 0. */
  get missed(): readonly { readonly start: number; readonly length: number }[] {
    return this.#redacted;
  }

  /** Takes the next octets, and blackens in them what is to be redacted. What refuses the message comes first. */
  feed(bytes: Uint8Array, last: boolean): Finding[] {
    const walker = this.#walker;
    if (walker === undefined) this.#data(bytes, true, last);
    else {
      walker.feed(bytes);
      if (last) walker.end();
      if (walker.fault !== undefined) this.#refuse({ rule: "unreadable", status: 415, detail: walker.fault });
    }
    this.#position += bytes.length;
    if (last) this.#endPart();
    else if (this.#part !== undefined && this.#part.headBytes >= leastBytes) this.#look(this.#part);
    const notes = this.#notes;
    if (notes.length === 0 && this.#finding === undefined) return none;
    this.#notes = [];
    return this.#finding === undefined ? notes : [this.#finding, ...notes];
  }

  /** What the octets look like, when that is being found out; undefined = it is not. */
  get looks(): Promise<Finding | undefined> | undefined {
    if (this.#sniffs.length === 0) return undefined;
    return Promise.all(this.#sniffs.splice(0)).then((all) => all.find((one) => one !== undefined));
  }

  #refuse(finding: Finding): void {
    this.#finding ??= finding;
  }

  #judge(contentType: string): void {
    const { essence, allowed } = this.#rules.types.of(contentType);
    if (!allowed) this.#refuse({ rule: "type", status: 415, detail: essence });
  }

  #begin(contentType: string, encoding: string): Part {
    const { types, text, textTypes, overlap } = this.#rules;
    const { essence, charset, maxBytes } = types.of(contentType);
    let scan: TextScan | undefined;
    if (text !== undefined && textTypes.some((entry) => covers(entry, essence))) {
      try {
        scan = new TextScan(text, charset, overlap);
      } catch {
        this.#refuse({ rule: "unreadable", status: 415, detail: "unknown charset" });
      }
    }
    const head = this.#rules.sniff ? [] : undefined;
    const decode = transferDecoder(encoding);
    if (decode === undefined && !plainEncodings.has(encoding) && (scan !== undefined || head !== undefined))
      this.#refuse({ rule: "unreadable", status: 415, detail: "unknown encoding" });
    return { contentType, essence, charset, maxBytes, decode, text: scan, head, headBytes: 0, size: 0 };
  }

  #data(bytes: Uint8Array, own: boolean, last: boolean): void {
    const part = this.#part;
    if (part === undefined) return;
    const octets = part.decode === undefined ? bytes : part.decode(bytes);
    part.size += octets.length;
    if (part.size > part.maxBytes) this.#refuse({ rule: "size", status: 413, detail: part.essence });
    if (part.head !== undefined && octets.length > 0) {
      const piece = octets.slice(0, sniffBytes - part.headBytes);
      part.head.push(piece);
      part.headBytes += piece.length;
      if (part.headBytes >= sniffBytes) this.#look(part);
    }
    if (part.text !== undefined) this.#read(part, part.text, octets, own && part.decode === undefined, last);
  }

  #read(part: Part, text: TextScan, octets: Uint8Array, mutable: boolean, last: boolean): void {
    for (const { rule, action, missed } of text.feed(octets, mutable, last)) {
      if (action === "refuse") this.#refuse({ rule: "text", status: 403, detail: rule });
      else {
        this.#notes.push({ rule: "text", status: 200, detail: rule });
        // Of a plain message alone it is known where that was.
        if (missed > 0 && this.#walker === undefined) {
          this.#redacted.push({ start: part.size - octets.length - missed, length: missed });
        }
      }
    }
  }

  #endPart(): void {
    const part = this.#part;
    if (part === undefined) return;
    if (part.head !== undefined && part.headBytes > 0) this.#look(part);
    // A match at the very end has waited for what might follow.
    if (part.text !== undefined) this.#read(part, part.text, nothing, false, true);
    this.#part = undefined;
  }

  #look(part: Part): void {
    const pieces = part.head;
    if (pieces === undefined) return;
    part.head = undefined;
    const bytes = new Uint8Array(part.headBytes);
    let position = 0;
    for (const piece of pieces) {
      bytes.set(piece, position);
      position += piece.length;
    }
    this.#sniffs.push(this.#compare(part.essence, part.charset, bytes));
  }

  async #compare(declared: string, charset: string, bytes: Uint8Array): Promise<Finding | undefined> {
    const found = await sniff(bytes);
    if (isUnspecific(declared) && found !== undefined && !this.#rules.types.of(found).allowed) {
      return { rule: "type", status: 415, detail: found };
    }
    const detail = contradiction(declared, charset, found, bytes);
    return detail === undefined ? undefined : { rule: "declared", status: 415, detail };
  }
}

const none: Finding[] = [];
const nothing: Uint8Array = new Uint8Array(0);
