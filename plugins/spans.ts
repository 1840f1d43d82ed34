/**
 * A span of OpenTelemetry for each message that comes in, goes out or is relayed. Context is carried to the peer and taken
 * from it, so that a trace goes on where a message arrives.
 */
import {
  type Attributes,
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { z } from "zod";
import {
  type ChunkContext,
  definePlugin,
  type MaybeVerdict,
  type Next,
  type OutgoingContext,
  type Plugin,
  Verdict,
} from "../core/mod.ts";
import { limit, readOptions } from "./_options.ts";
import { extract, inject } from "./_traceparent.ts";

/** Options of `spans()`. */
export interface SpansOptions {
  /** Makes the spans. @default trace.getTracer("msrpkit"), of the provider that is registered when a message comes */
  readonly tracer?: Tracer;
  /** Write `Traceparent` into messages that are sent. @default true */
  readonly inject?: boolean;
  /** Go on with the trace that a peer names in `Traceparent`. @default true */
  readonly extract?: boolean;
  /** Spans of a node that are open, in each direction; the oldest is ended for a new one. @default 4096 */
  readonly maxOpenSpans?: number;
}

const schema = z.strictObject({
  tracer: z.exactOptional(
    z.custom<Tracer>((value) => typeof (value as Tracer | null)?.startSpan === "function", {
      error: "a tracer is wanted",
    }),
  ),
  inject: z.exactOptional(z.boolean()),
  extract: z.exactOptional(z.boolean()),
  maxOpenSpans: z.exactOptional(limit()),
});

/**
 * Spans for messages. Without an SDK nothing is recorded, and nothing is written into messages.
 *
 * ```ts
 * app.use(spans({ tracer: provider.getTracer("chat") }));
 * ```
 *
 * @throws {TypeError} an option is unknown or wrong
 */
export function spans(options: SpansOptions = {}): Plugin {
  const checked = readOptions("spans", schema, options);
  return definePlugin("spans", () => {
    const messages = new MessageSpans(checked);
    return {
      name: "spans",
      chunk: (c, next) => messages.chunk(c, next),
      outgoing: (c, next) => messages.outgoing(c, next),
      taps: {
        closed: ({ session, connection }) => {
          if (session === undefined && connection !== undefined) messages.ended(connection.id);
        },
        sent: ({ sent }) => {
          const span = messages.sent(sent.messageId);
          if (span === undefined) return;
          sent.accepted.then(
            () => span.end(),
            (error: unknown) => failed(span, error),
          );
        },
      },
    };
  });
}

const consumer = { kind: SpanKind.CONSUMER };

/** Spans that are open, by Message-ID. */
class OpenSpans {
  readonly #max: number;
  readonly #spans: Map<string, Span> = new Map();

  constructor(max: number) {
    this.#max = max;
  }

  add(key: string, span: Span): void {
    this.take(key)?.end();
    if (this.#spans.size >= this.#max) {
      const [oldest] = this.#spans.keys();
      if (oldest !== undefined) this.take(oldest)?.end();
    }
    this.#spans.set(key, span);
  }

  /** Ends those whose key begins so: their messages will not become whole. */
  endAll(prefix: string): void {
    for (const key of [...this.#spans.keys()]) {
      if (!key.startsWith(prefix)) continue;
      this.take(key)?.setStatus({ code: SpanStatusCode.ERROR, message: "connection closed" }).end();
    }
  }

  get(key: string): Span | undefined {
    return this.#spans.get(key);
  }

  take(key: string): Span | undefined {
    const span = this.#spans.get(key);
    if (span !== undefined) this.#spans.delete(key);
    return span;
  }
}

/** The spans of one node. */
class MessageSpans {
  readonly #options: SpansOptions;
  readonly #tracer: Tracer;
  readonly #incoming: OpenSpans;
  readonly #outgoing: OpenSpans;

  constructor(options: SpansOptions) {
    const { maxOpenSpans = 4096 } = options;
    this.#options = options;
    // Without a provider it is one that asks for the provider later.
    this.#tracer = options.tracer ?? trace.getTracer("msrpkit");
    this.#incoming = new OpenSpans(maxOpenSpans);
    this.#outgoing = new OpenSpans(maxOpenSpans);
  }

  /** A chunk came in: it begins, continues or ends the span of its message. */
  chunk(c: ChunkContext, next: Next): MaybeVerdict {
    const { messageId } = c;
    if (messageId === undefined) return next();
    const begins = c.first && (c.byteRange?.start ?? 1) === 1;
    const ends = c.last && c.flag !== "+";
    // What opens a session, or keeps it alive, is no message.
    if (begins && ends && c.contentType === undefined) return next();
    // Two connections may use the same Message-ID.
    const key = begins && ends ? "" : `${c.connection.id} ${messageId}`;
    const span = begins ? this.#begin(c) : this.#incoming.get(key);
    // Without an SDK, and without a trace of the peer's to go on with, there is nothing to end.
    if (span === undefined || !isSpanContextValid(span.spanContext())) return next();
    if (begins && !ends) this.#incoming.add(key, span);
    const verdict = context.with(trace.setSpan(context.active(), span), next);
    const settle = (decided: Verdict): void => {
      if (!ends && decided.accepted) return;
      if (key !== "") this.#incoming.take(key);
      finish(span, decided, c.flag === "#");
    };
    if (verdict instanceof Verdict) settle(verdict);
    else verdict.then(settle);
    return verdict;
  }

  /** A connection is over: what has begun on it will not end. */
  ended(connection: number): void {
    this.#incoming.endAll(`${connection} `);
  }

  #begin(c: ChunkContext): Span {
    const { contentType, connection } = c;
    // A session that is passed on is bound to nothing here.
    const relayed = c.session.state === "idle";
    const parent = this.#options.extract === false ? ROOT_CONTEXT : extract(c.headers, ROOT_CONTEXT);
    const name = relayed ? "msrp relay" : "msrp receive";
    const span = this.#tracer.startSpan(name, consumer, parent);
    if (!span.isRecording()) return span;
    const attributes: Attributes = {
      ...common(c.messageId ?? "", contentType),
      "messaging.operation.type": relayed ? "forward" : "process",
      "network.peer.address": connection.remoteAddress,
      ...(connection.remotePort === undefined ? {} : { "network.peer.port": connection.remotePort }),
    };
    const total = c.byteRange?.total;
    if (total !== undefined) attributes["messaging.message.body.size"] = total;
    return span.setAttributes(attributes);
  }

  /** A message is about to be sent: begins its span, and tells the peer of it. */
  outgoing(c: OutgoingContext, next: Next): MaybeVerdict {
    if (c.method !== "SEND") return next();
    const attributes = { ...common(c.messageId, c.contentType), "messaging.operation.type": "send" };
    const span = this.#tracer.startSpan("msrp send", { kind: SpanKind.PRODUCER, attributes });
    const told = c.headers.some(([name]) => name.toLowerCase() === "traceparent");
    if (this.#options.inject !== false && !told) c.headers.push(...inject(span.spanContext()));
    if (span.isRecording()) this.#outgoing.add(c.messageId, span);
    const verdict = next();
    const settle = (decided: Verdict): void => {
      if (decided.accepted) return;
      this.#outgoing.take(c.messageId);
      finish(span, decided, false);
    };
    if (verdict instanceof Verdict) settle(verdict);
    else verdict.then(settle);
    return verdict;
  }

  /** The message is on its way; its span is the caller's to end. */
  sent(messageId: string): Span | undefined {
    return this.#outgoing.take(messageId);
  }
}

function common(messageId: string, contentType: string | undefined): Attributes {
  return {
    "messaging.system": "msrp",
    "messaging.message.id": messageId.slice(0, 64),
    ...(contentType === undefined ? {} : { "msrp.content_type": contentType.slice(0, 128) }),
  };
}

function finish(span: Span, verdict: Verdict, aborted: boolean): void {
  if (aborted) span.addEvent("aborted by the sender");
  if (!verdict.accepted) {
    span.setAttribute("msrp.status", verdict.status);
    if (verdict.plugin !== undefined) span.setAttribute("msrp.refused_by", verdict.plugin);
    span.setStatus({ code: SpanStatusCode.ERROR, message: String(verdict.status) });
  }
  span.end();
}

function failed(span: Span, error: unknown): void {
  const { status, code } = error as { status?: unknown; code?: unknown };
  if (typeof status === "number" && status > 0) span.setAttribute("msrp.status", status);
  if (typeof code === "string") span.setAttribute("error.type", code);
  span.setStatus({ code: SpanStatusCode.ERROR, message: String(code ?? "failed") });
  span.end();
}
