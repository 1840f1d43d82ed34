// How much of what a stranger asks at once may be refused.
import { describe, expect, test } from "#test";
import { Patience } from "../../../../core/relay/patience.ts";

const host = { limits: { maxStrangerRefusalsAtOnce: 2, maxStrangerWasteBytes: 1000 } };
const hop = (lastReceivedAt: number, shared = false) => ({ shared, link: { lastReceivedAt } });

describe("patience with a connection", () => {
  test("ends with one refusal too many of what came at once [SEC-07]", () => {
    const patience = new Patience(host);
    expect([1, 2, 3].map(() => patience.spent(hop(7)))).toEqual([false, false, true]);
  });

  test("ends with one octet too many that comes of what was refused, whenever it comes", () => {
    const patience = new Patience(host);
    expect([999, 1, 1].map((octets, at) => patience.wasted(hop(at), octets))).toEqual([false, false, true]);
  });

  test("has no end with another relay", () => {
    const patience = new Patience(host);
    expect([1, 2, 3].map(() => patience.spent(hop(7, true)))).toEqual([false, false, false]);
    expect(patience.wasted(hop(7, true), 1001)).toBe(false);
  });

  test("begins anew with what comes later: whoever waits for answers is never too many", () => {
    const patience = new Patience(host);
    expect([1, 2, 3].map((at) => patience.spent(hop(at)))).toEqual([false, false, false]);
  });
});
