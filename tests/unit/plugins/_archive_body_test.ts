// Octets of a message in any order: what is kept, what is missing, and that memory follows what came.
// A budget is shared by many bodies and is whole again when all of them are done.
import { describe, expect, test } from "#test";
import { CollectedBody } from "../../../plugins/_archive_body.ts";

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (body: CollectedBody): string => new TextDecoder().decode(body.take());

describe("CollectedBody", () => {
  test("RFC 4975 §7.3.1: puts octets together in whatever order they come; the last ones count", () => {
    const budget = { left: 1_000 };
    const body = new CollectedBody(100, budget);
    body.write(5, octets("ef"));
    body.write(7, octets("gh"));
    expect([body.position, body.covers(8)]).toEqual([0, false]);
    body.write(1, octets("abcd"));
    expect([body.position, body.covers(8), body.truncated]).toEqual([8, true, false]);
    body.write(2, octets("BC"));
    expect(text(body)).toBe("aBCdefgh");
    expect(budget.left).toBe(1_000);
  });

  test("of what is too long the beginning is kept", () => {
    const body = new CollectedBody(4, { left: 1_000 });
    body.write(1, octets("abcdef"));
    body.write(7, octets("gh"));
    expect([body.position, body.covers(8), body.truncated, text(body)]).toEqual([8, true, true, "abcd"]);
  });

  test("what is not in the budget is not kept, and the body says so", () => {
    const budget = { left: 6 };
    const [one, two] = [new CollectedBody(100, budget), new CollectedBody(100, budget)];
    one.write(1, octets("abcd"));
    two.write(1, octets("efgh"));
    expect([one.truncated, two.truncated, budget.left]).toEqual([false, true, 2]);
    expect([text(one), text(two), budget.left]).toEqual(["abcd", "", 6]);
  });

  test("a number in a header makes no memory, and a crowd of gaps is given up", () => {
    const budget = { left: 1_000 };
    const body = new CollectedBody(1e9, budget);
    body.write(900_000_000, octets("x"));
    expect(budget.left).toBe(999);
    for (let start = 3; start < 2_000; start += 2) body.write(start, octets("x"));
    expect(body.truncated).toBe(true);
    body.take();
    expect(budget.left).toBe(1_000);
  });

  test("mark() notes octets without keeping them", () => {
    const reported = new CollectedBody(0, { left: 0 });
    reported.mark(6, 10);
    reported.mark(1, 5);
    expect([reported.covers(10), reported.covers(11)]).toEqual([true, false]);
  });
});
