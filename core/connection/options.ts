/**
 * Options of a connection with their defaults, and the reason for each number.
 * Times are milliseconds, sizes are octets; nothing here is read from the network.
 */
import type { DecoderOptions } from "../wire/decoder_options.ts";

/** What a connection can be told at its start. */
export interface ConnectionOptions {
  /** How frames travel: `"message"` means exactly one frame per write (RFC 7977 §5.1). @default "stream" */
  framing?: "stream" | "message" | undefined;
  /** Limits of the reading side. */
  decoder?: Omit<DecoderOptions, "framing"> | undefined;
  /** Time for a response, from the last octet handed over (RFC 4975 §7.1.1). @default 30000 */
  transactionTimeoutMs?: number | undefined;
  /**
   * Open transactions of one connection; at the limit no new chunk starts. They bound what the peer has to write in
   * answer, see `congestionBytes`; enough for 250 k messages/s at 4 ms, or 10 k at 100 ms. For what a relay passes on it is
   * eight times as many while nothing is read: the answers stand behind messages that wait for others. @default 1024
   */
  maxOpenTransactions?: number | undefined;
  /** Transactions without a due response (`Failure-Report: partial`) that are remembered for a late error. @default 4096 */
  maxRememberedTransactions?: number | undefined;
  /**
   * Octets of control requests that may wait; beyond it `request` throws "queue-full". Twice `congestionBytes`: what was
   * read before the reading stopped is reported on as well. @default 2097152
   */
  maxQueuedRequestBytes?: number | undefined;
  /**
   * Octets of responses and control requests that wait before `congested` asks to stop reading. Two peers that stop
   * reading because neither reads would wait for ever, so it is more than a peer of our own kind can cause: a KiB for
   * response and report of each of its open transactions. @default 1048576
   */
  congestionBytes?: number | undefined;
  /**
   * A running chunk is interrupted at this many octets for responses, control requests, and messages that are no
   * longer than this themselves (RFC 4975 §7.1.1). @default 2048
   */
  interruptBytes?: number | undefined;
  /**
   * A running chunk is interrupted at this many octets when only longer messages wait: divided by the number of their
   * sessions, but at least an eighth. Turns of 2048 octets would cost a head each, and gain a long message nothing.
   * @default 65536
   */
  turnBytes?: number | undefined;
  /**
   * Octets of long messages that may be unanswered while short ones pass by: what the system buffers between the ends
   * is the delay of the short ones, and only answers tell how much that is. A fast link fills it within a round trip of
   * some milliseconds; a connection without short messages has no such limit.
   * @default 262144
   */
  sharedWindowBytes?: number | undefined;
  /** Longest body of a chunk; an idle link sends a message as one chunk. @default Infinity */
  maxChunkBytes?: number | undefined;
  /** What one write holds at most, give or take one frame. @default 65536 */
  maxWriteBytes?: number | undefined;
  /** Longest whole frame under `"message"` framing. @default 65536 */
  maxFrameBytes?: number | undefined;
  /** How long a chunk stays open on an otherwise idle wire when its source has no data. @default 5000 */
  openChunkIdleMs?: number | undefined;
  /** Draws transaction ids; drawn again on a clash. @default 16 random letters and digits */
  transactionId?: (() => string) | undefined;
}

/** The numbers of `ConnectionOptions` with defaults filled in. */
export type ConnectionLimits = Readonly<
  Required<{
    [K in Exclude<keyof ConnectionOptions, "framing" | "decoder" | "transactionId">]: number;
  }>
>;

const defaults: ConnectionLimits = {
  transactionTimeoutMs: 30_000,
  maxOpenTransactions: 1024,
  maxRememberedTransactions: 4096,
  maxQueuedRequestBytes: 2_097_152,
  congestionBytes: 1_048_576,
  interruptBytes: 2048,
  turnBytes: 65_536,
  sharedWindowBytes: 262_144,
  maxChunkBytes: Number.POSITIVE_INFINITY,
  maxWriteBytes: 65_536,
  maxFrameBytes: 65_536,
  openChunkIdleMs: 5000,
};

// Connections have the same limits as the one before, mostly, and ten thousand of them one object.
let latest: ConnectionLimits = defaults;
const names = Object.keys(defaults) as readonly (keyof ConnectionLimits)[];

/**
 * Fills in defaults and checks the numbers.
 * @throws RangeError for a limit that is not a number of at least 1
 */
export function connectionLimits(options: ConnectionOptions): ConnectionLimits {
  const limits: Record<keyof ConnectionLimits, number> = { ...defaults };
  let same = true;
  for (const key of names) {
    const value = options[key] ?? defaults[key];
    if (!(value >= 1)) {
      throw new RangeError(`Cannot use ${key}: ${value} (must be at least 1)`);
    }
    limits[key] = value;
    same &&= value === latest[key];
  }
  if (!same) latest = limits;
  return latest;
}
