/**
 * Frames that go out ahead of message bodies: responses in one queue, control requests in another. They are encoded
 * when they are made, so that a mistake is thrown at its maker, and they wait as bytes, so that waiting is cheap to bound.
 */
import {
  type ForwardedRequest,
  FrameWriter,
  type OutgoingRequest,
  type OutgoingResponse,
} from "../wire/encoder.ts";
import type { RequestFrame } from "../wire/frame.ts";
import type { OpenTransaction } from "./transactions.ts";

/** Encoded frames that leave together. */
export interface FrameBlock {
  readonly bytes: Uint8Array;
  /** Transactions whose last octet is in `bytes`. */
  readonly transactions: readonly OpenTransaction[];
}

const none: readonly OpenTransaction[] = [];

/** A queue of encoded frames. */
export class FrameQueue {
  readonly #maxBlockBytes: number;
  readonly #writer = new FrameWriter();
  #blocks: FrameBlock[] | undefined;
  #transactions: OpenTransaction[] | undefined;
  #sealedBytes = 0;

  /** @param maxBlockBytes a block that has grown to this is complete; 1 puts every frame into a block of its own */
  constructor(maxBlockBytes: number) {
    this.#maxBlockBytes = maxBlockBytes;
  }

  /** Octets that wait. */
  get bytes(): number {
    return this.#sealedBytes + this.#writer.length;
  }

  /** Octets of the block that `take` gives. */
  get nextBytes(): number {
    return this.#blocks?.[0]?.bytes.length ?? this.#writer.length;
  }

  /** @throws LocalProtocolError when the grammar forbids it; the queue is unchanged then */
  response(response: OutgoingResponse): void {
    this.#writer.response(response);
    if (this.#writer.length >= this.#maxBlockBytes) this.#seal();
  }

  /** @throws LocalProtocolError when the grammar forbids it; the queue is unchanged then */
  request(request: OutgoingRequest, transaction: OpenTransaction | undefined): void {
    this.#writer.request(request);
    if (transaction !== undefined) (this.#transactions ??= []).push(transaction);
    if (this.#writer.length >= this.#maxBlockBytes) this.#seal();
  }

  /** A request that is passed on; see `FrameWriter.forward`. */
  forward(
    frame: RequestFrame,
    id: string,
    change: ForwardedRequest,
    transaction: OpenTransaction | undefined,
  ): void {
    // Two long bodies would outgrow the buffers that are used again.
    if (this.#writer.length > 0 && this.#writer.length + frame.bodyLength > this.#maxBlockBytes) this.#seal();
    this.#writer.forward(frame, id, change);
    if (transaction !== undefined) (this.#transactions ??= []).push(transaction);
    if (this.#writer.length >= this.#maxBlockBytes) this.#seal();
  }

  /** A plain 200; see `FrameWriter.acknowledge`. */
  acknowledge(id: string, paths: Uint8Array): void {
    this.#writer.acknowledge(id, paths);
    if (this.#writer.length >= this.#maxBlockBytes) this.#seal();
  }

  /** Takes what leaves next. */
  take(): FrameBlock | undefined {
    if (this.#blocks === undefined) {
      if (this.#writer.length === 0) return undefined;
      // The usual case: nothing is behind it, and no list is needed.
      return this.#block();
    }
    const block = this.#blocks.shift();
    if (this.#blocks.length === 0) this.#blocks = undefined;
    this.#sealedBytes -= block?.bytes.length ?? 0;
    return block;
  }

  /** Throws away what waits. */
  clear(): void {
    while (this.take() !== undefined);
  }

  #block(): FrameBlock {
    const block = { bytes: this.#writer.take(), transactions: this.#transactions ?? none };
    this.#transactions = undefined;
    return block;
  }

  #seal(): void {
    const block = this.#block();
    this.#blocks ??= [];
    this.#blocks.push(block);
    this.#sealedBytes += block.bytes.length;
  }
}
