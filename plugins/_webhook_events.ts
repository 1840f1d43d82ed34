/**
 * Taps as events for a webhook: what happened, to which session and message. There is nothing in them with which one could
 * join a session, and nothing of what was said.
 */
import { MsrpError, type Session, type TapEvents, type Taps } from "../core/mod.ts";
import { loginOn, partyOf } from "./_parties.ts";
import { randomHex } from "./_random_hex.ts";
import { redact, secretsOf } from "./_redact.ts";

/** Names of events, to choose from. */
export type WebhookEventName = (typeof webhookEventNames)[number];

/** All of them, in the order of a session's life. */
export const webhookEventNames = [
  "session-bound",
  "message-accepted",
  "message-refused",
  "message-delivered",
  "message-sent",
  "message-failed",
  "report",
  "request",
  "error",
  "session-closed",
] as const;

/** An event as it is sent. */
export interface WebhookEvent {
  /** Random, the same each time it is sent. */
  readonly id: string;
  readonly event: WebhookEventName;
  /** Time of day, as in RFC 3339. */
  readonly at: string;
  /** Random number of the session. */
  readonly session?: string;
  readonly [field: string]: string | number | boolean | undefined;
}

const maxNameLength = 300;

type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** The events of one node. */
export class WebhookEvents {
  readonly #chosen: ReadonlySet<WebhookEventName>;
  readonly #push: (event: WebhookEvent) => void;
  readonly #wallClock: () => number;
  readonly #numbers: WeakMap<Session, string> = new WeakMap();

  constructor(
    chosen: Iterable<WebhookEventName>,
    push: (event: WebhookEvent) => void,
    wallClock: () => number,
  ) {
    this.#chosen = new Set(chosen);
    this.#push = push;
    this.#wallClock = wallClock;
  }

  /** What stands for a session. */
  numberOf(session: Session): string {
    let number = this.#numbers.get(session);
    if (number === undefined) {
      number = randomHex(8);
      this.#numbers.set(session, number);
    }
    return number;
  }

  /** Taps for what was chosen, and no others. */
  taps(): Taps {
    const { settled, bound, delivered, sent, report, error, closed } = this.#all();
    const any = (...names: WebhookEventName[]): boolean => names.some((name) => this.#chosen.has(name));
    return {
      ...(any("session-bound") ? { bound } : {}),
      ...(any("message-accepted", "message-refused", "request") ? { settled } : {}),
      ...(any("message-delivered") ? { delivered } : {}),
      ...(any("message-sent", "message-failed") ? { sent } : {}),
      ...(any("report") ? { report } : {}),
      ...(any("error") ? { error } : {}),
      ...(any("session-closed") ? { closed } : {}),
    };
  }

  #all(): Required<Pick<Taps, "settled" | "bound" | "delivered" | "sent" | "report" | "error" | "closed">> {
    return {
      bound: ({ session, connection }) => {
        const { direction, remoteAddress, secure } = connection;
        this.#tell("session-bound", session, {
          role: session.role,
          local: partyOf(session.local),
          remote: partyOf(session.remote.at(-1)),
          user: loginOn(session, connection),
          direction,
          remoteAddress,
          secure,
        });
      },
      settled: (event) => this.#settled(event),
      delivered: ({ session, message: { messageId, contentType, size } }) =>
        this.#tell("message-delivered", session, { messageId, contentType, size }),
      sent: ({ session, sent, contentType }) => {
        const { messageId } = sent;
        sent.accepted.then(
          () => this.#tell("message-sent", session, { messageId, contentType }),
          (error: unknown) =>
            this.#tell("message-failed", session, { messageId, contentType, ...reasonOf(error) }),
        );
      },
      report: ({ session, messageId, status, comment, byteRange, matched }) => {
        const { start, end, total } = byteRange ?? {};
        this.#tell("report", session, { messageId, status, comment, start, end, total, matched });
      },
      error: ({ error, plugin, stage, session }) => {
        // A webhook that cannot be reached would have itself told about it.
        if (plugin === "webhook") return;
        this.#tell("error", session, { plugin, stage, ...reasonOf(error) });
      },
      closed: ({ session, error, unreported }) => {
        if (session === undefined) return;
        this.#tell("session-closed", session, {
          unreported,
          ...(error === undefined ? {} : reasonOf(error)),
        });
      },
    };
  }

  #settled({ frame, verdict, session, connection }: TapEvents["settled"]): void {
    const { accepted, status, comment, plugin } = verdict;
    const send = frame.method === "SEND";
    // Of a message that is accepted the end counts; most chunks go no further.
    if (accepted && send && !(frame.last && frame.flag === "$" && frame.body !== undefined)) return;
    const name = !send ? "request" : accepted ? "message-accepted" : "message-refused";
    if (!this.#chosen.has(name)) return;
    const { method, fromPath, toPath } = frame;
    const parties = {
      from: partyOf(fromPath.at(-1)),
      to: partyOf(toPath.at(-1)),
      user: loginOn(session, connection),
    };
    const { remoteAddress } = connection;
    if (!send) {
      this.#tell(name, session, { method, status, comment, plugin, ...parties, remoteAddress });
      return;
    }
    const { messageId, contentType, byteRange, bodyLength } = frame;
    const size = (byteRange?.start ?? 1) - 1 + bodyLength;
    const why = accepted ? { size } : { comment, plugin: plugin ?? "(node)" };
    this.#tell(name, session, { messageId, contentType, status, ...why, ...parties, remoteAddress });
  }

  #tell(event: WebhookEventName, session: Session | undefined, fields: Fields): void {
    if (!this.#chosen.has(event)) return;
    const secrets = secretsOf(session);
    const told: Record<string, string | number | boolean> = {
      id: randomHex(16),
      event,
      at: new Date(this.#wallClock()).toISOString(),
    };
    if (session !== undefined) told["session"] = this.numberOf(session);
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined && value !== "")
        told[name] = typeof value === "string" ? clean(name, value, secrets) : value;
    }
    this.#push(told as unknown as WebhookEvent);
  }
}

// Words of others are looked at closely; names and types for what is known to be secret.
function clean(name: string, text: string, secrets: readonly string[]): string {
  if (name === "comment" || name === "reason" || text.length > maxNameLength) return redact(text, secrets);
  return secrets.some((secret) => text.includes(secret)) ? redact(text, secrets) : text;
}

function reasonOf(error: unknown): Fields {
  if (!(error instanceof Error)) return { reason: String(error) };
  const { status } = error as { status?: unknown };
  return {
    reason: error.message,
    code: error instanceof MsrpError ? error.code : undefined,
    status: typeof status === "number" ? status : undefined,
  };
}
