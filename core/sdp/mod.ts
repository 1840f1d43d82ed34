/**
 * Session descriptions for MSRP: reading, writing, offer/answer, COMEDIA, CEMA and fingerprints, all pure.
 * The negotiator is the door; the rest is for those who stand beside another SDP stack.
 */
export { canonicalHost, type Resolved, sameHost } from "./address.ts";
export {
  type AnswererDecision,
  addressMatchesPath,
  type CemaContext,
  type ConnectTo,
  decideAsAnswerer,
  decideAsOfferer,
  namesToResolve,
  type OffererDecision,
} from "./cema.ts";
export {
  channelLines,
  type DataChannelDescription,
  type DataChannelInit,
  formatDataChannel,
  readDataChannels,
} from "./data_channel.ts";
export { type DataChannelMap, formatMap, readMap } from "./data_channel_map.ts";
export {
  answerDataChannel,
  type DataChannelAnswer,
  type DataChannelRole,
  fromMessageSection,
  matchDataChannels,
  maxMessageSize,
  toMessageSection,
  withDataChannels,
  withoutDataChannels,
} from "./data_channel_offer.ts";
export { type Direction, receives, sends } from "./direction.ts";
export type { AddressType, ConnectionAddress, MediaLine, Origin } from "./fields.ts";
export {
  type Digest,
  type Fingerprint,
  fingerprintOf,
  fingerprintsOf,
  formatFingerprint,
  matchesFingerprint,
  trustedHashes,
} from "./fingerprint.ts";
export { KnownPeers, type PeerSighting } from "./known_peers.ts";
export { maxDescriptionLength, type SdpOddity } from "./lines.ts";
export { isMsrp, MediaSection, type SdpAttribute } from "./media_section.ts";
export { type AcceptedTypes, allowed, haveCommonType, pickType } from "./media_type.ts";
export type { MsrpMedia } from "./msrp_media.ts";
export type { NegotiatedMedia, Negotiation, TlsIdentity } from "./negotiated.ts";
export { type AnswerOptions, Negotiator, type NegotiatorOptions, type OfferResult } from "./negotiator.ts";
export { type MatchOptions, matchAnswer, type StreamMatch } from "./offer_answer.ts";
export type { OriginOptions } from "./origin.ts";
export { type Preset, presets } from "./presets.ts";
export { type ReadOptions, SessionDescription } from "./session_description.ts";
export { activeSide, type Setup, type Side } from "./setup.ts";
export {
  acceptsClearSigned,
  acceptsSmime,
  requiresSmime,
  type SmimeAbilities,
  type SmimeType,
  smimeEntries,
} from "./smime.ts";
export type { StreamOptions } from "./stream.ts";
