/**
 * Which hash functions a backend offers for a realm, when it cannot look at all users for each challenge. It begins with
 * what the backend found out, and learns from each user who lacks one.
 */
import { type DigestAlgorithm, digestAlgorithms, type Ha1, storedAlgorithms } from "../../core/mod.ts";

/** Hash functions by realm. */
export class RealmAlgorithms {
  readonly #all: readonly DigestAlgorithm[];
  #lacking = new Map<string, Set<DigestAlgorithm>>();

  /** @param all what the backend can store at all @default MD5 and SHA-256 */
  constructor(all: readonly DigestAlgorithm[] = storedAlgorithms) {
    this.#all = digestAlgorithms.filter((one) => all.includes(one));
  }

  /** What every user of the realm has, as far as known, the strongest first. */
  of(realm: string): readonly DigestAlgorithm[] {
    const lacking = this.#lacking.get(realm);
    return lacking === undefined ? this.#all : this.#all.filter((one) => !lacking.has(one));
  }

  /** Some user of the realm has no hash of this function. */
  lack(realm: string, algorithm: DigestAlgorithm): void {
    const lacking = this.#lacking.get(realm);
    if (lacking === undefined) this.#lacking.set(realm, new Set([algorithm]));
    else lacking.add(algorithm);
  }

  /** Learns from what a user has. */
  learn(realm: string, ha1: Ha1): void {
    for (const algorithm of this.#all) {
      if (ha1[algorithm] === undefined) this.lack(realm, algorithm);
    }
  }

  /** Forgets what was learnt. */
  clear(): void {
    this.#lacking = new Map();
  }
}
