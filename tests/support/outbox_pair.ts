// An outbox on one side of a connection pair and a plain receiver on the other, which flush themselves as a driver would.
// The receiver keeps the octets of each message, answers, and reports if a test wants it to.
import type { OutgoingMessage } from "../../core/connection/message.ts";
import type { ConnectionOptions } from "../../core/connection/options.ts";
import { Outbox, type OutboxOptions } from "../../core/session/outbox.ts";
import type { RequestFrame } from "../../core/wire/frame.ts";
import { alice, bob, ConnectionPair, concat } from "./connections.ts";

/** What arrived of one message. */
export interface Arrived {
  body: Uint8Array;
  flags: string;
  ranges: string[];
  successReport: boolean;
}

export class OutboxPair {
  readonly pair: ConnectionPair;
  readonly outbox: Outbox;
  readonly arrived: Map<string, Arrived> = new Map();
  /** Turns of a flush, for tests that count them. */
  flushes = 0;
  #scheduled = false;
  #waiting: { condition: () => boolean; resolve: () => void }[] = [];

  constructor(options: Partial<OutboxOptions> = {}, left: ConnectionOptions = {}, attach = true) {
    this.pair = new ConnectionPair(left);
    this.outbox = new Outbox({ toPath: [bob], fromPath: [alice], ...options });
    this.pair.onRequest = (at, frame) => (at === "right" ? this.#arrive(frame) : this.outbox.report(frame));
    if (attach) this.attach();
  }

  attach(): void {
    this.outbox.attach({
      send: (message: OutgoingMessage) => {
        this.pair.left.send(message);
        this.flushSoon();
      },
      wake: (message: OutgoingMessage) => {
        this.pair.left.wakeMessage(message);
        this.flushSoon();
      },
    });
  }

  flushSoon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    Promise.resolve().then(() => {
      this.#scheduled = false;
      this.flushes++;
      this.pair.pump();
      this.#check();
    });
  }

  /** Resolves as soon as a condition holds after a flush. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ condition, resolve });
    });
  }

  /** Resolves when a chunk is open on the wire and its source has no data. */
  stalled(): Promise<void> {
    return this.until(() => this.pair.left.deadline < Number.POSITIVE_INFINITY);
  }

  #check(): void {
    const ready = this.#waiting.filter(({ condition }) => condition());
    this.#waiting = this.#waiting.filter((waiter) => !ready.includes(waiter));
    for (const waiter of ready) waiter.resolve();
  }

  /** The receiver reports on a message. */
  report(messageId: string, status: number, range?: string): void {
    this.pair.right.request({
      method: "REPORT",
      toPath: [alice],
      fromPath: [bob],
      headers: [
        ["Message-ID", messageId],
        ...(range === undefined ? [] : [["Byte-Range", range] as const]),
        ["Status", `000 ${status} because`],
      ],
    });
    this.pair.pump();
  }

  message(messageId: string): Arrived {
    const message = this.arrived.get(messageId);
    if (message === undefined) throw new Error("nothing of it arrived");
    return message;
  }

  #arrive(frame: RequestFrame): void {
    const id = frame.messageId!;
    const message = this.arrived.get(id) ?? {
      body: new Uint8Array(0),
      flags: "",
      ranges: [],
      successReport: frame.successReport,
    };
    this.arrived.set(id, message);
    message.body = concat([message.body, frame.body ?? new Uint8Array(0)]);
    if (frame.first) message.ranges.push(frame.headers.get("Byte-Range") ?? "");
    if (frame.last) message.flags += frame.flag;
  }
}

/** A promise and how to settle it. */
export function deferred<T = void>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
} {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** What a promise is rejected with. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was expected to fail");
}
