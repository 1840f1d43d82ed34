/**
 * Buffers of busy connections, used again: fresh memory costs a sender of bulk more than everything else it does. Shared by
 * all writers of the process, so that an idle connection holds none; given back by the adapter that has written one.
 */

/** Below this a fresh buffer is cheaper than the bookkeeping. */
const leastBytes = 6144;
/** Up to this a copy is cheaper than a view of a larger buffer. */
export const maxCopied = 1000;
/** Octets of a buffer in which a few short frames are put together. */
export const scratchBytes = 2048;
/** Writers that put short frames together at once, and more than a turn has. */
const maxScratch = 64;

/** Blocks of one size. */
interface Store {
  readonly blockBytes: number;
  /** Blocks that wait to be used again: enough for the connections that write in the same turn. */
  readonly maxFree: number;
  readonly free: ArrayBuffer[];
}

/**
 * A TLS record and the frame around it; and one write of a busy connection: 64 KiB of body, its frames, and room to grow
 * (`largestGuess` of the encoder). 3 MiB of each.
 */
const stores: readonly Store[] = [
  { blockBytes: 24_576, maxFree: 128, free: [] },
  { blockBytes: 98_304, maxFree: 32, free: [] },
];
// Only what was handed out here and not given back may come back, and only once: the rest belongs to others.
const lent: WeakSet<ArrayBufferLike> = new WeakSet();

const scratch: Uint8Array[] = [];

/** A buffer of `scratchBytes` for frames that are copied out of it. */
export function takeScratch(): Uint8Array {
  return scratch.pop() ?? new Uint8Array(scratchBytes);
}

/** Gives a buffer of `takeScratch` back, which nobody else has seen. */
export function giveScratch(bytes: Uint8Array): void {
  if (scratch.length < maxScratch) scratch.push(bytes);
}

/** A buffer of at least so many octets; what is in it is of no meaning. */
export function takeBuffer(size: number): Uint8Array {
  if (size < leastBytes) return new Uint8Array(size);
  for (const { blockBytes, free } of stores) {
    if (size > blockBytes) continue;
    const block = free.pop() ?? new ArrayBuffer(blockBytes);
    lent.add(block);
    return new Uint8Array(block);
  }
  return new Uint8Array(size);
}

/**
 * Tells that octets given to `Transport.write` are written and nobody looks at them any more, so that their memory may be
 * used again. Not a duty of an adapter, but a third of the cost of sending bulk; wrong bytes and repeated calls do no harm.
 */
export function releaseBuffer(bytes: Uint8Array): void {
  // Nobody hands out so little of a block, and to ask a small array for its buffer makes the runtime move it there.
  if (bytes.length <= maxCopied) return;
  const { buffer } = bytes;
  for (const { blockBytes, maxFree, free } of stores) {
    if (buffer.byteLength !== blockBytes) continue;
    if (lent.delete(buffer) && free.length < maxFree) free.push(buffer as ArrayBuffer);
    return;
  }
}

/**
 * Octets behind the end of `bytes` that nobody else uses, for an adapter that has to put something in front: 0 unless
 * they begin a block of `takeBuffer`, which is always handed over whole.
 */
export function spareRoom(bytes: Uint8Array): number {
  const { buffer, byteOffset, length } = bytes;
  return byteOffset === 0 && lent.has(buffer) ? buffer.byteLength - length : 0;
}
