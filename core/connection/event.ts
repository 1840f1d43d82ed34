/**
 * What a connection tells the layer above: the frames that came in and what became of those that went out.
 * Frames are views of the received bytes: valid until the call that delivered the bytes returns, unless retained.
 */
import type { RequestFrame, ResponseFrame } from "../wire/frame.ts";
import type { Transaction } from "./transaction.ts";

/** One thing that happened on a connection, in order. */
export type ConnectionEvent =
  /** A request, or a slice of one, came in. */
  | { readonly type: "request"; readonly frame: RequestFrame }
  /** A response came in for an open transaction; its owner has been told already. */
  | { readonly type: "response"; readonly frame: ResponseFrame; readonly transaction: Transaction }
  /** A transaction was not answered in time; its owner has been told already. */
  | { readonly type: "timeout"; readonly transaction: Transaction }
  /** Something odd was let through: a stable code for a log or a counter. */
  | { readonly type: "oddity"; readonly code: string; readonly detail: unknown }
  /** The last event: nothing further is read or sent, every owner has been told. */
  | { readonly type: "closed"; readonly error: Error | undefined };
