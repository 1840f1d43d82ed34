/**
 * What became of the messages that asked to be told: one table for a node, because a notification may come in a later
 * session than its message went out in (RFC 5438 §7.1.3). Bounded; the oldest is forgotten first.
 */
import { MsrpError } from "../core/mod.ts";
import { type ImdnRequest, sameUri } from "./_imdn_decide.ts";
import type { ImdnNotification, ImdnStatus } from "./_imdn_document.ts";

/** The fate of a message so far; it only moves forward. */
export type ImdnState = "sent" | Exclude<ImdnStatus, "extension" | "forbidden" | "error">;

const rank: Readonly<Record<ImdnState, number>> = {
  sent: 0,
  processed: 1,
  stored: 1,
  failed: 2,
  delivered: 3,
  displayed: 4,
};

const maxRecipients = 256;

/** A message of ours that asked for notifications. */
export class ImdnTracking {
  /** Its IMDN Message-ID; the Message-ID of MSRP is another one. */
  readonly messageId: string;
  /** Whom it was addressed to. */
  readonly recipients: readonly string[];
  readonly requests: readonly ImdnRequest[];
  /**
   * It reached every recipient. Rejects with an `MsrpError`: `imdn-failed`, `imdn-forbidden`, `imdn-error`,
   * `imdn-not-requested`, or `imdn-forgotten` when too many others were sent since. There is no time limit: no
   * notification may ever come. Nobody has to watch it.
   */
  readonly delivered: Promise<void>;
  /** It was shown to every recipient; rejects as `delivered`. */
  readonly displayed: Promise<void>;
  readonly #states: Map<string, ImdnState> = new Map();
  readonly #delivery: Settler;
  readonly #display: Settler;

  /** @internal */
  constructor(messageId: string, recipients: readonly string[], requests: readonly ImdnRequest[]) {
    this.messageId = messageId;
    this.recipients = recipients;
    this.requests = requests;
    this.#delivery = new Settler();
    this.#display = new Settler();
    this.delivered = this.#delivery.promise;
    this.displayed = this.#display.promise;
    const shown = requests.includes("display");
    if (!shown)
      this.#display.reject("imdn-not-requested", "The message does not ask for display notifications");
    // Who has shown it has got it.
    if (!shown && !requests.includes("positive-delivery")) {
      this.#delivery.reject("imdn-not-requested", "The message does not ask for delivery notifications");
    }
  }

  /** The fate that all recipients share so far: the one of the slowest. */
  get state(): ImdnState {
    if (this.#states.size < this.recipients.length) {
      const best = [...this.#states.values()].find((state) => rank[state] <= rank.failed);
      return best ?? "sent";
    }
    const all = [...this.#states.values()];
    return all.reduce((slowest, state) => (rank[state] < rank[slowest] ? state : slowest), all[0] ?? "sent");
  }

  /** The fate at each recipient that was heard of; the key is its URI. */
  get states(): ReadonlyMap<string, ImdnState> {
    return this.#states;
  }

  /** @internal Whether a notification from this address is about one that the message was sent to. */
  knows(from: string | undefined): boolean {
    return from !== undefined && this.recipients.some((recipient) => sameUri(recipient, from));
  }

  /** @internal Takes a notification that is about this message. */
  take({ type, status, recipientUri }: ImdnNotification, from: string | undefined): void {
    const settler = type === "display" ? this.#display : type === "delivery" ? this.#delivery : undefined;
    if (status === "extension") return;
    if (status === "forbidden" || status === "error") {
      settler?.reject(`imdn-${status}`, `The ${type} notification says "${status}"`);
      return;
    }
    const recipient = recipientUri ?? from ?? "";
    const before = this.#states.get(recipient) ?? "sent";
    if (rank[status] <= rank[before]) return;
    if (this.#states.size < maxRecipients || this.#states.has(recipient)) this.#states.set(recipient, status);
    if (status === "failed") {
      this.#delivery.reject("imdn-failed", "The message was not delivered");
      this.#display.reject("imdn-failed", "The message was not delivered");
    }
    if (this.#count("delivered") >= this.recipients.length) this.#delivery.resolve();
    if (this.#count("displayed") >= this.recipients.length) this.#display.resolve();
  }

  /** @internal Nothing that comes will find it any more. */
  forget(): void {
    const why = "Too many messages were sent since for this one to be remembered";
    this.#delivery.reject("imdn-forgotten", why);
    this.#display.reject("imdn-forgotten", why);
  }

  #count(least: ImdnState): number {
    return [...this.#states.values()].filter((state) => rank[state] >= rank[least]).length;
  }
}

class Settler {
  readonly promise: Promise<void>;
  resolve!: () => void;
  #reject!: (error: Error) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.#reject = reject;
    });
    this.promise.catch(() => undefined); // nobody has to watch
  }

  reject(code: string, message: string): void {
    this.#reject(new MsrpError(code, message));
  }
}

/** The table of one node. */
export class ImdnTracker {
  readonly #tracked: Map<string, ImdnTracking> = new Map();
  readonly #maxTracked: number;

  /** @param maxTracked messages that are remembered */
  constructor(maxTracked: number) {
    this.#maxTracked = maxTracked;
  }

  get size(): number {
    return this.#tracked.size;
  }

  get(messageId: string): ImdnTracking | undefined {
    return this.#tracked.get(messageId);
  }

  add(tracking: ImdnTracking): void {
    this.#tracked.set(tracking.messageId, tracking);
    if (this.#tracked.size <= this.#maxTracked) return;
    for (const [messageId, oldest] of this.#tracked) {
      this.#tracked.delete(messageId);
      oldest.forget();
      return;
    }
  }
}
