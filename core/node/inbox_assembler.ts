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

const NOT_STORED: Verdict = new Verdict(413, "Message Cannot Be Stored");

/** One session's inbox as an `Assembler`. */
export class InboxAssembler implements Assembler {
  readonly #inbox: Inbox;
  readonly #now: () => number;
  /** Pending verdicts of messages that stream: each is the answer to the chunk that completes its message. */
  readonly #verdicts: Map<string, Promise<Verdict>> = new Map();

  /** @param budget octets that all sessions of the node share @param now the node's clock */
  constructor(session: Session, options: InboxOptions, budget: InboxBudget, now: () => number) {
    this.#inbox = new Inbox(session, options, budget);
    this.#now = now;
  }

  receive(c: ChunkContext, deliver: DeliverMessage): MaybeVerdict {
    const { outcome, status, comment, message } = this.#inbox.receive(c.frame, this.#now());
    if (outcome === "refused") return new Verdict(status, comment);
    if (message === undefined) {
      if (outcome === "aborted" && c.messageId !== undefined) this.#verdicts.delete(c.messageId);
      return ACCEPTED;
    }
    if (outcome === "begun" && message.size === undefined) return this.#begun(message, deliver);
    if (outcome === "complete") return this.#complete(message);
    // Into a sink it is whole once the sink has closed: only then may plugins and the application see it.
    if (message.size === undefined) {
      return message.completed.then(
        () => deliver(message),
        () => NOT_STORED,
      );
    }
    // RFC 4975 §5.4: a duplicate is answered and reported like the original; the node shows it to nobody.
    return deliver(message);
  }

  // It streams from here on. Its verdict must not hold back the chunks that whoever decides may be waiting for, so it is
  // the answer to the chunk that completes the message; a refusal before that refuses the chunks to come.
  #begun(message: Message, deliver: DeliverMessage): MaybeVerdict {
    const verdict = deliver(message);
    if (verdict instanceof Verdict) return this.#refuse(message, verdict);
    this.#verdicts.set(message.messageId, verdict);
    verdict.then((late) => this.#refuse(message, late));
    return ACCEPTED;
  }

  #complete(message: Message): MaybeVerdict {
    const verdict = this.#verdicts.get(message.messageId) ?? ACCEPTED;
    this.#verdicts.delete(message.messageId);
    return verdict;
  }

  #refuse(message: Message, verdict: Verdict): Verdict {
    if (!verdict.accepted) {
      this.#inbox.refuse(message.messageId, verdict.status, verdict.comment);
      this.#verdicts.delete(message.messageId);
    }
    return verdict;
  }

  refused(messageId: string, status: number, comment: string | undefined): void {
    this.#inbox.refuse(messageId, status, comment);
    this.#verdicts.delete(messageId);
  }

  get deadline(): number {
    return this.#inbox.deadline;
  }

  wake(now: number): readonly MessageFailure[] {
    const failures = this.#inbox.wake(now);
    for (const { messageId } of failures) this.#verdicts.delete(messageId);
    return failures;
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
    this.#verdicts.clear();
  }
}
