// The search for end-lines: what is one, what only looks like one, and that no body makes it slow.
import { describe, expect, test } from "#test";
import {
  containsEndLine,
  EndLineScanner,
  findEndLine,
  findPartialEndLine,
} from "../../../../core/wire/end_line.ts";
import { octets } from "./_frames.ts";

function find(text: string, id: string, from = 0): number {
  return findEndLine(octets(text), from, text.length, octets(id), 0, id.length);
}

describe("findEndLine", () => {
  test("RFC 4975 §9: CRLF, seven hyphens, the exact id, a flag, CRLF [4975-9-21] [4975-7.1-12]", () => {
    for (const flag of ["$", "+", "#"]) expect(find(`body\r\n-------abcd${flag}\r\n`, "abcd")).toBe(4);
    expect(find("\r\n-------abcd$\r\n", "abcd")).toBe(0);
  });

  test("RFC 4975 §7.1: look-alikes are body", () => {
    for (const text of [
      "x\r\n-------abcd!\r\n",
      "x\r\n-------abce$\r\n",
      "x\r\n-------abc$\r\n",
      "x\r\n-------abcde$\r\n",
      "x\r\n------abcd$\r\n",
      "x\r\n--------abcd$\r\n",
      "x-------abcd$\r\n",
      "x\n-------abcd$\r\n",
      "x\r-------abcd$\r\n",
      "x\r\n-------abcd$\n",
      "x\r\n-------abcd$ \r\n",
      "x\r\n-------ABCD$\r\n",
      "x\r\n-------abcd+$\r\n",
      "x\r\n-------abcd$\r",
    ]) {
      expect([text, find(text, "abcd")]).toEqual([text, -1]);
      expect(find(`${text}y\r\n-------abcd$\r\n`, "abcd")).toBe(text.length + 1);
    }
    expect(find("x\r\n-------abcd+$\r\n", "abcd+")).toBe(1);
  });

  test("RFC 4975 §7.3.1: a flood of hyphens is searched in linear time, for any id [4975-7.3.1-08]", () => {
    for (const id of ["abcd", `a${"-".repeat(31)}`, "Lk7aPq20vMs5Lk7aPq20vMs5"]) {
      const flood = "-".repeat(200_000);
      const end = `\r\n-------${id}$\r\n`;
      expect(find(flood + end, id)).toBe(200_000);
      expect(find(`${flood}\r\n${flood}`, id)).toBe(-1);
      // Just where a search by blocks hands over to the next one.
      for (let shift = -40; shift < 40; shift++) {
        const text = "-".repeat(65_536 + 70 * 7 + shift) + end + flood;
        expect(find(text, id)).toBe(text.indexOf("\r"));
      }
    }
  });

  test("a partial end-line at the end of the octets is recognised, and nothing else is", () => {
    const whole = "\r\n-------abcd$\r\n";
    for (let length = 1; length < whole.length; length++) {
      const text = `bo\rdy${whole.slice(0, length)}`;
      expect(findPartialEndLine(octets(text), 0, text.length, octets("abcd"), 0, 4)).toBe(5);
    }
    for (const text of ["body", "body\r\nx", "\r\n-------abcx", "body\r\n--------"]) {
      expect(findPartialEndLine(octets(text), 0, text.length, octets("abcd"), 0, 4)).toBe(text.length);
    }
    expect(findPartialEndLine(octets("\r\r"), 0, 2, octets("abcd"), 0, 4)).toBe(1);
    expect(findPartialEndLine(octets("\r"), 1, 1, octets("abcd"), 0, 4)).toBe(1);
  });
});

describe("what a sender must not write", () => {
  test("RFC 4975 §7.1: hyphens, id and flag anywhere, at a line start or not [4975-7.1-17]", () => {
    for (const text of ["-------abcd$", "x -------abcd+ y", "---------abcd#", "a\r\n-------abcd$\r\nb"]) {
      expect([text, containsEndLine(octets(text), "abcd")]).toEqual([text, true]);
    }
    for (const text of [
      "",
      "abcd$",
      "------abcd$",
      "-------abcd",
      "-------abcd!",
      "-------abcD$",
      "------- abcd$",
    ]) {
      expect([text, containsEndLine(octets(text), "abcd")]).toEqual([text, false]);
    }
  });

  test("RFC 4975 §7.1: a clash that straddles pieces is seen before it is complete [4975-7.1-18]", () => {
    const scanner = new EndLineScanner("abcd");
    const allowed = Array.from("xx\r\n-------abcd$yy", (character) => scanner.allowed(octets(character)));
    expect(allowed.slice(0, 15)).toEqual(new Array(15).fill(1));
    expect(allowed[15]).toBe(0);
    expect(new EndLineScanner("abcd").allowed(octets("ab-------abcd$cd"))).toBe(13);
    expect(new EndLineScanner("abcd").allowed(octets("nothing here"))).toBe(12);
  });
});
