// Endpoints that negotiate by SDP over whatever transport the suite is run for: nodes, listeners and their negotiators,
// ended together. What a middlebox or another stack would do to SDP, tests do to its text.

import { SessionNegotiator } from "../../core/node/negotiator.ts";
import type {
  NegotiationOutcome,
  NegotiatorAdapter,
  NegotiatorListener,
  OfferOutcome,
  SessionAnswerOptions,
  SessionNegotiatorOptions,
} from "../../core/node/negotiator_options.ts";
import { Msrp } from "../../core/node/node.ts";
import type { MsrpOptions } from "../../core/node/options.ts";
import type { Accept, TlsOptions } from "../../core/node/transport.ts";
import type { Message } from "../../core/session/message.ts";
import type { Session } from "../../core/session/session.ts";

/** What the suite is run for. */
export interface NegotiationSubject {
  readonly name: string;
  /** Own host of every endpoint. */
  readonly host: string;
  readonly adapter: NegotiatorAdapter;
  /** Listens on `host`, with TLS when its options are given. */
  listen(accept: Accept, tls?: TlsOptions): Promise<NegotiatorListener & { close(): unknown }>;
}

/** How an endpoint is set up. */
export interface EndpointOptions {
  /** Connections can come in. @default true */
  listens?: boolean;
  /** Options of the listener with TLS. */
  listenTls?: TlsOptions;
  node?: MsrpOptions;
  negotiator?: SessionNegotiatorOptions;
  adapter?: Partial<NegotiatorAdapter>;
}

/** One endpoint. */
export interface Endpoint {
  readonly app: Msrp;
  readonly negotiator: SessionNegotiator;
  readonly listener: NegotiatorListener | undefined;
  readonly errors: unknown[];
  /** Where connections that this endpoint opened went, in order. */
  readonly dialled: string[];
  /** A further negotiator on the same node. */
  another(options?: SessionNegotiatorOptions): SessionNegotiator;
}

/** Makes endpoints and ends them all. */
export class Endpoints {
  readonly #subject: NegotiationSubject;
  readonly #closers: (() => unknown)[] = [];

  constructor(subject: NegotiationSubject) {
    this.#subject = subject;
  }

  async make(options: EndpointOptions = {}): Promise<Endpoint> {
    const { host, adapter: common } = this.#subject;
    const app = new Msrp(options.node);
    const errors: unknown[] = [];
    app.tap("error", ({ error }) => errors.push(error));
    const listens = options.listens ?? true;
    const listener = listens ? await this.listen(app.accept, options.listenTls) : undefined;
    const dialled: string[] = [];
    const adapter: NegotiatorAdapter = {
      ...common,
      ...options.adapter,
      transportConnect: (target, accept, settings) => {
        dialled.push(`${target.host}:${target.port}`);
        return (options.adapter?.transportConnect ?? common.transportConnect)(target, accept, settings);
      },
    };
    const another = (more: SessionNegotiatorOptions = {}): SessionNegotiator =>
      new SessionNegotiator(app, adapter, {
        host,
        ...(listener === undefined ? {} : { listener }),
        ...(options.listenTls === undefined && options.negotiator?.tls === undefined
          ? { secure: false }
          : {}),
        ...options.negotiator,
        ...more,
      });
    this.#closers.push(() => app.close({ drainMs: 0 }));
    return { app, negotiator: another(), listener, errors, dialled, another };
  }

  /** A listener of its own, for the far side of a middlebox. */
  async listen(accept: Accept, tls?: TlsOptions): Promise<NegotiatorListener> {
    const listener = await this.#subject.listen(accept, tls);
    this.#closers.unshift(() => listener.close());
    return listener;
  }

  /** Ends what was made. */
  async close(): Promise<void> {
    await Promise.all(this.#closers.splice(0).map((close) => close()));
  }
}

/** What came of both sides of an exchange. */
export interface Exchanged {
  readonly offer: string;
  readonly answer: string;
  readonly offerer: NegotiationOutcome;
  readonly answerer: NegotiationOutcome;
}

/** What is done to SDP on its way, and to the answering. */
export interface ExchangeOptions {
  offer?: (text: string) => string;
  answer?: (text: string) => string;
  answering?: SessionAnswerOptions;
}

/** A whole exchange: offer, answer, and the answer taken. */
export async function exchange(
  offerer: SessionNegotiator,
  answerer: SessionNegotiator,
  { offer: changeOffer = same, answer: changeAnswer = same, answering = {} }: ExchangeOptions = {},
): Promise<Exchanged> {
  const offer = offerer.createOffer();
  const answered = taken(await answerer.acceptOffer(changeOffer(offer), answering));
  const { answer } = answered;
  return { offer, answer, offerer: await offerer.acceptAnswer(changeAnswer(answer)), answerer: answered };
}

/** Both sessions of an exchange of one stream, ready. */
export async function sessionsOf(exchanged: Exchanged): Promise<[offerer: Session, answerer: Session]> {
  const sessions = [exchanged.offerer.session as Session, exchanged.answerer.session as Session] as const;
  await Promise.all(sessions.map((session) => session.ready));
  return [...sessions];
}

/** The outcome of an offer that was taken; fails for one that was refused. */
export function taken(outcome: OfferOutcome): Extract<OfferOutcome, { ok: true }> {
  if (!outcome.ok) throw new Error(`the offer was refused: ${outcome.code}`);
  return outcome;
}

/** The next message of a session, as text. */
export async function nextText(session: Session): Promise<string> {
  const { value } = await session[Symbol.asyncIterator]().next();
  if (value === undefined) throw new Error("the session ended without a message");
  return await (value as Message).text();
}

/** Sends a text each way and waits for both. */
export async function talk(one: Session, other: Session): Promise<string[]> {
  const heard = Promise.all([nextText(other), nextText(one)]);
  await Promise.all([one.send("from one").accepted, other.send("from the other").accepted]);
  return await heard;
}

function same(text: string): string {
  return text;
}

/** The suite's subject over the sockets of an adapter. */
export function socketSubject(
  name: string,
  adapter: NegotiatorAdapter & {
    listen(
      app: { readonly accept: Accept },
      uri: string,
      options?: { tls?: TlsOptions },
    ): Promise<NegotiatorListener & { close(options?: { connections?: "abort" }): Promise<void> }>;
  },
): NegotiationSubject {
  return {
    name,
    host: "127.0.0.1",
    adapter,
    listen: async (accept, tls) => {
      const uri = `${tls === undefined ? "msrp" : "msrps"}://127.0.0.1:0;tcp`;
      const listener = await adapter.listen({ accept }, uri, tls === undefined ? {} : { tls });
      return { uri: listener.uri, close: () => listener.close({ connections: "abort" }) };
    },
  };
}
