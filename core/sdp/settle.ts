/**
 * The two halves of an exchange, as functions over the m= lines of our description: making an answer to an offer,
 * and taking an answer to our offer. They change nothing; the negotiator keeps what they return.
 */
import { RemoteProtocolError } from "../errors.ts";
import type { Resolved } from "./address.ts";
import { type AnswererDecision, decideAsAnswerer, decideAsOfferer, pathTarget } from "./cema.ts";
import { fitDirection } from "./direction.ts";
import type { MediaSection } from "./media_section.ts";
import { haveCommonType } from "./media_type.ts";
import type { MsrpMedia } from "./msrp_media.ts";
import { type NegotiatedMedia, type Negotiation, negotiated } from "./negotiated.ts";
import { type MatchOptions, matchAnswer } from "./offer_answer.ts";
import type { SessionDescription } from "./session_description.ts";
import { answersTo } from "./setup.ts";
import { goneSlot, otherSlot, refusal, type Slot, streamSlot } from "./slots.ts";
import {
  activePort,
  isReachable,
  type LocalStream,
  ownUri,
  pathsKey,
  type StreamOptions,
  typesOf,
  usesRelay,
  wishOf,
} from "./stream.ts";

/** What one exchange has made of our m= lines. */
export interface Settled extends Omit<Negotiation, "description"> {
  /** Our m= lines from now on. */
  readonly slots: readonly Slot[];
}

/** What answering needs beside the offer. */
export interface AnswerContext {
  /** Options of streams that are new. */
  readonly defaults: StreamOptions;
  /** A fresh session-id. */
  readonly sessionId: () => string;
  readonly signallingTrusted: boolean;
  readonly resolved: Resolved | undefined;
  readonly decide: ((media: MsrpMedia) => StreamOptions | "reject" | undefined) | undefined;
  readonly other: ((section: MediaSection) => string | undefined) | undefined;
}

type Answered = { readonly stream: LocalStream; readonly media: NegotiatedMedia } | { readonly code: string };

/**
 * Answers an offer, m= line by m= line in its order (RFC 3264 §6).
 *
 * @throws RemoteProtocolError `media-count` when the offer has fewer m= lines than were agreed on before
 */
export function settleOffer(
  offer: SessionDescription,
  before: readonly Slot[],
  context: AnswerContext,
): Settled {
  if (offer.media.length < before.length) {
    throw new RemoteProtocolError(
      "media-count",
      `Cannot take offer: ${before.length} m= lines became ${offer.media.length}`,
    );
  }
  const media: NegotiatedMedia[] = [];
  const refused: { index: number; code: string }[] = [];
  const slots = offer.media.map((section, index): Slot => {
    const offered = offer.msrpAt(index);
    // RFC 3264 §8.2: what is offered with port 0 is answered with port 0, and refuses nothing.
    if (section.line.port === 0) return refusal(section.line);
    if (offered === undefined) {
      const text = context.other?.(section);
      if (text !== undefined) return otherSlot(text);
      refused.push({ index, code: "other-media" });
      return refusal(section.line);
    }
    const slot = before[index];
    const answered = answerStream(offered, slot?.kind === "stream" ? slot.stream : undefined, context);
    if ("code" in answered) {
      refused.push({ index, code: answered.code });
      return refusal(section.line);
    }
    media.push(answered.media);
    return streamSlot(answered.stream);
  });
  return { slots, media, refused, needsOffer: false };
}

function answerStream(offer: MsrpMedia, before: LocalStream | undefined, context: AnswerContext): Answered {
  const decided = context.decide?.(offer);
  if (decided === "reject") return { code: "declined" };
  const options: StreamOptions = { ...(before?.options ?? context.defaults), ...decided };
  const secure = offer.path[0]?.scheme === "msrps" || offer.proto === "TCP/TLS/MSRP";
  if (options.secure !== undefined && options.secure !== secure)
    return { code: secure ? "tls-unwanted" : "tls-required" };
  const ours = typesOf(options);
  if (!haveCommonType(offer.acceptTypes, options.sendTypes ?? ours.acceptTypes))
    return { code: "no-common-type" };
  const decision = decide(offer, options, context.resolved);
  if (decision.action === "reject") return { code: "address-mismatch" };
  const bound = before?.agreed !== undefined && before.agreed === pathsKey(before, offer);
  const setup = decision.setup.find((choice) => choice === "active" || isReachable(options) || bound);
  if (setup === undefined) return { code: "cannot-listen" };
  const stream: LocalStream = {
    options,
    uri:
      keptUri(before, options, secure, setup, bound) ??
      ownUri(options, secure, setup === "active", context.sessionId()),
    setup,
    cema: decision.includeCema,
    direction: fitDirection(wishOf(options, before?.onHold ?? false), offer.direction),
    onHold: before?.onHold ?? false,
    agreed: before?.agreed,
  };
  const media = negotiated({
    stream,
    remote: offer,
    role: setup,
    target: decision.ifActiveConnectTo,
    cema: decision.includeCema && offer.cema,
    signallingTrusted: context.signallingTrusted,
  });
  return { stream: { ...stream, agreed: pathsKey(stream, offer) }, media };
}

function decide(offer: MsrpMedia, options: StreamOptions, resolved: Resolved | undefined): AnswererDecision {
  const preferPassive = (options.preferPassive ?? true) && isReachable(options);
  if (options.cema !== false)
    return decideAsAnswerer(offer, { usesRelay: usesRelay(options), resolved, preferPassive });
  return {
    action: "accept",
    includeCema: false,
    setup: answersTo(offer.setup, preferPassive),
    ifActiveConnectTo: pathTarget(offer),
    addressIsRelay: usesRelay(options),
  };
}

/**
 * The URI that the stream already has, unless the new role needs another port in it. A peer that moved gets a new one:
 * its path belongs to another session, and one URI has one session only (RFC 4975 §6), while the old one still runs.
 */
function keptUri(
  before: LocalStream | undefined,
  options: StreamOptions,
  secure: boolean,
  setup: "active" | "passive",
  bound: boolean,
): LocalStream["uri"] | undefined {
  if (before === undefined || (before.uri.scheme === "msrps") !== secure) return undefined;
  if (before.agreed !== undefined && !bound) return undefined;
  const listens = before.uri.port !== activePort || usesRelay(options);
  return setup === "active" || listens || bound ? before.uri : undefined;
}

/**
 * Takes the answer to our offer.
 *
 * @throws RemoteProtocolError `media-count`, `media-mismatch`, `time-mismatch`
 */
export function settleAnswer(
  offer: SessionDescription,
  answer: SessionDescription,
  before: readonly Slot[],
  context: MatchOptions & { readonly resolved: Resolved | undefined; readonly signallingTrusted: boolean },
): Settled {
  const slots = [...before];
  const media: NegotiatedMedia[] = [];
  const refused: { index: number; code: string }[] = [];
  for (const match of matchAnswer(offer, answer, context)) {
    const index = match.ok ? match.offer.index : match.index;
    const slot = slots[index];
    if (slot?.kind !== "stream") continue;
    if (!match.ok) {
      refused.push({ index, code: match.error });
      slots[index] = goneSlot(slot);
      continue;
    }
    const { stream } = slot;
    const known = { usesRelay: usesRelay(stream.options), resolved: context.resolved };
    const decision = decideAsOfferer(match.offer, match.answer, known);
    if (decision.action === "new-offer-without-cema") {
      refused.push({ index, code: decision.action });
      slots[index] = streamSlot({ ...stream, options: { ...stream.options, cema: false } });
      continue;
    }
    media.push(
      negotiated({
        stream,
        remote: match.answer,
        role: decision.action === "connect" ? "active" : "passive",
        target: decision.action === "connect" ? decision.connectTo : undefined,
        cema: decision.cema,
        signallingTrusted: context.signallingTrusted,
      }),
    );
    slots[index] = streamSlot({ ...stream, agreed: pathsKey(stream, match.answer) });
  }
  for (const { index, line } of answer.media) {
    const slot = slots[index];
    if (line.port === 0 && slot?.kind === "text") slots[index] = goneSlot(slot);
  }
  // A peer whose answer had any other fault believes that the stream runs, so it has to be told.
  return { slots, media, refused, needsOffer: refused.some(({ code }) => code !== "rejected") };
}
