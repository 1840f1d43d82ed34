/**
 * The head of a CPIM message, read: who sent what to whom, when, about what, and the MIME headers of the content.
 * Everything that was there is kept, also what nobody here understands.
 */
import { type MediaType, parseMediaType } from "../core/mod.ts";
import { CpimCoreFields, CpimFieldReader } from "./_cpim_fields.ts";
import { CpimHeaderReader, type CpimJudge, type CpimLine, cpimLines, judge } from "./_cpim_headers.ts";
import type { CpimLayout } from "./_cpim_scan.ts";
import { parseDateTime } from "./_cpim_text.ts";
import type { CpimAddress, CpimHeader, CpimName, CpimReadOptions, CpimSubject } from "./_cpim_types.ts";
import { type MimeFields, mimeField, parseMimeFields } from "./_mime_head.ts";

/** Headers of a CPIM message (RFC 3862 §4) and of its content. */
export class CpimHead {
  /** Every message header, in order, also NS. */
  readonly headers: readonly CpimHeader[];
  /** Headers that RFC 3862 does not define, in order. */
  readonly extensions: readonly CpimHeader[];
  /** The sender; the first one, when a lenient reader found several. */
  readonly from: CpimAddress | undefined;
  readonly to: readonly CpimAddress[];
  readonly cc: readonly CpimAddress[];
  /** DateTime as it was written; undefined when it is missing or unreadable. */
  readonly dateTime: string | undefined;
  /** Subjects, in order; more than one only where RFC 4975 §13 was not enforced. */
  readonly subjects: readonly CpimSubject[];
  /** What the recipient has to understand (RFC 3862 §3.5). */
  readonly require: readonly CpimName[];
  /** MIME headers of the content, unfolded. */
  readonly mimeHeaders: MimeFields;
  /** What a lenient reader passed over: stable codes, each once. */
  readonly warnings: readonly string[];
  /** Content-Type of the content; "text/plain" when a lenient reader found none. */
  readonly contentType: string;
  /** First octet of the content within the message. */
  readonly contentStart: number;
  /** @internal First octet behind the message headers: of the empty line after them, or of MIME headers that follow at once. */
  readonly headEnd: number;

  /** @internal */
  constructor(parts: {
    headers: readonly CpimHeader[];
    extensions: readonly CpimHeader[];
    core: CpimCoreFields;
    mimeHeaders: MimeFields;
    warnings: ReadonlySet<string>;
    contentStart: number;
    headEnd: number;
  }) {
    this.headers = parts.headers;
    this.extensions = parts.extensions;
    this.from = parts.core.from;
    this.to = parts.core.to;
    this.cc = parts.core.cc;
    this.dateTime = parts.core.dateTime;
    this.subjects = parts.core.subjects;
    this.require = parts.core.require;
    this.mimeHeaders = parts.mimeHeaders;
    this.warnings = [...parts.warnings];
    this.contentType = mimeField(parts.mimeHeaders, "content-type") ?? "text/plain";
    this.contentStart = parts.contentStart;
    this.headEnd = parts.headEnd;
  }

  /** DateTime as a moment. */
  get date(): Date | undefined {
    return this.dateTime === undefined ? undefined : parseDateTime(this.dateTime);
  }

  /** The first Subject. */
  get subject(): string | undefined {
    return this.subjects[0]?.text;
  }

  /** Content-Type, taken apart; undefined when it is no media type. */
  get mediaType(): MediaType | undefined {
    return parseMediaType(this.contentType);
  }

  /** Values of the headers of a name, in order, whatever prefix they were written with. */
  values(namespace: string, name: string): string[] {
    return this.extensions
      .filter((header) => header.name === name && header.namespace === namespace)
      .map(({ value }) => value);
  }

  /** Value of the first header of a name. */
  value(namespace: string, name: string): string | undefined {
    return this.values(namespace, name)[0];
  }

  /** Value of the first MIME header of a name, in whatever letters. */
  mimeHeader(name: string): string | undefined {
    return mimeField(this.mimeHeaders, name);
  }
}

/**
 * Reads the head whose place in `octets` is known.
 *
 * @throws {RemoteProtocolError} codes of the vectors, such as `bad-address`; status 400
 */
export function readHead(octets: Uint8Array, layout: CpimLayout, options: CpimReadOptions): CpimHead {
  const mode = options.mode ?? "lenient";
  const warnings = new Set<string>();
  const by = judge(mode === "lenient", warnings);
  if (layout.head > 0) by.odd("leading-blank-line", "an empty line stands before the headers");
  const lines = cpimLines(decode(octets.subarray(layout.head, layout.mime), by), by);
  const block = decode(octets.subarray(layout.mime, layout.content), by);
  const mime = readMime(block, lines, layout, by);
  const maxHeaders = options.maxHeaders ?? 256;
  if (mime.lines.length > maxHeaders || mime.fields.length > maxHeaders) {
    by.fail("cpim-head-too-large", `it has more than ${maxHeaders} headers`);
  }
  const reader = new CpimHeaderReader(mime.lines, by);
  const headers: CpimHeader[] = [];
  const core = new CpimCoreFields();
  const extensions: CpimHeader[] = [];
  const fields = new CpimFieldReader(core, mode, by);
  // One after the other: what a prefix means depends on what stands before it.
  for (const line of mime.lines) {
    const header = reader.read(line);
    headers.push(header);
    if (!fields.take(header, reader)) extensions.push(header);
  }
  mime.check();
  fields.finish();
  return new CpimHead({
    headers,
    extensions,
    core,
    mimeHeaders: mime.fields,
    warnings,
    contentStart: mime.contentStart,
    headEnd: layout.mime - (octets[layout.mime - 2] === 0x0d ? 2 : 1),
  });
}

// Made once: to make one costs more than to decode a head.
const strictUtf8: TextDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const utf8: TextDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

function decode(octets: Uint8Array, by: CpimJudge): string {
  try {
    return strictUtf8.decode(octets);
  } catch {
    by.odd("not-utf8", "a header is not UTF-8");
    return utf8.decode(octets);
  }
}

interface Mime {
  /** Lines of the message headers. */
  readonly lines: readonly CpimLine[];
  readonly fields: MimeFields;
  readonly contentStart: number;
  /** Says what is wrong with it: after the message headers, which come first. */
  check(): void;
}

// Names that stand in the first block when a peer leaves the empty line out.
const mergedName = /^(?:content-[^:\s]+|mime-version)[ \t]*:/i;
const contentType = /^content-type[ \t]*:/i;

function readMime(block: string, lines: readonly CpimLine[], layout: CpimLayout, by: CpimJudge): Mime {
  const fields = parseMimeFields(block);
  const real = mimeField(fields, "content-type") !== undefined;
  const merged = by.lenient && !real && lines.some(({ text }) => contentType.test(text));
  if (merged) {
    return {
      lines: lines.filter(({ text }) => !mergedName.test(text)),
      fields: parseMimeFields(lines.flatMap(({ text }) => (mergedName.test(text) ? [text] : [])).join("\n")),
      contentStart: layout.mime,
      check: () => by.odd("merged-mime-headers", "no empty line stands before the MIME headers"),
    };
  }
  // Text that happens to look like headers is content, unless it says something about content.
  const isHead =
    real || (layout.closed && fields.some(([name]) => /^(?:content-|mime-version$)/i.test(name)));
  return {
    lines,
    fields: isHead ? fields : [],
    contentStart: isHead ? layout.content : layout.mime,
    check: () => {
      if (isHead && /(?:^|[^\r])\n/.test(block)) by.odd("bare-line-ending", "a line ends without CR LF");
      if (!layout.closed && !by.lenient) by.fail("incomplete", "it ends within its headers");
      if (!real) by.odd("missing-content-type", "the content has no Content-Type");
      else if (!layout.closed) by.odd("missing-blank-line", "no empty line stands behind the MIME headers");
    },
  };
}
