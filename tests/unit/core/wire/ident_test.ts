// Ids: the grammar of RFC 4975 §9, and how much chance is in those that we draw.
import { describe, expect, test } from "#test";
import {
  createMessageId,
  createSessionId,
  createTransactionId,
  isIdent,
} from "../../../../core/wire/ident.ts";

describe("ids", () => {
  test("RFC 4975 §9: 4 to 32 characters, the first a letter or digit [4975-9-02] [4975-9-12]", () => {
    for (const text of ["abcd", "0.-+%=x", "a".repeat(32)])
      expect([text, isIdent(text)]).toEqual([text, true]);
    for (const text of [
      "abc",
      "a".repeat(33),
      "-bcd",
      ".bcd",
      "a_cd",
      "a/cd",
      "a~cd",
      "a cd",
      "abcd\n",
      "\u00e4bcd",
    ]) {
      expect([text, isIdent(text)]).toEqual([text, false]);
    }
  });

  test("RFC 4975 §7.1: a transaction id has at least 64 random bits [4975-7.1-02]", () => {
    // 16 letters of a set of 62: 95 bits.
    expect(createTransactionId()).toMatch(/^[A-Za-z0-9]{16}$/);
    expect(isIdent(createTransactionId())).toBe(true);
  });

  test("RFC 4975 §7.1.1: Message-IDs do not repeat [4975-7.1.1-01]", () => {
    const drawn = new Set(Array.from({ length: 20_000 }, createMessageId));
    expect(drawn.size).toBe(20_000);
    for (const id of [...drawn].slice(0, 100)) expect(isIdent(id)).toBe(true);
  });

  test("RFC 4975 §14.1: a session-id has at least 80 random bits [4975-6-14] [4975-14.1-01] [4975-8.2-04]", () => {
    // 24 letters of a set of 62: 142 bits.
    expect(createSessionId()).toMatch(/^[A-Za-z0-9]{24}$/);
  });

  test("every letter of the alphabet is about equally likely", () => {
    const counts = new Map<string, number>();
    for (let index = 0; index < 4000; index++) {
      for (const letter of createTransactionId()) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    }
    expect(counts.size).toBe(62);
    // 64000 letters, 1032 of each on the average; eight standard deviations are 257.
    for (const count of counts.values()) expect(Math.abs(count - 1032)).toBeLessThan(257);
  });
});
