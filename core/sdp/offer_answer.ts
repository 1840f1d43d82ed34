/**
 * Whether an answer fits its offer (RFC 3264 §6), stream by stream. Faults of the whole answer are thrown;
 * a stream that cannot be used is given with the code of what stands against it.
 */
import { RemoteProtocolError } from "../errors.ts";
import { isAnswerTo } from "./direction.ts";
import type { MsrpMedia } from "./msrp_media.ts";
import type { SessionDescription } from "./session_description.ts";
import { activeSide, type Side } from "./setup.ts";

/** Policy of the comparison. */
export interface MatchOptions {
  /** Take an answer without TLS to an offer with TLS. @default false */
  readonly allowDowngrade?: boolean;
  /** Refuse an answer whose t= line differs from the offer's. @default false */
  readonly strict?: boolean;
}

/** What an answer makes of one offered MSRP stream. */
export type StreamMatch =
  | { readonly ok: true; readonly offer: MsrpMedia; readonly answer: MsrpMedia; readonly active: Side }
  | { readonly ok: false; readonly index: number; readonly error: string };

/**
 * Compares an answer with its offer.
 *
 * @returns one entry for each MSRP stream of the offer that has a port
 * @throws RemoteProtocolError `media-count`, `media-mismatch`, `time-mismatch`
 */
export function matchAnswer(
  offer: SessionDescription,
  answer: SessionDescription,
  options: MatchOptions = {},
): StreamMatch[] {
  const fail = (code: string, detail: string): never => {
    throw new RemoteProtocolError(code, `Cannot take SDP answer: ${detail}`);
  };
  if (answer.media.length !== offer.media.length) {
    fail("media-count", `${answer.media.length} m= lines for ${offer.media.length}`);
  }
  for (const { index, line } of offer.media) {
    const answered = answer.media[index]?.line.media;
    if (answered !== line.media) fail("media-mismatch", `m=${answered} for m=${line.media}`);
  }
  if (options.strict === true && answer.timing !== offer.timing) fail("time-mismatch", "another t= line");
  return offer.msrp
    .filter((media) => !media.rejected)
    .map((media) => {
      const error = faultOf(media, answer, options);
      if (error !== undefined) return { ok: false, index: media.index, error };
      return matchStream(media, answer.msrpAt(media.index) as MsrpMedia);
    });
}

function faultOf(offer: MsrpMedia, answer: SessionDescription, options: MatchOptions): string | undefined {
  if (answer.media[offer.index]?.line.port === 0) return "rejected";
  const media = answer.msrpAt(offer.index);
  if (media === undefined) return "media-mismatch";
  if (options.allowDowngrade !== true && isTls(offer) && !isTls(media)) return "proto-mismatch";
  return isAnswerTo(offer.direction, media.direction) ? undefined : "direction-conflict";
}

function matchStream(offer: MsrpMedia, answer: MsrpMedia): StreamMatch {
  try {
    return { ok: true, offer, answer, active: activeSide(offer.setup, answer.setup) };
  } catch (error) {
    if (!(error instanceof RemoteProtocolError)) throw error;
    return { ok: false, index: offer.index, error: error.code };
  }
}

// RFC 4976 §11 answers TCP/MSRP with TCP/TLS/MSRP, so the m= line alone does not tell: the URI that is connected to does.
function isTls(media: MsrpMedia): boolean {
  return media.proto === "TCP/TLS/MSRP" && media.path[0]?.scheme !== "msrp";
}
