/**
 * The reassembly that every session has unless a plugin takes the place: an `Inbox` behind the `assemble` stage. The
 * `reassembly()` plugin is the same with other options.
 */
import { Inbox } from "../session/inbox.ts";
import type { InboxBudget } from "../session/inbox_budget.ts";
import type { InboxOptions } from "../session/inbox_options.ts";
import type { MessageFailure } from "../session/inbox_result.ts";
import type { Message } from "../session/message.ts";
import type { Session } from "../session/session.ts";
import type { ChunkContext } from "./context.ts";
import type { Assembler, DeliverMessage } from "./plugin.ts";
import { ACCEPTED, type MaybeVerdict, Verdict } from "./verdict.ts";

/** One session's inbox as an `Assembler`. */
export class InboxAssembler implements Assembler {
  readonly #inbox: Inbox;
  readonly #now: () => number;

  /** @param budget octets that all sessions of the node share @param now the node's clock */
  constructor(session: Session, options: InboxOptions, budget: InboxBudget, now: () => number) {
    this.#inbox = new Inbox(session, options, budget);
    this.#now = now;
  }

  receive(c: ChunkContext, deliver: DeliverMessage): MaybeVerdict {
    const result = this.#inbox.receive(c.frame, this.#now());
    const { message } = result;
    switch (result.outcome) {
      case "refused":
        return new Verdict(result.status, result.comment);
      case "message":
        return message === undefined ? ACCEPTED : this.#whole(message, deliver);
      case "begun":
        return message === undefined ? ACCEPTED : this.#begun(message, deliver);
      default:
        // RFC 4975 §5.4: a duplicate is answered like the original, and not shown again.
        return ACCEPTED;
    }
  }

  // Into a sink it is whole once the sink has closed: only then may plugins and the application see it.
  #whole(message: Message, deliver: DeliverMessage): MaybeVerdict {
    if (message.size !== undefined) return deliver(message);
    return message.completed.then(() => deliver(message));
  }

  // It streams from here on; whoever refuses it refuses the chunks to come as well.
  #begun(message: Message, deliver: DeliverMessage): MaybeVerdict {
    const verdict = deliver(message);
    if (verdict instanceof Verdict) return this.#refuse(message, verdict);
    return verdict.then((late) => this.#refuse(message, late));
  }

  #refuse(message: Message, verdict: Verdict): Verdict {
    if (!verdict.accepted) this.#inbox.refuse(message.messageId, verdict.status, verdict.comment);
    return verdict;
  }

  get deadline(): number {
    return this.#inbox.deadline;
  }

  wake(now: number): readonly MessageFailure[] {
    return this.#inbox.wake(now);
  }

  get paused(): boolean {
    return this.#inbox.paused;
  }

  get onResume(): (() => void) | undefined {
    return this.#inbox.onResume;
  }

  set onResume(call: (() => void) | undefined) {
    this.#inbox.onResume = call;
  }

  close(error?: Error): void {
    this.#inbox.close(error);
  }
}
