/**
 * Carries the context of a trace in header fields of a SEND, as W3C Trace Context does in HTTP: `Traceparent` and
 * `Tracestate`. Peers that do not know them pass them on or ignore them (RFC 4975 §9).
 */
import {
  createTraceState,
  isSpanContextValid,
  type SpanContext,
  type Context as TraceContext,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import type { HeaderList } from "../core/mod.ts";

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
// What W3C has every vendor carry; more is somebody's mischief.
const maxStateChars = 512;

/** `parent` with the span that the peer names, or `parent` itself. */
export function extract(headers: Pick<HeaderList, "get">, parent: TraceContext): TraceContext {
  const text = headers.get("Traceparent");
  if (text === undefined) return parent;
  const match = pattern.exec(text.trim());
  // Version ff is none, and only later ones than 00 may have more fields.
  if (match === null || match[1] === "ff" || (match[1] === "00" && match[5] !== undefined)) return parent;
  const [, , traceId = "", spanId = "", flags = "00"] = match;
  const state = headers.get("Tracestate");
  const spanContext: SpanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED,
    isRemote: true,
    ...(state === undefined || state.length > maxStateChars ? {} : { traceState: createTraceState(state) }),
  };
  return isSpanContextValid(spanContext) ? trace.setSpanContext(parent, spanContext) : parent;
}

/** The header fields that name a span; none for a span that is not recorded by anybody. */
export function inject(spanContext: SpanContext): (readonly [name: string, value: string])[] {
  if (!isSpanContextValid(spanContext)) return [];
  const { traceId, spanId, traceFlags, traceState } = spanContext;
  const flags = (traceFlags & 0xff).toString(16).padStart(2, "0");
  const state = traceState?.serialize() ?? "";
  return [
    ["Traceparent", `00-${traceId}-${spanId}-${flags}`],
    ...(state === "" || state.length > maxStateChars ? [] : [["Tracestate", state] as const]),
  ];
}
