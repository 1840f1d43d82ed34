/**
 * Tokens of people who are signed in. They are signed with the person's password and kept nowhere, so that a server that
 * starts anew knows them, and a changed password ends them.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** Revoked tokens that are remembered; each is forgotten when its time is over. */
const maxRevoked = 10_000;

/** Makes and checks tokens. */
export class Tokens {
  readonly #users: Readonly<Record<string, string>>;
  readonly #validMs: number;
  readonly #now: () => number;
  readonly #revoked: Map<string, number> = new Map();

  constructor(users: Readonly<Record<string, string>>, validMs: number, now: () => number) {
    this.#users = users;
    this.#validMs = validMs;
    this.#now = now;
  }

  /** A new token for a person who has shown the password. */
  issue(user: string): string {
    const nonce = bytesToHex(crypto.getRandomValues(new Uint8Array(12)));
    const claim = `${bytesToHex(utf8ToBytes(user))}.${(this.#now() + this.#validMs).toString(36)}.${nonce}`;
    return `${claim}.${this.#sign(user, claim)}`;
  }

  /** Whose token it is; undefined = nobody's, or no longer. */
  userOf(token: string): string | undefined {
    const [name = "", end = "", nonce = "", mac = ""] = token.split(".");
    if (!/^(?:[0-9a-f]{2})+$/.test(name) || !/^[0-9a-z]{1,11}$/.test(end)) return undefined;
    const octets = Uint8Array.from(name.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    const user = new TextDecoder().decode(octets);
    if (!Object.hasOwn(this.#users, user) || Number.parseInt(end, 36) < this.#now()) return undefined;
    if (!sameText(this.#sign(user, `${name}.${end}.${nonce}`), mac)) return undefined;
    return this.#revoked.has(token) ? undefined : user;
  }

  /** Ends a token before its time. */
  revoke(token: string): void {
    if (this.userOf(token) === undefined) return;
    const now = this.#now();
    for (const [old, end] of this.#revoked)
      if (end < now || this.#revoked.size >= maxRevoked) this.#revoked.delete(old);
    this.#revoked.set(token, now + this.#validMs);
  }

  #sign(user: string, claim: string): string {
    return bytesToHex(hmac(sha256, utf8ToBytes(this.#users[user] ?? ""), utf8ToBytes(claim)));
  }
}

/** Whether two texts are equal, as long for a wrong beginning as for a wrong end. */
export function sameText(one: string, other: string): boolean {
  const a = utf8ToBytes(one);
  const b = utf8ToBytes(other);
  let different = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) different |= (a[i % a.length] as number) ^ (b[i] as number);
  return different === 0;
}
