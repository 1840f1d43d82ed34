/**
 * Octets to frames and frames to octets, as RFC 4975 §9 has them. There is no state here beyond one connection's
 * reading position, and no protocol above the frame.
 */
export { type ByteRange, byteRangeFault, formatByteRange, parseByteRange, subRange } from "./byte_range.ts";
export { Decoder } from "./decoder.ts";
export type { DecoderOptions, OddityDetail, OnOddity } from "./decoder_options.ts";
export {
  encodeRequest,
  encodeResponse,
  FrameWriter,
  type OutgoingRequest,
  type OutgoingResponse,
} from "./encoder.ts";
export { containsEndLine, EndLineScanner } from "./end_line.ts";
export { type FailureReport, type Flag, type Frame, RequestFrame, ResponseFrame } from "./frame.ts";
export type { HeaderList } from "./header_list.ts";
export { createMessageId, createSessionId, createTransactionId, isIdent } from "./ident.ts";
export { isMediaType } from "./media_type.ts";
export { interruptibleBytes } from "./outgoing.ts";
export { defaultComment, formatStatus, parseStatus, type StatusHeader } from "./status.ts";
export { MsrpUri, type MsrpUriParts } from "./uri.ts";
