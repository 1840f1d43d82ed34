/**
 * What the `response` tap is told of an answered or overdue request. A file of its own, so that the driver only drives.
 */
import type { ConnectionEvent } from "../connection/event.ts";
import { connectionLimits } from "../connection/options.ts";
import type { TapEvents } from "./tap.ts";

const defaultTimeoutMs: number = connectionLimits({}).transactionTimeoutMs;

/**
 * The event for the tap.
 *
 * @param timeoutMs `transactionTimeoutMs` of the connection, if not the default
 */
export function responseEvent(
  event: Extract<ConnectionEvent, { type: "response" | "timeout" }>,
  timeoutMs: number | undefined,
  now: number,
): TapEvents["response"] {
  const { method, deadline } = event.transaction;
  const timedOut = event.type === "timeout";
  // A response that overtakes the end of its request has no deadline yet.
  const sentAt = deadline - (timeoutMs ?? defaultTimeoutMs);
  return {
    session: undefined,
    method,
    status: timedOut ? 408 : event.frame.status,
    timedOut,
    elapsedMs: Math.max(0, now - sentAt),
  };
}

/** Detail of an oddity as text. */
export function describe(detail: unknown): string {
  if (detail === undefined) return "";
  return detail instanceof Error ? detail.message : String(detail);
}
