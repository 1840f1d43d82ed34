// Two connections back to back with a clock of our own: what one sends, the other reports. Also a reader that turns
// written bytes into plain records, slices joined, so that a test can compare whole frames.
import { Connection } from "../../core/connection/connection.ts";
import type { ConnectionEvent } from "../../core/connection/event.ts";
import type { OutgoingMessage } from "../../core/connection/message.ts";
import type { ConnectionOptions } from "../../core/connection/options.ts";
import type { Transaction } from "../../core/connection/transaction.ts";
import { formatByteRange } from "../../core/wire/byte_range.ts";
import type { FailureReport, RequestFrame } from "../../core/wire/frame.ts";
import { joinBytes as concat } from "../../core/wire/join_bytes.ts";
import { MsrpUri } from "../../core/wire/uri.ts";
import { pattern, WireReader, type Written } from "../../testing/wire.ts";

export { concat, pattern, WireReader, type Written };

export const alice: MsrpUri = MsrpUri.parse("msrp://alice.example:7313/Ks83nqPz0w2LmA;tcp");
export const bob: MsrpUri = MsrpUri.parse("msrp://bob.example:12051/hT5xV9eRy7uQ1c;tcp");

/** Session URI number `n` of one host. */
export function sessionUri(n: number): MsrpUri {
  return MsrpUri.parse(`msrp://alice.example:7313/session${n};tcp`);
}

/** Everything a connection has to write now, as one array per write. */
export function writes(connection: Connection, now = 0): Uint8Array[] {
  const all: Uint8Array[] = [];
  for (let bytes = connection.transmit(now); bytes !== undefined; bytes = connection.transmit(now)) {
    all.push(bytes);
    if (all.length > 100_000) throw new Error("transmit never ends");
  }
  return all;
}

/** Everything a connection has to write now, as frames; a chunk left open is not among them. */
export function frames(connection: Connection, now = 0): Written[] {
  return new WireReader().read(concat(writes(connection, now)));
}

export function events(connection: Connection): ConnectionEvent[] {
  const all: ConnectionEvent[] = [];
  for (let event = connection.poll(); event !== undefined; event = connection.poll()) all.push(event);
  return all;
}

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** A response to a written request, as the peer would send it. */
export function answer(id: string, status: number, comment = "because"): Uint8Array {
  return text(
    `MSRP ${id} ${status} ${comment}\r\nTo-Path: ${alice.text}\r\nFrom-Path: ${bob.text}\r\n-------${id}$\r\n`,
  );
}

/** A message whose octets are given by the test, and which notes what it is told. */
export class TestMessage implements OutgoingMessage {
  readonly toPath: readonly MsrpUri[] = [bob];
  readonly fromPath: readonly MsrpUri[];
  readonly messageId: string;
  readonly contentType = "text/plain";
  successReport = false;
  failureReport: FailureReport = "yes";
  headers: readonly (readonly [string, string])[] = [];
  total: number | undefined;
  position = 0;
  aborted = false;
  refused = false;
  maxChunkBytes: number = Number.POSITIVE_INFINITY;
  /** Octets that may be read so far. */
  available: number;
  readonly bytes: Uint8Array;
  readonly log: string[] = [];
  readonly sent: Transaction[] = [];
  static count = 0;

  constructor(bytes: Uint8Array | number, from: MsrpUri = alice) {
    this.bytes = typeof bytes === "number" ? pattern(bytes) : bytes;
    this.total = this.available = this.bytes.length;
    this.fromPath = [from];
    this.messageId = `test${++TestMessage.count}`;
  }

  get ended(): boolean {
    return this.position === this.bytes.length;
  }

  read(max: number): Uint8Array | undefined {
    const end = Math.min(this.position + max, this.available);
    if (end === this.position && this.bytes.length > 0) return undefined;
    const piece = this.bytes.subarray(this.position, end);
    this.position = end;
    return piece;
  }

  chunkSent(transaction: Transaction): void {
    this.sent.push(transaction);
    this.log.push(`sent ${formatByteRange(transaction.range!)} ${transaction.flag}`);
  }

  responded(_transaction: Transaction, status: number): void {
    this.log.push(String(status));
    if (status >= 300) this.aborted = this.refused = true;
  }

  timedOut(): void {
    this.log.push("timeout");
    this.aborted = true;
  }

  lost(_transaction: Transaction | undefined, error: Error): void {
    this.log.push(`lost ${error.message}`);
  }
}

/** Two connections and the bytes between them. `pump` moves them until both are quiet. */
export class ConnectionPair {
  now = 0;
  readonly left: Connection;
  readonly right: Connection;
  readonly log: { at: "left" | "right"; event: ConnectionEvent }[] = [];
  /** Answers requests by themselves, as an endpoint does. @default 200 to each but REPORT */
  status: (frame: RequestFrame) => number | undefined = (frame) =>
    frame.method === "REPORT" || frame.failureReport !== "yes" ? undefined : 200;
  onRequest: ((at: "left" | "right", frame: RequestFrame) => void) | undefined;

  constructor(left: ConnectionOptions = {}, right: ConnectionOptions = {}) {
    this.left = new Connection(left);
    this.right = new Connection(right);
  }

  pump(): void {
    for (let rounds = 0; rounds < 10_000; rounds++) {
      const moved = this.#move(this.left, this.right, "right") || this.#move(this.right, this.left, "left");
      if (!moved) return;
    }
    throw new Error("the pair is never quiet");
  }

  /** Lets time pass, and wakes whoever is due. */
  advance(ms: number): void {
    this.now += ms;
    for (const [at, connection] of [
      ["left", this.left],
      ["right", this.right],
    ] as const) {
      if (connection.deadline <= this.now) connection.wake(this.now);
      this.#drain(connection, at);
    }
    this.pump();
  }

  #move(from: Connection, to: Connection, at: "left" | "right"): boolean {
    const bytes = from.transmit(this.now);
    if (bytes === undefined) return false;
    from.flushed(this.now);
    to.receive(bytes);
    this.#drain(to, at);
    return true;
  }

  #drain(connection: Connection, at: "left" | "right"): void {
    for (let event = connection.poll(); event !== undefined; event = connection.poll()) {
      if (event.type === "request") this.#answer(connection, event.frame, at);
      this.log.push({ at, event });
    }
  }

  #answer(connection: Connection, frame: RequestFrame, at: "left" | "right"): void {
    this.onRequest?.(at, frame);
    const status = frame.last ? this.status(frame) : undefined;
    if (status === undefined) return;
    connection.respond({
      transactionId: frame.transactionId,
      status,
      toPath: frame.fromPath.slice(0, 1),
      fromPath: frame.toPath,
    });
  }
}
