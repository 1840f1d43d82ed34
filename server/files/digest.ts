/**
 * SHA-256 of octets that pass by. A message and its echo can so be compared without keeping either.
 */
import { createHash } from "node:crypto";

/** A running SHA-256 with the number of octets that went in. */
export class RunningDigest {
  readonly #hash = createHash("sha256");
  #bytes = 0;

  /** Octets so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes octets in. */
  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
  }

  /** The hash in lower-case hex; nothing can be added afterwards. */
  finish(): string {
    return this.#hash.digest("hex");
  }
}
