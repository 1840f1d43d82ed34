/**
 * How much one way may have unanswered on a link between relays that others share: that is its back-pressure, because nobody may
 * stop the link. What it has more waits in its queue until an answer comes.
 */
import { frameOverheadBytes } from "../node/lane.ts";
import type { RelayHop } from "./hop.ts";
import type { RelayCore } from "./relay_core.ts";
import type { RelayedSend } from "./relayed_request.ts";

/** The window of one way. */
export class AnswerWindow {
  readonly #relay: RelayCore;
  #unanswered = 0;
  #countedOn: RelayHop | undefined;
  #awaiting: RelayHop | undefined;
  #closed = false;

  constructor(relay: RelayCore) {
    this.#relay = relay;
  }

  /** Whether a SEND may go out now, as far as the window and the connection are concerned. */
  admits({ link, shared, sharing }: RelayHop): boolean {
    if (!link.mayForward) return false;
    return !shared || !sharing.many || this.#unanswered < this.#relay.limits.maxUnansweredBytes;
  }

  /** The way is one of those that share the target. */
  use(target: RelayHop): void {
    if (target === this.#countedOn || this.#closed) return;
    this.#leave();
    target.sharing.outgoing++;
    this.#countedOn = target;
  }

  /** A SEND with a Failure-Report of "yes" is out, and will be answered or be lost. */
  wrote(sent: RelayedSend): void {
    sent.counted = sent.length + frameOverheadBytes;
    this.#unanswered += sent.counted;
  }

  /** What waits needs answers from this hop first; undefined = it does not. */
  await(target: RelayHop | undefined): void {
    if (target === this.#awaiting || this.#closed) return;
    if (this.#awaiting !== undefined) this.#awaiting.sharing.awaiting--;
    if (target !== undefined) target.sharing.awaiting++;
    this.#awaiting = target;
  }

  /** A SEND that counted so much was answered, or never will be. */
  answered(counted: number): void {
    this.#unanswered -= counted;
    this.await(undefined);
  }

  /** The way is no more, though something of it may still go out. */
  close(): void {
    this.await(undefined);
    this.#leave();
    this.#closed = true;
  }

  #leave(): void {
    if (this.#countedOn !== undefined) this.#countedOn.sharing.outgoing--;
    this.#countedOn = undefined;
  }
}
