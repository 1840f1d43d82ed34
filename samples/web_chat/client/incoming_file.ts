/**
 * Takes the octets of a file that arrives and puts them into the archive in large pieces. A reload in the middle loses at
 * most the last of them, which the sender then sends again.
 */
import type { MessageSink } from "../../../mod.ts";
import type { Archive } from "./archive.ts";

/** Octets that are collected before they are put away. */
const pieceBytes = 1_048_576;

/** What an incoming file tells of itself. */
export interface IncomingFileEvents {
  /**
   * Octets from the beginning. Throwing refuses the message.
   *
   * @returns false: more are needed to read its head
   */
  begun(octets: Uint8Array): boolean;
  /** Octets from the beginning that are here. */
  progress(octets: number): void;
  complete(total: number): void;
  /** Not whole, and no more comes now; `forGood`: the sender has given it up. */
  ended(forGood: boolean): void;
}

/** One message that goes into the archive. */
export class IncomingFile implements MessageSink {
  readonly received: readonly { readonly start: number; readonly end: number }[];
  readonly #archive: Archive;
  readonly #id: string;
  readonly #events: IncomingFileEvents;
  readonly #waiting: Uint8Array = new Uint8Array(pieceBytes);
  #length = 0;
  /** Octets that are here: in the archive, or waiting for it. */
  #octets: number;
  #begun: boolean;
  #refused: Error | undefined;

  /** @param held octets that the archive has from an earlier session */
  constructor(archive: Archive, id: string, held: number, events: IncomingFileEvents) {
    this.#archive = archive;
    this.#id = id;
    this.#events = events;
    this.#octets = held;
    this.#begun = held > 0;
    this.received = held > 0 ? [{ start: 1, end: held }] : [];
  }

  /** Takes no more of it. */
  refuse(reason: Error): void {
    this.#refused = reason;
  }

  async write(position: number, bytes: Uint8Array): Promise<void> {
    if (this.#refused !== undefined) throw this.#refused;
    if (position > this.#octets) throw new Error("Octets in between are missing");
    let rest = bytes.subarray(this.#octets - position);
    while (rest.length > 0) {
      const piece = rest.subarray(0, pieceBytes - this.#length);
      this.#waiting.set(piece, this.#length);
      this.#length += piece.length;
      this.#octets += piece.length;
      rest = rest.subarray(piece.length);
      // No head is as long as a piece.
      if (!this.#begun) this.#begun = this.#events.begun(this.#waiting.subarray(0, this.#length));
      if (this.#length === pieceBytes) await this.#putAway();
    }
    this.#events.progress(this.#octets);
  }

  async close(total: number): Promise<void> {
    await this.#putAway();
    this.#events.complete(total);
  }

  async abort(reason: Error): Promise<void> {
    // The sender gives it up with "#" (RFC 4975 §7.1.1); everything else is an interruption.
    const forGood = this.#refused !== undefined || (reason as { code?: string }).code === "aborted";
    try {
      if (!forGood) await this.#putAway();
    } finally {
      this.#events.ended(forGood);
    }
  }

  async #putAway(): Promise<void> {
    if (this.#length === 0) return;
    const octets = this.#waiting.subarray(0, this.#length);
    const position = this.#octets - this.#length;
    this.#length = 0;
    await this.#archive.putPart(this.#id, position, octets);
  }
}

/** A sink for a message that is here already: its sender has not heard so. */
export function alreadyHere(total: number): MessageSink {
  const nothing = (): void => undefined;
  return { write: nothing, close: nothing, abort: nothing, received: [{ start: 1, end: total }] };
}
