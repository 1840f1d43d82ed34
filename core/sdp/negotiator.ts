/**
 * Offer/answer for MSRP (RFC 3264) as a pure state machine: SDP text goes in and comes out, and for every stream that
 * was agreed on it says who connects where. It opens no connection and knows no SIP, so it stands beside any SIP stack.
 */
import { LocalProtocolError } from "../errors.ts";
import { createSessionId } from "../wire/ident.ts";
import type { Resolved } from "./address.ts";
import { formatSession } from "./build.ts";
import { type ConnectionAddress, connectionOf } from "./fields.ts";
import type { MediaSection, SdpAttribute } from "./media_section.ts";
import type { MsrpMedia } from "./msrp_media.ts";
import type { Negotiation } from "./negotiated.ts";
import { OriginLine, type OriginOptions } from "./origin.ts";
import { SessionDescription } from "./session_description.ts";
import { settleAnswer, settleOffer } from "./settle.ts";
import { formatSlot, goneSlot, otherSlot, type Slot, streamSlot } from "./slots.ts";
import { type LocalStream, newStream, offered, type StreamOptions } from "./stream.ts";

/** Options of a negotiator; those of a stream are the defaults of all its streams. */
export interface NegotiatorOptions extends StreamOptions, OriginOptions {
  /** Own address or name, for own URIs, c= and o=. */
  readonly host: string;
  /** Value of s=. @default "-" */
  readonly sessionName?: string;
  /** Attributes of the session level in our descriptions. @default [] */
  readonly sessionAttributes?: readonly SdpAttribute[];
  /** Source of session-ids of own URIs. @default createSessionId (at least 128 random bits) */
  readonly createSessionId?: () => string;
  /** Refuse peers' SDP for everything that the grammars forbid. @default false */
  readonly strict?: boolean;
  /** Take an answer without TLS to an offer with TLS. @default false */
  readonly allowDowngrade?: boolean;
  /** Whether signalling protects the integrity of SDP; if not, fingerprints are not believed (RFC 6714 §7.7). @default true */
  readonly signallingTrusted?: boolean;
}

/** Choices for one answer. */
export interface AnswerOptions {
  /** What the names of the offer resolved to, for CEMA (see `namesToResolve`). */
  readonly resolved?: Resolved;
  /**
   * Looks at each offered MSRP stream: options for this stream (over those it has), `"reject"`, or `undefined` to take it
   * as it is. @default takes every stream
   */
  readonly decide?: (media: MsrpMedia) => StreamOptions | "reject" | undefined;
  /** Section that answers a stream of another kind, as another stack made it; `undefined` refuses it. @default refuses */
  readonly other?: (section: MediaSection) => string | undefined;
}

/** What comes of a received offer. */
export type OfferResult =
  | (Negotiation & { readonly ok: true /** SDP to send back. */; readonly answer: string })
  | {
      readonly ok: false;
      /** SIP status that refuses it: 488 when nothing in it can be used, 491 for glare. */
      readonly sipStatus: 488 | 491;
      /** Why, for example `no-common-type`, `address-mismatch`, `glare`. */
      readonly code: string;
    };

/** Offer/answer state of one SIP dialog, or of whatever carries the SDP. */
export class Negotiator {
  readonly #options: NegotiatorOptions;
  readonly #connection: ConnectionAddress;
  readonly #origin: OriginLine;
  readonly #sessionId: () => string;
  /** What both sides agreed on last; a refused offer leaves it as it is (RFC 3264 §4). */
  #agreed: readonly Slot[] = [];
  /** What the next offer will say. */
  #wanted: readonly Slot[] = [];
  #timing = "t=0 0\r\n";
  #open: SessionDescription | undefined;

  /** @throws LocalProtocolError `bad-host`, `bad-origin` */
  constructor(options: NegotiatorOptions) {
    this.#options = options;
    this.#connection = connectionOf(options.address ?? options.host);
    this.#origin = new OriginLine(options);
    this.#sessionId = options.createSessionId ?? createSessionId;
  }

  /** Whether an offer of ours waits for its answer. */
  get state(): "stable" | "have-local-offer" {
    return this.#open === undefined ? "stable" : "have-local-offer";
  }

  /**
   * Adds a stream to the next offer, in the place of one that is gone if there is any (RFC 3264 §8.1).
   *
   * @returns its position among the m= lines
   * @throws LocalProtocolError `offer-pending`, and the codes of `ownUri`
   */
  addStream(options: StreamOptions = {}): number {
    this.#mustBeStable();
    const free = this.#wanted.findIndex((slot) => slot.kind === "text" && slot.line.port === 0);
    return this.#put(free < 0 ? this.#wanted.length : free, this.#newSlot({ ...this.#options, ...options }));
  }

  /**
   * Adds the section of another stack (audio, video, …) to the next offer.
   *
   * @returns its position among the m= lines
   * @throws LocalProtocolError `offer-pending`; RemoteProtocolError when the text is not one section
   */
  addOther(section: string): number {
    this.#mustBeStable();
    return this.#put(this.#wanted.length, otherSlot(section));
  }

  /** Changes options of a stream for the next offer; its path stays. @throws LocalProtocolError `offer-pending`, `no-stream` */
  updateStream(index: number, changes: StreamOptions): void {
    const stream = this.#streamAt(index);
    this.#put(index, streamSlot({ ...stream, options: { ...stream.options, ...changes } }));
  }

  /** Gives a stream a new own URI, and so a new session, in the next offer (RFC 4975 §8.4). @throws LocalProtocolError `offer-pending`, `no-stream` */
  renewPath(index: number): void {
    const { options, onHold } = this.#streamAt(index);
    this.#put(index, streamSlot({ ...newStream(options, this.#sessionId()), onHold }));
  }

  /** Puts a stream on hold in the next offer: sendonly, or inactive (RFC 3264 §8.4). @throws LocalProtocolError `offer-pending`, `no-stream` */
  hold(index: number): void {
    this.#put(index, streamSlot({ ...this.#streamAt(index), onHold: true }));
  }

  /** Takes a stream off hold in the next offer. @throws LocalProtocolError `offer-pending`, `no-stream` */
  resume(index: number): void {
    this.#put(index, streamSlot({ ...this.#streamAt(index), onHold: false }));
  }

  /** Ends a stream in the next offer; its place stays, with port 0 (RFC 3264 §8.2). @throws LocalProtocolError `offer-pending`, `no-stream` */
  removeStream(index: number): void {
    this.#mustBeStable();
    const slot = this.#wanted[index];
    if (slot === undefined)
      throw new LocalProtocolError("no-stream", `Cannot remove stream ${index}: no such m= line`);
    this.#put(index, goneSlot(slot));
  }

  /**
   * The next offer. Without any stream one is added; without any change the text is that of the last description,
   * octet for octet (RFC 3264 §8).
   *
   * @throws LocalProtocolError `offer-pending` while an offer of ours is open (RFC 3264 §4)
   */
  createOffer(): string {
    this.#mustBeStable();
    const wanted = this.#wanted.length > 0 ? this.#wanted : [this.#newSlot(this.#options)];
    const slots = wanted.map((slot) => (slot.kind === "stream" ? streamSlot(offered(slot.stream)) : slot));
    const text = this.#write(slots);
    this.#open = SessionDescription.parse(text);
    this.#wanted = slots;
    return text;
  }

  /**
   * Forgets the open offer, which was refused, timed out or withdrawn: all is as it was before (RFC 3264 §4).
   *
   * @throws LocalProtocolError `no-offer`
   */
  rejectOffer(): void {
    if (this.#open === undefined) throw new LocalProtocolError("no-offer", "Cannot reject: no offer is open");
    this.#open = undefined;
    this.#wanted = this.#agreed;
  }

  /**
   * Takes the answer to the open offer.
   *
   * @throws LocalProtocolError `no-offer`; RemoteProtocolError for an answer of no use at all, and the offer stays open
   */
  acceptAnswer(text: string, options: { readonly resolved?: Resolved } = {}): Negotiation {
    if (this.#open === undefined)
      throw new LocalProtocolError("no-offer", "Cannot take an answer: no offer is open");
    const description = SessionDescription.parse(text, { strict: this.#options.strict ?? false });
    const { slots, ...settled } = settleAnswer(this.#open, description, this.#wanted, {
      strict: this.#options.strict ?? false,
      allowDowngrade: this.#options.allowDowngrade ?? false,
      signallingTrusted: this.#options.signallingTrusted ?? true,
      resolved: options.resolved,
    });
    this.#open = undefined;
    this.#agreed = this.#wanted = slots;
    return { ...settled, description };
  }

  /**
   * Answers an offer. While an offer of ours is open this is glare (491); an offer in which nothing can be used gives
   * 488. Both change nothing. Changes that were meant for our next offer (hold, new options, a new path, an end) go into
   * the answer; streams that were added but not offered yet are given up.
   *
   * @throws RemoteProtocolError for an offer that cannot be read, or that has lost m= lines (`media-count`)
   */
  acceptOffer(text: string, options: AnswerOptions = {}): OfferResult {
    if (this.#open !== undefined) return { ok: false, sipStatus: 491, code: "glare" };
    const description = SessionDescription.parse(text, { strict: this.#options.strict ?? false });
    const ended = (index: number): boolean =>
      this.#agreed[index]?.kind === "stream" && this.#wanted[index]?.kind === "text";
    const before = this.#agreed.map((slot, index) =>
      slot.kind === "stream" ? (this.#wanted[index] ?? slot) : slot,
    );
    const { slots, ...settled } = settleOffer(description, before, {
      defaults: this.#options,
      sessionId: this.#sessionId,
      signallingTrusted: this.#options.signallingTrusted ?? true,
      resolved: options.resolved,
      decide: (media) => (ended(media.index) ? "reject" : options.decide?.(media)),
      other: options.other,
    });
    const usable = slots.some((slot) => slot.kind === "stream" || slot.line.port !== 0);
    const reason = settled.refused.find(({ code }) => code !== "other-media") ?? settled.refused[0];
    // RFC 4975 §8.6: nothing in common is for the rendezvous to say; an offer that only ends streams is answered.
    if (!usable && reason !== undefined) return { ok: false, sipStatus: 488, code: reason.code };
    const timing = this.#timing;
    this.#timing = description.timing;
    let answer: string;
    try {
      answer = this.#write(slots);
    } catch (error) {
      this.#timing = timing;
      throw error;
    }
    this.#agreed = this.#wanted = slots;
    return { ok: true, answer, ...settled, description };
  }

  #write(slots: readonly Slot[]): string {
    const { sessionName, sessionAttributes } = this.#options;
    const sections = slots.map((slot) => formatSlot(slot, this.#connection)).join("");
    return this.#origin.stamp((origin) => {
      const session = formatSession({
        origin,
        name: sessionName ?? "-",
        connection: this.#connection,
        timing: this.#timing,
        attributes: sessionAttributes ?? [],
      });
      return session + sections;
    });
  }

  #newSlot(options: StreamOptions): Slot {
    return streamSlot(newStream(options, this.#sessionId()));
  }

  #put(index: number, slot: Slot): number {
    this.#mustBeStable();
    const slots = [...this.#wanted];
    slots[index] = slot;
    this.#wanted = slots;
    return index;
  }

  #streamAt(index: number): LocalStream {
    this.#mustBeStable();
    const slot = this.#wanted[index];
    if (slot?.kind !== "stream")
      throw new LocalProtocolError("no-stream", `Cannot change stream ${index}: none of ours`);
    return slot.stream;
  }

  #mustBeStable(): void {
    if (this.#open !== undefined)
      throw new LocalProtocolError("offer-pending", "Cannot change: an offer is open");
  }
}
