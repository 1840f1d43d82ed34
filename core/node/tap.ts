/**
 * Taps: what a plugin or an application may watch without deciding anything. They are called synchronously, their
 * result is ignored, and one that throws goes to the `error` tap and hurts nobody.
 */
import type { Message } from "../session/message.ts";
import type { Sent } from "../session/sent.ts";
import type { Session } from "../session/session.ts";
import type { ByteRange } from "../wire/byte_range.ts";
import type { RequestFrame } from "../wire/frame.ts";
import type { ConnectionHandle } from "./context.ts";
import type { Verdict } from "./verdict.ts";

/** What each tap is told. */
export interface TapEvents {
  /** A connection came up; if it came in, nobody has let it in yet. `closed` with the connection is its end. */
  connected: { readonly connection: ConnectionHandle };
  /**
   * Octets of a connection, after TLS: what came in before anything of it is looked at, or what is about to be written.
   */
  wire: {
    readonly connection: ConnectionHandle;
    readonly direction: "received" | "transmitted";
    /** Valid during the call only: the buffer is used again. */
    readonly bytes: Uint8Array;
    /** When, on the clock of the connection, in milliseconds. */
    readonly at: number;
  };
  /** A session is now bound to a connection (RFC 4975 §5.4). */
  bound: { readonly session: Session; readonly connection: ConnectionHandle };
  /**
   * A request was decided: what was received, the verdict, and whether an answer went out for it. A long request comes in
   * slices, each of which is decided: the last has `frame.last`.
   */
  settled: {
    readonly frame: RequestFrame;
    readonly verdict: Verdict;
    readonly session: Session | undefined;
    readonly connection: ConnectionHandle;
    readonly answered: "response" | "report" | "nothing";
    /** Milliseconds from its arrival to the verdict; 0 when it was decided at once. */
    readonly waitedMs: number;
  };
  /** A message was handed to the application. */
  delivered: { readonly message: Message; readonly session: Session };
  /**
   * A message of ours was queued. Its `accepted` tells how it ends; do not touch `delivered`, which asks for a report
   * that the application may not want.
   */
  sent: { readonly session: Session; readonly sent: Sent; readonly contentType: string };
  /** A response to one of our requests came in; `status` is 408 when none did in time. */
  response: {
    readonly session: Session | undefined;
    readonly method: string;
    readonly status: number;
    readonly timedOut: boolean;
    /** Milliseconds since the request was written. */
    readonly elapsedMs: number;
  };
  /** A REPORT came in. */
  report: {
    readonly session: Session;
    readonly messageId: string;
    readonly status: number;
    readonly comment: string | undefined;
    readonly byteRange: ByteRange | undefined;
    /** False when no message of ours fits; such a REPORT is dropped without a sound. */
    readonly matched: boolean;
  };
  /** Something threw, or broke the rules of the pipeline; the wire was told at most a status. */
  error: {
    readonly error: unknown;
    /** Name of the plugin at fault; `"(application)"` for handlers, `"(node)"` for the node itself. */
    readonly plugin: string;
    /** Stage or tap it happened in. */
    readonly stage: string;
    readonly session: Session | undefined;
  };
  /** A session or a connection is over, with the error when it failed. */
  closed: {
    readonly session: Session | undefined;
    readonly connection: ConnectionHandle | undefined;
    readonly error: Error | undefined;
    /** Messages of the session whose success reports never came (RFC 4975 §7.1.1). */
    readonly unreported?: number;
  };
  /** The peer did something that the RFC does not allow and that was let through. */
  oddity: { readonly code: string; readonly detail: string; readonly connection: ConnectionHandle };
}

/** Name of a tap. */
export type TapName = keyof TapEvents;

/** Functions for some of the taps. */
export type Taps = { readonly [Name in TapName]?: (event: TapEvents[Name]) => void };

/** All names, in the order of a session's life. */
export const tapNames: readonly TapName[] = [
  "connected",
  "wire",
  "bound",
  "settled",
  "delivered",
  "sent",
  "response",
  "report",
  "error",
  "closed",
  "oddity",
];
