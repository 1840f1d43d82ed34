/**
 * The ids of MSRP: transaction ids, Message-IDs and session-ids, drawn from the CSPRNG (RFC 4975 §7.1, §14.1).
 * Here too is the `ident` rule that the first two obey.
 */
import { ALPHANUM, classes, IDENT } from "./text.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

// One call of getRandomValues costs as much as a hundred octets of it, so they are drawn in bulk.
const pool = new Uint8Array(4096);
let taken: number = pool.length;

/** True when a string is an `ident`: 4 to 32 characters of A-Z a-z 0-9 `. - + % =`, the first a letter or digit (RFC 4975 §9). */
export function isIdent(text: string): boolean {
  if (text.length < 4 || text.length > 32) return false;
  for (let index = 0; index < text.length; index++) {
    // Characters beyond the table have no class.
    if (((classes[text.charCodeAt(index)] ?? 0) & (index === 0 ? ALPHANUM : IDENT)) === 0) return false;
  }
  return true;
}

/** A new transaction id: 16 letters and digits, 95 random bits (RFC 4975 §7.1 wants 64). */
export function createTransactionId(): string {
  return draw(16);
}

/** A new Message-ID: 20 letters and digits, 119 random bits, unique for all practical purposes (RFC 4975 §7.1.1). */
export function createMessageId(): string {
  return draw(20);
}

/** A new session-id: 24 letters and digits, 142 random bits, because it is the session's only secret (RFC 4975 §14.1 wants 80). */
export function createSessionId(): string {
  return draw(24);
}

const codes: readonly number[] = [...alphabet].map((letter) => letter.charCodeAt(0));
const drawn: Readonly<Record<number, number[]>> = {
  16: new Array<number>(16).fill(0),
  20: new Array<number>(20).fill(0),
  24: new Array<number>(24).fill(0),
};

/** The letters are gathered first: a string that grows by one letter at a time leaves twenty behind. */
function draw(length: 16 | 20 | 24): string {
  const letters = drawn[length]!;
  for (let index = 0; index < length; ) {
    if (taken === pool.length) {
      crypto.getRandomValues(pool);
      taken = 0;
    }
    // Six bits give 64 values; the two beyond the alphabet are thrown away, so that all letters are equally likely.
    const value = pool[taken]! & 63;
    // An id must not be readable from the pool after it went out.
    pool[taken++] = 0;
    if (value < 62) letters[index++] = codes[value]!;
  }
  const text = String.fromCharCode.apply(undefined, letters);
  letters.fill(0);
  return text;
}
