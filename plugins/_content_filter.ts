/**
 * The filter of one node: leads each chunk past the rules, in the order in which they cost, and turns what they find into
 * verdicts. With rules for types and sizes alone it keeps nothing; a promise is made only when something has to be waited
 * for.
 */
import type {
  ChunkContext,
  ConnectionHandle,
  Hooks,
  MaybePromise,
  MaybeVerdict,
  Message,
  MessageContext,
  Next,
  PluginHost,
  Session,
  Verdict,
} from "../core/mod.ts";
import { FilteredSession } from "./_filtered_session.ts";
import { type FilterRule, type Finding, Inspection, type InspectionRules } from "./_inspection.ts";
import { isRelayed } from "./_relayed.ts";
import { tell } from "./_tell.ts";
import type { TextRules } from "./_text_rules.ts";
import { covers, type TypeRule, type TypeRules } from "./_type_rules.ts";
import { VirusScan, type VirusScanOptions } from "./_virus_scan.ts";

/** What a filter did, for an audit. It holds nothing of the content. */
export interface ContentFilterEvent {
  /** What was objected to; `"scanner"`: it could not be scanned, `"order"`: chunks out of order could not be looked at. */
  readonly rule: FilterRule;
  /** `"passed"`: it went on although it could not be scanned. `"reported"`: it had gone on, and a REPORT was sent. */
  readonly action: "refused" | "redacted" | "rewritten" | "passed" | "reported";
  /** Status of the refusal or REPORT; 200 otherwise. */
  readonly status: number;
  /** A type, or the name of a rule or of a virus. */
  readonly detail: string;
  readonly messageId: string;
  readonly session: Session;
  readonly connection: ConnectionHandle;
}

/** What the filter is made of. */
export interface ContentFilterParts {
  readonly types: TypeRules;
  readonly sniff: boolean;
  readonly textRules: (() => TextRules) | undefined;
  readonly textTypes: readonly string[];
  readonly overlap: number;
  readonly virus: (VirusScanOptions & { readonly hold: boolean }) | undefined;
  readonly rewrite: ((text: string, message: Message) => MaybePromise<string>) | undefined;
  readonly statuses: Readonly<Partial<Record<FilterRule, 403 | 413 | 415>>>;
  readonly onFinding: ((event: ContentFilterEvent) => void) | undefined;
  readonly maxMessages: number;
  readonly idleMs: number;
  readonly host: PluginHost;
}

type Told = Omit<Finding, "status"> & { readonly status: number };

type Where = Pick<ChunkContext | MessageContext, "session" | "connection" | "reject"> & {
  readonly messageId: string | undefined;
};

const comments: Readonly<Record<Finding["rule"], string>> = {
  type: "Type Not Accepted",
  size: "Too Large For Its Type",
  declared: "Content Is Not Of Its Type",
  text: "Content Not Accepted",
  virus: "Content Not Accepted",
  unreadable: "Content Cannot Be Read",
  order: "Chunks Out Of Order",
  scanner: "Content Cannot Be Checked",
};

/** One node's filter. */
export class ContentFilter {
  readonly #parts: ContentFilterParts;
  readonly #looksInside: boolean;

  constructor(parts: ContentFilterParts) {
    this.#parts = parts;
    this.#looksInside = parts.types.restrictive || parts.types.limiting || parts.textRules !== undefined;
  }

  /** The hooks. */
  hooks(): Hooks<FilteredSession> {
    const { maxMessages, idleMs, rewrite } = this.#parts;
    const stateful = this.#looksInside || this.#parts.sniff || this.#parts.virus !== undefined;
    return {
      name: "content_filter",
      session: () => new FilteredSession(maxMessages, idleMs),
      ended: (_session, own) => own.end(),
      chunk: (c, next, own) => this.#chunk(c, next, own),
      ...(stateful || rewrite !== undefined
        ? { message: (c: MessageContext, next: Next, own: FilteredSession) => this.#message(c, next, own) }
        : {}),
    };
  }

  #chunk(c: ChunkContext, next: Next, own: FilteredSession): MaybeVerdict {
    const { contentType } = c;
    if (c.frame.bodyLength === 0 && (contentType === undefined || c.flag === "#"))
      return this.#empty(c, next, own);
    const rule = this.#parts.types.of(contentType ?? "");
    if (!rule.allowed) return this.#refuse(c, own, { rule: "type", status: 415, detail: rule.essence });
    if (rule.maxBytes !== Number.POSITIVE_INFINITY && tooLong(c, rule.maxBytes))
      return this.#refuse(c, own, { rule: "size", status: 413, detail: rule.essence });
    if (c.flag === "#" || !this.#inspects(rule)) return this.#empty(c, next, own);
    return this.#inspect(c, next, own);
  }

  // Nothing to look at: a keep-alive, or the end of a message that its sender gives up.
  #empty(c: ChunkContext, next: Next, own: FilteredSession): MaybeVerdict {
    if (c.flag === "#") {
      own.drop(keyOf(c));
      own.unordered.delete(c.messageId ?? "");
    }
    return next();
  }

  #inspects(rule: TypeRule): boolean {
    const { sniff, virus, textRules, textTypes } = this.#parts;
    if (sniff || virus !== undefined) return true;
    if (rule.container) return this.#looksInside;
    return (
      textRules !== undefined && !textRules().empty && textTypes.some((entry) => covers(entry, rule.essence))
    );
  }

  #rules(): InspectionRules {
    const { types, sniff, textRules, textTypes, overlap } = this.#parts;
    const rules = textRules?.();
    return { types, sniff, text: rules?.empty === false ? rules : undefined, textTypes, overlap };
  }

  #inspect(c: ChunkContext, next: Next, own: FilteredSession): MaybeVerdict {
    const body = c.body ?? nothing;
    const start = c.byteRange?.start ?? 1;
    const last = c.flag === "$" && c.last;
    const key = own.messages.size > 0 || !last || start !== 1 ? keyOf(c) : "";
    let message = own.messages.get(key);
    if (start !== (message?.position ?? 0) + 1) return this.#outOfOrder(c, next, own, key);
    if (message === undefined) {
      if (own.unordered.has(c.messageId ?? "")) return next();
      const { virus, host } = this.#parts;
      message = {
        inspection: new Inspection(this.#rules(), c.contentType ?? ""),
        scan: virus === undefined ? undefined : new VirusScan(virus, host),
        position: 0,
        at: host.now(),
      };
      if (!last && !own.keep(key, message)) {
        message.scan?.abort();
        return this.#refuse(c, own, { rule: "order", status: 413, detail: "too many messages at a time" });
      }
    }
    message.at = this.#parts.host.now();
    message.position += body.length;
    const findings = message.inspection.feed(body, last);
    for (const finding of findings) {
      if (finding.status !== 200) {
        message.scan?.abort();
        return this.#refuse(c, own, finding);
      }
      this.#tell(c, finding, "redacted");
    }
    if (last && key !== "") {
      own.messages.delete(key);
      if (
        message.inspection.missed.length > 0 &&
        own.missed.size < this.#parts.maxMessages &&
        !isRelayed(c.session)
      )
        own.missed.set(c.messageId ?? "", message.inspection.missed);
    }
    // After this call the octets of a chunk that waits are elsewhere: nothing below may look at `body`.
    const written = message.scan?.write(body);
    const { scan } = message;
    const { looks } = message.inspection;
    if (scan?.doomed !== undefined) return this.#refuse(c, own, scan.doomed);
    const held = last && this.#holds(c) ? scan : undefined;
    if (last && scan !== undefined && held === undefined) this.#later(c, scan);
    if (written === undefined && looks === undefined && held === undefined) return next();
    return this.#wait(c, next, own, written, looks, held);
  }

  async #wait(
    c: ChunkContext,
    next: Next,
    own: FilteredSession,
    written: Promise<void> | undefined,
    looks: Promise<Finding | undefined> | undefined,
    scan: VirusScan | undefined,
  ): Promise<Verdict> {
    const looked = await looks;
    if (looked !== undefined) {
      scan?.abort();
      return this.#refuse(c, own, looked);
    }
    await written;
    const scanned = await scan?.verdict();
    if (scanned !== undefined) {
      if (scanned.status !== 200) return this.#refuse(c, own, scanned);
      this.#tell(c, scanned, "passed");
    }
    return next();
  }

  // True when the end of a message waits for the scanner.
  #holds(c: ChunkContext): boolean {
    return this.#parts.virus?.hold !== false || isRelayed(c.session);
  }

  // The message goes on; what is found is told to its sender by a REPORT (RFC 4975 §7.1.4).
  #later(c: ChunkContext, scan: VirusScan): void {
    const { session, connection, messageId, frame } = c;
    const silent = frame.failureReport === "no";
    const end = (frame.byteRange?.start ?? 1) - 1 + frame.bodyLength;
    scan.verdict().then((finding) => {
      if (finding === undefined) return;
      const where = { session, connection, messageId };
      if (finding.status === 200 || finding.rule === "scanner") return this.#tell(where, finding, "passed");
      const status = this.#parts.statuses[finding.rule] ?? finding.status;
      this.#tell(where, { ...finding, status }, "reported");
      if (silent || messageId === undefined) return;
      const byteRange = { start: 1, end, total: end };
      session.report({ messageId, status, comment: comments[finding.rule], byteRange });
    });
  }

  // What is put together here is looked at when it is whole; a relay, and a reader of a stream, would have it by then.
  #outOfOrder(c: ChunkContext, next: Next, own: FilteredSession, key: string): MaybeVerdict {
    const id = c.messageId ?? "";
    own.drop(key);
    if (!isRelayed(c.session) && !own.streams.has(id) && own.note(own.unordered, id)) return next();
    return this.#refuse(c, own, { rule: "order", status: 413, detail: "chunks out of order" });
  }

  #message(c: MessageContext, next: Next, own: FilteredSession): MaybeVerdict {
    const { message } = c;
    const { messageId, mode } = message;
    if (mode === "stream" && message.size === undefined) {
      if (!own.note(own.streams, messageId))
        return this.#refuse(c, own, { rule: "order", status: 413, detail: "too many messages at a time" });
      const done = (): void => void own.streams.delete(messageId);
      message.completed.then(done, done);
    }
    if (own.unordered.delete(messageId)) {
      if (mode !== "memory")
        return this.#refuse(c, own, { rule: "order", status: 413, detail: "chunks out of order" });
      return this.#whole(c, next, own);
    }
    const missed = own.missed.get(messageId);
    if (missed !== undefined) {
      own.missed.delete(messageId);
      if (mode === "memory")
        for (const { start, length } of missed) message.body.fill(0x2a, start, start + length);
    }
    return this.#rewrite(c, next);
  }

  // A message whose chunks came in any order, all of it.
  async #whole(c: MessageContext, next: Next, own: FilteredSession): Promise<Verdict> {
    const { virus, host } = this.#parts;
    const { body } = c.message;
    const inspection = new Inspection(this.#rules(), c.contentType ?? "");
    for (const finding of inspection.feed(body, true)) {
      if (finding.status !== 200) return this.#refuse(c, own, finding);
      this.#tell(c, finding, "redacted");
    }
    const looked = await inspection.looks;
    if (looked !== undefined) return this.#refuse(c, own, looked);
    const scan = virus === undefined ? undefined : new VirusScan(virus, host);
    for (let at = 0; scan !== undefined && at < body.length; at += pieceBytes) {
      await scan.write(body.subarray(at, at + pieceBytes));
    }
    const scanned = await scan?.verdict();
    if (scanned !== undefined) {
      if (scanned.status !== 200) return this.#refuse(c, own, scanned);
      this.#tell(c, scanned, "passed");
    }
    return this.#rewrite(c, next);
  }

  #rewrite(c: MessageContext, next: Next): MaybeVerdict {
    const { rewrite, textTypes, types } = this.#parts;
    const { message } = c;
    if (rewrite === undefined || message.mode !== "memory" || message.contentType === undefined)
      return next();
    const { essence } = types.of(message.contentType);
    if (!textTypes.some((entry) => covers(entry, essence))) return next();
    return this.#rewritten(c, next, rewrite);
  }

  async #rewritten(
    c: MessageContext,
    next: Next,
    rewrite: (text: string, message: Message) => MaybePromise<string>,
  ): Promise<Verdict> {
    const text = await c.message.text();
    const fresh: unknown = await rewrite(text, c.message);
    if (typeof fresh !== "string")
      throw new TypeError(`Cannot use what "rewrite" gave: ${typeof fresh} is no text`);
    if (fresh !== text) {
      const charset = /;\s*charset=("[^"]*"|[^\s;]*)/i;
      const contentType = (c.message.contentType ?? "text/plain").replace(charset, ";charset=utf-8");
      c.message = c.message.with({ body: fresh, contentType });
      this.#tell(c, { rule: "text", status: 200, detail: "rewrite" }, "rewritten");
    }
    return next();
  }

  #refuse(c: Where, own: FilteredSession, { rule, status: usual, detail }: Finding): Verdict {
    if (own.messages.size > 0) own.drop(keyOf(c));
    const status = this.#parts.statuses[rule] ?? usual;
    this.#tell(c, { rule, status, detail }, "refused");
    return c.reject(status, comments[rule]);
  }

  #tell(
    { session, connection, messageId = "" }: Omit<Where, "reject">,
    { rule, status, detail }: Told,
    action: ContentFilterEvent["action"],
  ): void {
    const { onFinding, host } = this.#parts;
    tell(host, "onFinding", () =>
      onFinding?.({ rule, action, status, detail, messageId, session, connection }),
    );
  }
}

const nothing: Uint8Array = new Uint8Array(0);
const pieceBytes = 65_536;

function keyOf({ connection, messageId }: Pick<Where, "connection" | "messageId">): string {
  return `${connection.id} ${messageId}`;
}

function tooLong(c: ChunkContext, maxBytes: number): boolean {
  const { byteRange } = c;
  const end = (byteRange?.start ?? 1) - 1 + c.frame.bodyLength;
  return end > maxBytes || (byteRange?.total ?? 0) > maxBytes;
}
