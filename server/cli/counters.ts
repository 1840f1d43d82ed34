/**
 * Counts what a peer answers to the messages of `msrpkit send`, for the summary, and remembers which message is on its
 * way, for the hint after an interruption. It watches taps, so it is for a node with one session.
 */
import type { ConnectionHandle, Msrp } from "../../core/mod.ts";
import type { BodySource } from "../files/body_source.ts";
import type { Terminal } from "./terminal.ts";

/** A REPORT as `send` needs it. */
export interface Reported {
  readonly messageId: string;
  readonly status: number;
  /** Octet up to which the report counts from the first one; 0 when it begins later. */
  readonly end: number;
  /** Octets of the whole message, when the report says. */
  readonly total: number | undefined;
}

/** Counters of one node. */
export class Counters {
  /** Chunks that were answered. */
  chunks = 0;
  /** REPORTs that came. */
  reports = 0;
  /** Hears each REPORT. */
  onReport: ((reported: Reported) => void) | undefined;
  #connection: ConnectionHandle | undefined;
  #current: { messageId: string; source: BodySource } | undefined;

  /** Counts from now on; make it before the session, so that it sees the connection. */
  constructor(app: Msrp) {
    app.tap("bound", ({ connection }) => {
      this.#connection = connection;
    });
    app.tap("response", ({ method, timedOut }) => {
      if (method === "SEND" && !timedOut) this.chunks += 1;
    });
    app.tap("report", ({ messageId, status, byteRange }) => {
      this.reports += 1;
      const { start, end, total } = byteRange ?? { start: 0 };
      this.onReport?.({ messageId, status, end: start === 1 ? (end ?? 0) : 0, total });
    });
  }

  /** The message that is on its way from now on. */
  begin(messageId: string, source: BodySource): void {
    this.chunks = 0;
    this.reports = 0;
    this.#current = { messageId, source };
  }

  /** The message is over. */
  end(): void {
    this.#current = undefined;
  }

  /**
   * Ends everything at once and tells how the transfer can go on. The connection is dropped instead of ending the
   * message with `#`, which would tell the receiver to throw away what it has (RFC 4975 §7.1).
   */
  interrupt(terminal: Terminal): void {
    this.#connection?.abort();
    const current = this.#current;
    if (current === undefined) return;
    const { messageId, source } = current;
    const resumable = source.isFile && source.size !== undefined;
    terminal.result({ event: "interrupted", messageId }, undefined);
    terminal.note(resumable ? `interrupted; go on with --resume ${messageId}` : "interrupted");
  }
}
