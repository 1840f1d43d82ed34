/**
 * The joint between offer/answer and sessions: SDP text goes in and comes out, and the streams that were agreed on become
 * sessions with the right role, address and TLS identity. It knows no SIP, so it stands beside any stack that carries SDP.
 *
 * A session lives in one of three places: offered (its URI is in an offer of ours, and whatever comes for it is held back),
 * current (agreed on), or retired (replaced by a new path, and kept until the new one is in use).
 */
import { LocalProtocolError } from "../errors.ts";
import type { Resolved } from "../sdp/address.ts";
import type { MsrpMedia } from "../sdp/msrp_media.ts";
import type { NegotiatedMedia, Negotiation } from "../sdp/negotiated.ts";
import { Negotiator } from "../sdp/negotiator.ts";
import { SessionDescription } from "../sdp/session_description.ts";
import type { StreamOptions } from "../sdp/stream.ts";
import type { Session } from "../session/session.ts";
import type { SessionUpdate } from "../session/session_options.ts";
import { tlsToward, verifierOf } from "./negotiator_identity.ts";
import { resolveNames } from "./negotiator_names.ts";
import type {
  NegotiationOutcome,
  NegotiatorAdapter,
  NegotiatorListener,
  OfferOutcome,
  SessionAnswerOptions,
  SessionNegotiatorOptions,
} from "./negotiator_options.ts";
import type { Msrp } from "./node.ts";

/**
 * Sessions by offer/answer, for one SIP dialog or whatever carries the SDP.
 *
 * ```ts
 * const negotiator = new SessionNegotiator(app, adapter, { host: "192.0.2.10", listener, tls });
 * const offer = negotiator.createOffer();          // send it, get the answer
 * const { session } = await negotiator.acceptAnswer(answer);
 * session?.send("hello");
 * ```
 */
export class SessionNegotiator {
  readonly #app: Msrp;
  readonly #adapter: NegotiatorAdapter;
  readonly #options: SessionNegotiatorOptions;
  readonly #listeners: readonly NegotiatorListener[];
  readonly #negotiator: Negotiator;
  readonly #offered: Map<number, Session> = new Map();
  readonly #current: Map<number, Session> = new Map();
  readonly #retired: Map<Session, number> = new Map();
  #closed = false;

  /** @throws {LocalProtocolError} `missing-host`, `bad-host`, `bad-origin` */
  constructor(app: Msrp, adapter: NegotiatorAdapter, options: SessionNegotiatorOptions = {}) {
    const { listener, tls, session, verifyClientName, connectTimeoutMs, ...rest } = options;
    this.#app = app;
    this.#adapter = adapter;
    this.#options = options;
    this.#listeners = listener === undefined ? [] : Array.isArray(listener) ? listener : [listener];
    const secure = options.secure ?? this.#defaultSecure();
    const port = this.#portFor(secure ?? true);
    this.#negotiator = new Negotiator({
      ...rest,
      host: options.host ?? this.#listeningHost(),
      ...(port === undefined ? {} : { port }),
      ...(secure === undefined ? {} : { secure }),
      fingerprints: options.fingerprints ?? ownFingerprints(tls?.cert, adapter),
    });
  }

  /** Whether an offer of ours waits for its answer. */
  get state(): "stable" | "have-local-offer" {
    return this.#negotiator.state;
  }

  /** The sessions that are agreed on, by the position of their m= line. */
  get sessions(): ReadonlyMap<number, Session> {
    return this.#current;
  }

  /** Adds a stream to the next offer; see `Negotiator.addStream`. */
  addStream(options: StreamOptions = {}): number {
    return this.#negotiator.addStream(options);
  }

  /** Adds the section of another stack (audio, video, …) to the next offer; see `Negotiator.addOther`. */
  addOther(section: string): number {
    return this.#negotiator.addOther(section);
  }

  /** Changes options of a stream for the next offer; its session stays. */
  updateStream(index: number, changes: StreamOptions): void {
    this.#negotiator.updateStream(index, changes);
  }

  /** Gives a stream a new session in the next offer; the old one stays until the new one is in use (RFC 3264 §8.3.1). */
  renewPath(index: number = 0): void {
    this.#negotiator.renewPath(index);
  }

  /** Puts a stream on hold in the next offer: the peer stops sending content (RFC 3264 §8.4). */
  hold(index: number = 0): void {
    this.#negotiator.hold(index);
  }

  /** Takes a stream off hold in the next offer. */
  resume(index: number = 0): void {
    this.#negotiator.resume(index);
  }

  /** Ends a stream in the next offer; its session is closed by the answer. */
  removeStream(index: number): void {
    this.#negotiator.removeStream(index);
  }

  /**
   * The next offer. From now on connections for its sessions may come in; what they bring is held until the answer is
   * here (RFC 8122 §6.2). A session that has failed gets a new path (RFC 4975 §5.4), one that was closed ends its stream.
   *
   * @throws {LocalProtocolError} `offer-pending`, `too-many-sessions`
   */
  createOffer(): string {
    this.#prepare();
    const text = this.#negotiator.createOffer();
    try {
      for (const media of SessionDescription.parse(text).msrp) if (!media.rejected) this.#expect(media);
    } catch (error) {
      this.rejectOffer();
      throw error;
    }
    return text;
  }

  /** The open offer was refused, timed out or was withdrawn: all is as before (RFC 3264 §4). @throws {LocalProtocolError} `no-offer` */
  rejectOffer(): void {
    this.#negotiator.rejectOffer();
    this.#dropOffered();
  }

  /**
   * Takes the answer to the open offer, and opens or releases its sessions.
   *
   * @throws {LocalProtocolError} `no-offer`
   * @throws {RemoteProtocolError} an answer of no use at all; the offer stays open
   */
  async acceptAnswer(text: string): Promise<NegotiationOutcome> {
    const resolved = await this.#resolve(text);
    this.#mustBeOpen();
    return this.#settle(this.#negotiator.acceptAnswer(text, resolved === undefined ? {} : { resolved }));
  }

  /**
   * Answers an offer, and opens or expects its sessions. Nothing of the peer is held then: its identity is in the offer.
   *
   * @throws {RemoteProtocolError} an offer that cannot be read
   */
  async acceptOffer(text: string, options: SessionAnswerOptions = {}): Promise<OfferOutcome> {
    const resolved = await this.#resolve(text);
    if (this.state === "stable") this.#prepare();
    const result = this.#negotiator.acceptOffer(text, {
      ...options,
      ...(resolved === undefined ? {} : { resolved }),
      decide: (media) => this.#decide(media, options.decide?.(media)),
    });
    if (!result.ok) return result;
    return { ok: true, answer: result.answer, ...this.#settle(result) };
  }

  /**
   * Ends all sessions of this negotiator. The listener is its owner's to close.
   *
   * @param options `drain`: first wait until everything sent was accepted or has failed. @default true
   */
  async close(options: { drain?: boolean } = {}): Promise<void> {
    this.#closed = true;
    this.#dropOffered();
    const sessions = [...this.#current.values(), ...this.#retired.keys()];
    this.#current.clear();
    this.#retired.clear();
    await Promise.all(sessions.map((session) => session.close(options)));
  }

  // What has become of the sessions since the last exchange goes into the next description.
  #prepare(): void {
    this.#mustBeOpen();
    for (const [index, session] of this.#current) {
      if (session.state === "failed") this.#negotiator.renewPath(index);
      else if (session.state === "closed") this.#negotiator.removeStream(index);
    }
  }

  // RFC 3264 §5: ready to receive before the offer leaves.
  #expect(media: MsrpMedia): void {
    const { index } = media;
    const local = media.path.at(-1);
    if (local === undefined || this.#current.get(index)?.local.key === local.key) return;
    const offered = this.#offered.get(index);
    if (offered?.local.key === local.key) return;
    offered?.abort();
    const { acceptTypes, acceptWrappedTypes } = media;
    const settings = { ...this.#options.session, acceptTypes, acceptWrappedTypes };
    this.#offered.set(index, this.#app.session({ ...settings, local, held: true }));
  }

  #settle(negotiation: Negotiation): NegotiationOutcome {
    const { media, refused, needsOffer, description } = negotiation;
    const streams = media.map((one) => ({ index: one.index, media: one, session: this.#sessionFor(one) }));
    // RFC 6714 §4.2: the same stream is offered once more, so its session goes on.
    const again = refused.filter(({ code }) => code === "new-offer-without-cema");
    const kept = new Set([...media, ...again].map(({ index }) => index));
    for (const [index, session] of this.#offered) {
      if (kept.has(index)) continue;
      this.#offered.delete(index);
      session.abort();
    }
    for (const [index, session] of this.#current) {
      if (kept.has(index)) continue;
      this.#current.delete(index);
      this.#retire(session, index);
      this.#closeRetired(index);
    }
    return { streams, session: streams[0]?.session, refused, needsOffer, description };
  }

  #sessionFor(media: NegotiatedMedia): Session {
    const current = this.#current.get(media.index);
    const agreed: SessionUpdate = {
      acceptTypes: media.acceptTypes,
      acceptWrappedTypes: media.acceptWrappedTypes,
      peerAcceptTypes: media.peerAcceptTypes,
      peerAcceptWrappedTypes: media.peerAcceptWrappedTypes,
      peerMaxBytes: media.peerMaxSize ?? Number.POSITIVE_INFINITY,
      direction: media.direction,
    };
    if (media.continued && current !== undefined) return current.update(agreed);
    const session = this.#open(media, agreed, current);
    this.#current.set(media.index, session);
    if (current !== undefined && current !== session) {
      this.#retire(current, media.index);
      // RFC 3264 §8.3.1: the old path is given up when the new one is in use, and not before.
      session.ready.then(
        () => this.#closeRetired(media.index),
        () => undefined,
      );
    }
    return session;
  }

  #open(media: NegotiatedMedia, agreed: SessionUpdate, current: Session | undefined): Session {
    const { index, localUri: local, toPath: remote, role } = media;
    const { session: settings, verifyClientName = false } = this.#options;
    const verifyPeer = verifierOf(media, this.#adapter.digest, verifyClientName);
    const verified = verifyPeer === undefined ? {} : { verifyPeer };
    const offered = this.#offered.get(index);
    let session: Session;
    if (offered !== undefined && offered.local.key === local.key && offered.state === "idle") {
      this.#offered.delete(index);
      session = offered;
      this.#app.release(session, { ...agreed, remote, role, ...verified });
    } else {
      // The peer moved and we did not: one URI cannot have two sessions, so the old one makes way (RFC 4975 §6).
      if (current?.local.key === local.key) current.abort(new Error("the peer has a new path"));
      session = this.#app.session({
        ...settings,
        ...agreed,
        local,
        remote,
        role,
        ...verified,
      });
    }
    // RFC 6135 §4.5: behind a relay both roles connect to it; the role says who sends first.
    if (media.connectTo !== undefined) this.#connect(session, media);
    return session;
  }

  #connect(session: Session, media: NegotiatedMedia): void {
    const { connectTo, toPath: remote } = media;
    const { connectTimeoutMs, tls: own } = this.#options;
    const tls = tlsToward(media.identity, own);
    const options = {
      session,
      remote,
      // RFC 6714 §4.4: only the connection moves; To-Path keeps the URIs of the path.
      ...(connectTo === undefined ? {} : { address: connectTo }),
      ...(tls === undefined ? {} : { tls }),
      ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
    };
    // Whoever has the session hears of a failure by `ready` and `closed`.
    this.#app.connect(options, this.#adapter.transportConnect).catch(() => undefined);
  }

  #retire(session: Session, index: number): void {
    if (session.state === "closed" || session.state === "failed") return;
    this.#retired.set(session, index);
    void session.closed.then(() => this.#retired.delete(session));
  }

  #closeRetired(index: number): void {
    for (const [session, at] of this.#retired) if (at === index) void session.close();
  }

  #dropOffered(): void {
    for (const session of this.#offered.values()) session.abort(new Error("the offer came to nothing"));
    this.#offered.clear();
  }

  // A listener serves one scheme, so the port depends on what the offer asks for.
  #decide(
    media: MsrpMedia,
    wish: StreamOptions | "reject" | undefined,
  ): StreamOptions | "reject" | undefined {
    if (wish === "reject" || this.#current.has(media.index)) return wish;
    const secure = media.path[0]?.scheme === "msrps" || media.proto === "TCP/TLS/MSRP";
    const port = this.#portFor(secure);
    // An offer that leaves TLS open is followed: only the caller's own wish is a condition.
    const options = { port, ...(this.#options.secure === undefined ? { secure } : {}) };
    return { ...options, ...wish };
  }

  #portFor(secure: boolean): number | undefined {
    const scheme = secure ? "msrps" : "msrp";
    const listener = this.#listeners.find(({ uri }) => uri.scheme === scheme);
    return listener === undefined ? undefined : (this.#options.port ?? listener.uri.port);
  }

  // What is offered: TLS where we listen for it (RFC 6714 §7.2), else what we do listen for.
  #defaultSecure(): boolean | undefined {
    if (this.#listeners.length === 0) return undefined;
    return this.#listeners.some(({ uri }) => uri.scheme === "msrps");
  }

  #listeningHost(): string {
    const host = this.#listeners[0]?.uri.host;
    if (host === undefined || host === "0.0.0.0" || host === "::") {
      throw new LocalProtocolError("missing-host", "Cannot write SDP without a host that peers can reach");
    }
    return host;
  }

  async #resolve(text: string): Promise<Resolved | undefined> {
    const { resolveHost } = this.#adapter;
    this.#mustBeOpen();
    if (resolveHost === undefined || this.#options.cema === false) return undefined;
    return await resolveNames(text, this.#options.strict ?? false, resolveHost);
  }

  #mustBeOpen(): void {
    if (this.#closed)
      throw new LocalProtocolError("negotiator-closed", "Cannot negotiate: the negotiator was closed");
  }
}

function ownFingerprints(
  cert: string | undefined,
  adapter: NegotiatorAdapter,
): NonNullable<SessionNegotiatorOptions["fingerprints"]> {
  return cert === undefined ? [] : (adapter.certificateFingerprints?.(cert) ?? []);
}
