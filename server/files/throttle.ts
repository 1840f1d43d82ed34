/**
 * Slows a stream down to a rate, for `msrpkit send --rate`. It cuts the octets small enough that the line stays
 * evenly busy instead of bursting once a second.
 */
import { setTimeout as sleep } from "node:timers/promises";

/** Pieces a second that the rate is spread over. */
const PIECES_PER_SECOND = 20;

/** The time source of {@link throttle}; tests give their own. */
export interface Pace {
  /** Milliseconds, never going backwards. */
  now(): number;
  /** Settles after this many milliseconds. */
  wait(milliseconds: number): Promise<unknown>;
}

const realPace: Pace = { now: () => performance.now(), wait: (milliseconds) => sleep(milliseconds) };

/**
 * The same octets, at most `bytesPerSecond` of them a second. Time in which the reader did not ask is not made up
 * for, so that a stalled connection is not followed by a burst.
 *
 * @param bytesPerSecond octets a second, from 1
 */
export async function* throttle(
  source: AsyncIterable<Uint8Array>,
  bytesPerSecond: number,
  pace: Pace = realPace,
): AsyncGenerator<Uint8Array, void, undefined> {
  const pieceBytes = Math.max(1, Math.floor(bytesPerSecond / PIECES_PER_SECOND));
  let due = pace.now();
  for await (const bytes of source) {
    for (let offset = 0; offset < bytes.length; offset += pieceBytes) {
      const now = pace.now();
      if (due > now) await pace.wait(due - now);
      const piece = bytes.subarray(offset, offset + pieceBytes);
      due = Math.max(due, now) + (piece.length / bytesPerSecond) * 1000;
      yield piece;
    }
  }
}
