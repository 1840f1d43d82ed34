/**
 * Buffers of busy connections, used again: fresh memory costs a sender of bulk more than everything else it does. Shared by
 * all writers of the process, so that an idle connection holds none; given back by the adapter that has written one.
 */

/** Below this a fresh buffer is cheaper than the bookkeeping. */
const leastBytes = 32_768;
/** One write of a busy connection: 64 KiB of body, its frames, and room to grow (`largestGuess` of the encoder). */
const blockBytes = 98_304;
/** Blocks that wait to be used again: 3 MiB, enough for the connections that write in the same turn. */
const maxFree = 32;

const free: ArrayBuffer[] = [];
// Only what was handed out here and not given back may come back, and only once: the rest belongs to others.
const lent: WeakSet<ArrayBufferLike> = new WeakSet();

/** A buffer of at least so many octets; what is in it is of no meaning. */
export function takeBuffer(size: number): Uint8Array {
  if (size < leastBytes || size > blockBytes) return new Uint8Array(size);
  const block = free.pop() ?? new ArrayBuffer(blockBytes);
  lent.add(block);
  return new Uint8Array(block);
}

/**
 * Tells that octets given to `Transport.write` are written and nobody looks at them any more, so that their memory may be
 * used again. Not a duty of an adapter, but a third of the cost of sending bulk; wrong bytes and repeated calls do no harm.
 */
export function releaseBuffer(bytes: Uint8Array): void {
  if (bytes.buffer.byteLength !== blockBytes || !lent.delete(bytes.buffer)) return;
  if (free.length < maxFree) free.push(bytes.buffer as ArrayBuffer);
}
