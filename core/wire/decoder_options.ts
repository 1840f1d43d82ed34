/**
 * The limits and switches of a decoder. Every limit bounds what a stranger can make us hold or do.
 */

/** Options of `Decoder`; each has a default. */
export interface DecoderOptions {
  /** Refuse every deviation from RFC 4975 instead of letting the common ones of deployed peers through. @default false */
  strict?: boolean | undefined;
  /** `stream`: frames follow each other anyhow cut; `message`: each call brings exactly one (RFC 7977 §5.1). @default "stream" */
  framing?: "stream" | "message" | undefined;
  /** Octets of a start line, CRLF included: an id, a code and a comment of a few hundred characters. @default 1024 */
  maxStartLineBytes?: number | undefined;
  /** Octets of a header line, CRLF included: room for sixteen long URIs or a Digest header. @default 8192 */
  maxHeaderLineBytes?: number | undefined;
  /** Header fields of a frame; RFCs 4975, 4976 and 7701 together define fewer than twenty. @default 64 */
  maxHeaders?: number | undefined;
  /** Octets of start line and headers together. @default 16384 */
  maxHeadBytes?: number | undefined;
  /** URIs in one path: a chain of relays longer than this is a loop. @default 32 */
  maxPathUris?: number | undefined;
  /** Characters of a transaction id or Message-ID that are let through; RFC 4975 says 32, UUIDs have 36. @default 64 */
  maxIdBytes?: number | undefined;
  /** Octets of body in one frame; a longer body comes in slices. At least 2048. @default 65536 */
  maxSliceBytes?: number | undefined;
  /** Octets of body of a request other than SEND (RFC 4975 §7.1). @default 10240 */
  maxNonSendBodyBytes?: number | undefined;
}

/** Limits with their defaults filled in. */
export type DecoderLimits = Readonly<{ [Name in keyof DecoderOptions]-?: NonNullable<DecoderOptions[Name]> }>;

// Connections have the same limits as the one before, mostly, and ten thousand of them one object.
let latest: { readonly given: DecoderOptions; readonly limits: DecoderLimits } | undefined;

/** Fills in the defaults. @throws {RangeError} for a limit that is no positive integer, or too small to work with */
export function decoderLimits(options: DecoderOptions = {}): DecoderLimits {
  const known = latest;
  // Of what is not given the default is meant, so the same words mean the same limits.
  if (known !== undefined && options.framing === known.given.framing && sameOptions(options, known.given))
    return known.limits;
  const strict = options.strict ?? false;
  const limits: DecoderLimits = {
    strict,
    framing: options.framing ?? "stream",
    maxStartLineBytes: options.maxStartLineBytes ?? 1024,
    maxHeaderLineBytes: options.maxHeaderLineBytes ?? 8192,
    maxHeaders: options.maxHeaders ?? 64,
    maxHeadBytes: options.maxHeadBytes ?? 16_384,
    maxPathUris: options.maxPathUris ?? 32,
    maxIdBytes: strict ? 32 : (options.maxIdBytes ?? 64),
    maxSliceBytes: options.maxSliceBytes ?? 65_536,
    maxNonSendBodyBytes: options.maxNonSendBodyBytes ?? 10_240,
  };
  for (const [name, value] of Object.entries(limits)) {
    if (typeof value !== "number") continue;
    const least = name === "maxSliceBytes" ? 2048 : name === "maxIdBytes" ? 32 : 1;
    if (!Number.isSafeInteger(value) || value < least) {
      throw new RangeError(`Cannot use ${name} = ${value}: at least ${least} is needed`);
    }
  }
  latest = { given: { ...options }, limits };
  return limits;
}

function sameOptions(options: DecoderOptions, known: DecoderOptions): boolean {
  for (const name in options)
    if (options[name as keyof DecoderOptions] !== known[name as keyof DecoderOptions]) return false;
  for (const name in known)
    if (options[name as keyof DecoderOptions] !== known[name as keyof DecoderOptions]) return false;
  return true;
}

/** What a decoder tells about an oddity that it let through, or a response that it dropped. */
export interface OddityDetail {
  /** Transaction id of the frame, when it is known. */
  transactionId?: string | undefined;
  /** True when the frame was thrown away: a response with a fault (RFC 4975 §9 gives it nobody to answer to). */
  dropped?: boolean | undefined;
}

/** Told of every oddity; `code` is stable. */
export type OnOddity = (code: string, detail: OddityDetail) => void;
