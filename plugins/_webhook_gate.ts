/**
 * Where a policy service decides: at the first chunk of each message, or of each session. Later chunks follow the verdict
 * without asking again.
 */
import type { ChunkContext, MaybeVerdict, Next } from "../core/mod.ts";
import { loginOn, partyOf } from "./_parties.ts";
import { isRelayed } from "./_relayed.ts";
import type { PolicyQuestion, PolicyService, PolicyVerdict } from "./_webhook_policy.ts";

/** State for one session. */
export class GatedSession {
  /** What was decided, by sender, and by message when each is asked for. */
  readonly verdicts: Map<string, PolicyVerdict> = new Map();
}

// Senders open few messages at a time; of those that open more some are asked for again.
const maxVerdicts = 64;

/** The gate of one node. */
export class PolicyGate {
  readonly #service: PolicyService;
  readonly #per: "message" | "session";
  readonly #numberOf: (c: ChunkContext) => string;

  constructor(service: PolicyService, per: "message" | "session", numberOf: (c: ChunkContext) => string) {
    this.#service = service;
    this.#per = per;
    this.#numberOf = numberOf;
  }

  /** The `chunk` stage. */
  chunk(c: ChunkContext, next: Next, own: GatedSession): MaybeVerdict {
    // An empty SEND binds a session or keeps it alive.
    if (c.frame.bodyLength === 0 && c.contentType === undefined) return next();
    const perMessage = this.#per === "message";
    const key = perMessage ? `${c.connection.id} ${c.messageId}` : String(c.connection.id);
    const ends = perMessage && c.last && c.flag !== "+";
    const known = own.verdicts.get(key);
    if (known !== undefined) {
      if (ends) own.verdicts.delete(key);
      return known.accept ? next() : c.reject(known.status, known.comment);
    }
    const settle = (verdict: PolicyVerdict): MaybeVerdict => {
      if (!ends && (perMessage || verdict.certain)) keep(own, key, verdict);
      return verdict.accept ? next() : c.reject(verdict.status, verdict.comment);
    };
    const verdict = this.#service.ask(this.#question(c, perMessage));
    return verdict instanceof Promise ? verdict.then(settle) : settle(verdict);
  }

  #question(c: ChunkContext, perMessage: boolean): PolicyQuestion {
    const { session, connection, frame, messageId, contentType, byteRange } = c;
    const user = loginOn(session, connection);
    return {
      session: this.#numberOf(c),
      direction: isRelayed(session) ? "relayed" : "in",
      from: partyOf(frame.fromPath.at(-1)),
      to: partyOf(frame.toPath.at(-1)),
      user,
      remoteAddress: connection.remoteAddress,
      secure: connection.secure,
      message: perMessage ? { messageId, contentType, size: byteRange?.total } : undefined,
    };
  }
}

function keep(own: GatedSession, key: string, verdict: PolicyVerdict): void {
  if (own.verdicts.size >= maxVerdicts) {
    const [oldest] = own.verdicts.keys();
    own.verdicts.delete(oldest as string);
  }
  own.verdicts.set(key, verdict);
}
