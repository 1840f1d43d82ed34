/**
 * The nonces of a relay: issued without keeping anything, recognized by a keyed hash, and protected against replay by
 * a bounded table of those that were used. A million challenges that nobody answers cost no memory.
 */
import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { equalDigests } from "./digest.ts";
import { type DigestHashes, portableHashes } from "./digest_hash.ts";

/** How nonces are made and how long they live. */
export interface NonceOptions {
  /**
   * Key of the nonces, 32 octets or more. Members of a relay farm that share it take each other's nonces; then the
   * time given to them must be the same too (milliseconds since 1970), and a nonce counts once at each member.
   * @default drawn at random, so that nonces end with the process
   */
  readonly secret?: Uint8Array | undefined;
  /**
   * Life of a nonce in milliseconds; an answer to an older one is told to try again (`stale=true`). Long enough for
   * somebody to find and type a password, short enough for the replay table.
   * @default 300000
   */
  readonly lifetimeMs?: number | undefined;
  /**
   * Most nonces in the replay table, one for each login of the last `lifetimeMs`. Beyond it the oldest is forgotten,
   * and every nonce of its age becomes stale, so that a forgotten one cannot be replayed. 200 logins a second for the
   * whole life of a nonce; some 10 MiB. @default 65536
   */
  readonly maxUsed?: number | undefined;
  /**
   * Nonces issued up to this time are stale: what became of them is not known, because another instance with the same
   * `secret` has issued them and is gone. In milliseconds, as the time given later.
   * @default none
   */
  readonly since?: number | undefined;
  /** What computes the hashes. @default portable functions */
  readonly hashes?: DigestHashes | undefined;
}

/** What a relay knows of a nonce: usable, too old, or not from here. */
export type NonceState = "valid" | "stale" | "unknown";

interface Use {
  issued: number;
  count: number;
}

// 48 bits of milliseconds last for 8,900 years; 64 random bits keep nonces of one millisecond apart.
const timeBytes = 6;
const randomBytes = 8;
const headBytes = timeBytes + randomBytes;
const macDigits = 32;

/** Issues and recognizes nonces. Time comes from outside and must never run backwards (SEC-33). */
export class Nonces {
  readonly #mac: (message: Uint8Array) => string;
  readonly #lifetimeMs: number;
  readonly #maxUsed: number;
  /** By their random octets, as text of four characters: thousands of them, and the whole nonce is sixty. */
  readonly #used = new Map<string, Use>();
  // One call of getRandomValues costs as much as a hundred octets of it.
  readonly #pool = new Uint8Array(1024);
  #drawn: number = this.#pool.length;
  #realm = "";
  // What a nonce is sealed over: its head, and the realm behind it.
  #sealed = new Uint8Array(headBytes);
  #floor = -1;

  /** @throws RangeError for a short secret, or limits below 1 */
  constructor(options: NonceOptions = {}) {
    const secret = options.secret ?? crypto.getRandomValues(new Uint8Array(32));
    if (secret.length < 32) throw new RangeError("A nonce secret needs at least 32 octets");
    this.#mac = (options.hashes ?? portableHashes).hmac(secret);
    this.#lifetimeMs = options.lifetimeMs ?? 300_000;
    this.#maxUsed = options.maxUsed ?? 65_536;
    this.#floor = options.since ?? -1;
    if (!(this.#lifetimeMs >= 1)) throw new RangeError("lifetimeMs must be at least 1");
    if (!(this.#maxUsed >= 1)) throw new RangeError("maxUsed must be at least 1");
  }

  /** Number of used nonces that are remembered. */
  get used(): number {
    return this.#used.size;
  }

  /** A new nonce: hex, never twice the same (RFC 2617 §3.2.1). */
  issue(realm: string, now: number): string {
    const head = this.#headFor(realm);
    if (this.#drawn + randomBytes > this.#pool.length) {
      crypto.getRandomValues(this.#pool);
      this.#drawn = 0;
    }
    head.set(this.#pool.subarray(this.#drawn, this.#drawn + randomBytes), timeBytes);
    this.#drawn += randomBytes;
    writeTime(head, now);
    return bytesToHex(head) + this.#seal();
  }

  /** Whether a nonce was issued here for this realm and is still young enough. */
  check(nonce: string, realm: string, now: number): NonceState {
    if (nonce.length !== 2 * headBytes + macDigits || !/^[0-9a-f]+$/.test(nonce)) return "unknown";
    const head = this.#headFor(realm);
    head.set(hexToBytes(nonce.slice(0, 2 * headBytes)));
    if (!equalDigests(nonce.slice(2 * headBytes), this.#seal())) return "unknown";
    const issued = readTime(head);
    if (now - issued >= this.#lifetimeMs) return "stale";
    return issued <= this.#floor && !this.#used.has(drawnOf(nonce)) ? "stale" : "valid";
  }

  /**
   * Counts a use of a valid nonce by a client that has proved its password. AUTHs are not pipelined (RFC 4976 §9.1), so
   * the count must rise: there is no window for late ones.
   *
   * @returns false for a replay: a count that is not above the last one
   */
  use(nonce: string, nc: string, now: number): boolean {
    const count = Number.parseInt(nc, 16);
    const key = drawnOf(nonce);
    const use = this.#used.get(key);
    if (use !== undefined) {
      if (count <= use.count) return false;
      use.count = count;
      return true;
    }
    const issued = readTime(hexToBytes(nonce.slice(0, 2 * headBytes)));
    // Since it was checked it may have been used by somebody else and forgotten again.
    if (count < 1 || issued <= this.#floor) return false;
    this.#makeRoom(now);
    this.#used.set(key, { issued, count });
    return true;
  }

  #makeRoom(now: number): void {
    for (const [nonce, { issued }] of this.#used) {
      const over = now - issued >= this.#lifetimeMs;
      if (!over && this.#used.size < this.#maxUsed) return;
      this.#used.delete(nonce);
      if (!over) this.#floor = Math.max(this.#floor, issued);
    }
  }

  /** Where the head of a nonce of this realm is put to be sealed. */
  #headFor(realm: string): Uint8Array {
    if (realm !== this.#realm) {
      this.#realm = realm;
      const octets = utf8ToBytes(realm);
      this.#sealed = new Uint8Array(headBytes + octets.length);
      this.#sealed.set(octets, headBytes);
    }
    return this.#sealed.subarray(0, headBytes);
  }

  #seal(): string {
    return this.#mac(this.#sealed).slice(0, macDigits);
  }
}

function drawnOf(nonce: string): string {
  const word = (index: number): number => Number.parseInt(nonce.slice(index, index + 4), 16);
  const start = 2 * timeBytes;
  return String.fromCharCode(word(start), word(start + 4), word(start + 8), word(start + 12));
}

function writeTime(head: Uint8Array, now: number): void {
  let rest = Math.max(0, Math.floor(now));
  for (let index = timeBytes - 1; index >= 0; index--) {
    head[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

function readTime(head: Uint8Array): number {
  let time = 0;
  for (let index = 0; index < timeBytes; index++) time = time * 256 + head[index]!;
  return time;
}
