/**
 * A buffer for what an input cuts off. Frames that lie in it may be looked at until the call that gave them out returns,
 * so octets that are lent are not written over before: a second buffer takes the new ones, and the two take turns.
 */
import { releaseBuffer, takeBuffer } from "./output_buffers.ts";

const nothing = new Uint8Array(0);
const noView = new DataView(nothing.buffer);
/** Buffers no longer than this are kept when they are empty. */
const keptBytes = 4096;

/** Octets that grow at the end and are consumed from the front. */
export class LendingBuffer {
  /** The octets, from 0 to `length`. */
  bytes: Uint8Array = nothing;
  /** Sees the same octets. */
  view: DataView = noView;
  length = 0;
  #lent = false;
  #spare: Uint8Array = nothing;
  #spareView: DataView = noView;
  #spareLent = false;
  /** Large buffers that were let go of, but that frames may still lie in. */
  #retired: Uint8Array[] = [];

  /** Frames of the last input are gone, or were retained: large buffers go back to where all connections take them from. */
  settle(): void {
    this.#lent = false;
    this.#spareLent = false;
    if (this.#retired.length === 0) return;
    for (const bytes of this.#retired) releaseBuffer(bytes);
    this.#retired = [];
  }

  /** What is in the buffer was given out. */
  lend(): void {
    this.#lent = true;
  }

  /** Adds octets; when a new buffer is needed, one of `room` octets or more. */
  append(source: Uint8Array, start: number, end: number, room: number): void {
    const needed = this.length + end - start;
    if (this.#lent || needed > this.bytes.length) this.#renew(0, needed, room);
    if (end - start === 1) this.bytes[this.length] = source[start]!;
    else this.bytes.set(source.subarray(start, end), this.length);
    this.length = needed;
  }

  /** Forgets the octets before `start`. */
  keepFrom(start: number, room: number): void {
    const kept = this.length - start;
    if (this.#lent && kept > 0) this.#renew(start, kept, room);
    else this.bytes.copyWithin(0, start, this.length);
    this.length = kept;
  }

  /** Empties the buffer, and lets go of it when it is large. */
  release(): void {
    this.length = 0;
    if (this.bytes.length > keptBytes) {
      this.#retired.push(this.bytes);
      this.bytes = nothing;
      this.view = noView;
      this.#lent = false;
    }
    if (this.#spare.length > keptBytes) {
      this.#retired.push(this.#spare);
      this.#spare = nothing;
      this.#spareView = noView;
      this.#spareLent = false;
    }
  }

  /** Takes a buffer that is not lent and copies what is kept. */
  #renew(start: number, needed: number, room: number): void {
    const { bytes, view } = this;
    const spare = this.#spare;
    if (!this.#spareLent && this.#spare.length >= needed) {
      this.bytes = this.#spare;
      this.view = this.#spareView;
    } else {
      this.bytes = takeBuffer(Math.max(needed, room));
      this.view = new DataView(this.bytes.buffer);
    }
    const left = this.#lent || !this.#spareLent ? spare : bytes;
    if (left === spare) {
      this.#spare = bytes;
      this.#spareView = view;
      this.#spareLent = this.#lent;
    }
    if (left.length > keptBytes && left !== this.bytes) this.#retired.push(left);
    this.#lent = false;
    this.bytes.set(bytes.subarray(start, this.length));
  }
}
