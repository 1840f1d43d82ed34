/**
 * The two doors of a session: to the connection that it is bound to, and to the node that keeps it. The session knows
 * neither; tests put anything behind them.
 */
import type { ControlRequest, TransactionOwner } from "../connection/transaction.ts";
import type { OutboxLink } from "./outbox.ts";
import type { BodyContent, Sent } from "./sent.ts";

/** The connection, as a session sees it. */
export interface SessionLink extends OutboxLink {
  /** Sends a request that is no chunk of a message. */
  request(request: ControlRequest, owner?: TransactionOwner): void;
  /** When octets last came in on the connection, on the host's clock. */
  readonly lastReceivedAt: number;
  /** The peer does not answer any more: ends the connection and all its sessions. */
  fail(error: Error): void;
}

/** What is about to be sent, after the plugins had their say. */
export interface OutgoingDraft {
  readonly method: string;
  readonly messageId: string;
  contentType: string | undefined;
  body: BodyContent | undefined;
  headers: readonly (readonly [name: string, value: string])[];
  /** Octets of the body when its source cannot tell, as `SendOptions.total`. */
  total: number | undefined;
  /** True for the end of a message whose beginning went out before (`SendOptions.start`). */
  readonly resumed: boolean;
}

/** The node, as a session sees it. */
export interface SessionHost {
  /** Milliseconds that never go backwards. */
  now(): number;
  /** Calls back once; the function returned cancels it. */
  setTimer(callback: () => void, delayMs: number): () => void;
  /** Milliseconds after which a peer that says nothing at all has not answered. @default 30000 */
  readonly answerTimeoutMs?: number | undefined;
  /**
   * Shows what is about to be sent to the plugins, which may change it. Throws or rejects when one of them refuses;
   * undefined when none of them wants to see it.
   */
  readonly outgoing: ((draft: OutgoingDraft) => OutgoingDraft | Promise<OutgoingDraft>) | undefined;
  /** A message was queued. */
  readonly sent?: (sent: Sent, contentType: string) => void;
  /** The session is over; called once. */
  ended(error: Error | undefined, unreported: number): void;
  /** Something threw that nobody waits for. */
  error(error: unknown, stage: string): void;
}
