// The table of open transactions alone: identity, order of expiry, and constant work per transaction.
// The clock is a number that the test chooses.
import { describe, expect, test } from "#test";
import { type Interest, OpenTransaction, Transactions } from "../../../../core/connection/transactions.ts";

const owner = { responded: () => undefined, timedOut: () => undefined };

function add(table: Transactions, id: string, interest: Interest = "response"): OpenTransaction {
  const transaction = new OpenTransaction(id, "SEND", undefined, owner, interest);
  table.add(transaction);
  return transaction;
}

describe("Transactions", () => {
  test("RFC 4975 §7.1.1: the clock starts when the last octet is with the operating system [4975-7.1.1-08]", () => {
    const table = new Transactions(30_000, 10);
    const first = add(table, "aaaa");
    expect(table.deadline).toBe(Number.POSITIVE_INFINITY);
    table.sent(first);
    expect(table.deadline).toBe(Number.POSITIVE_INFINITY);
    table.flushed(1000);
    expect(table.deadline).toBe(31_000);
    table.flushed(9000);
    expect(table.deadline).toBe(31_000);
    expect(table.expire(30_999)).toBe(undefined);
    expect(table.expire(31_000)).toBe(first);
    expect([table.size, table.awaiting, table.deadline]).toEqual([0, 0, Number.POSITIVE_INFINITY]);
  });

  test("RFC 4975 §7.1: an id is drawn that is neither taken nor, with hyphens before it, in the body", () => {
    const table = new Transactions(10, 10);
    add(table, "taken001");
    const body = new TextEncoder().encode("text\r\n-------inbody01$ and on");
    const given = ["taken001", "inbody01", "fine0001"];
    expect(table.draw(() => given.shift() as string, body)).toBe("fine0001");
    expect(table.draw(() => "inbody01", undefined)).toBe("inbody01");
    // A source that gives the same one again and again is left.
    expect(table.draw(() => "taken001", undefined)).toMatch(/^\w{16}$/);
  });

  test("expires in the order of sending, whatever was answered in between", () => {
    const table = new Transactions(10, 10);
    const all = ["aaaa", "bbbb", "cccc", "dddd"].map((id) => add(table, id));
    for (const transaction of all) table.sent(transaction);
    table.flushed(0);
    expect(table.answered("cccc")).toBe(all[2]);
    expect(table.answered("aaaa")).toBe(all[0]);
    expect([table.expire(10), table.expire(10), table.expire(10)]).toEqual([all[1], all[3], undefined]);
  });

  test("RFC 4975 §7.2: an id is answered once; unknown and repeated ones find nothing [4975-7.2-09]", () => {
    const table = new Transactions(10, 10);
    const transaction = add(table, "aaaa");
    expect(table.answered("zzzz")).toBe(undefined);
    expect(table.answered("aaaa")).toBe(transaction);
    expect(table.answered("aaaa")).toBe(undefined);
  });

  test("a response that overtakes the end of its request leaves nothing to wait for", () => {
    const table = new Transactions(10, 10);
    const transaction = add(table, "aaaa");
    table.answered("aaaa");
    table.sent(transaction);
    table.flushed(0);
    expect([table.size, table.deadline]).toEqual([0, Number.POSITIVE_INFINITY]);
  });

  test("answering the first unflushed transaction does not disturb the rest", () => {
    const table = new Transactions(10, 10);
    const [first, second] = [add(table, "aaaa"), add(table, "bbbb")];
    table.sent(first);
    table.sent(second);
    table.answered("aaaa");
    table.flushed(5);
    expect(table.deadline).toBe(15);
    table.answered("bbbb");
    table.sent(add(table, "cccc"));
    table.flushed(7);
    expect(table.deadline).toBe(17);
  });

  test("RFC 4975 §7.1.1: partial is remembered for a late error, in silence and within bounds [4975-5.3-04]", () => {
    const table = new Transactions(10, 2);
    for (const id of ["aaaa", "bbbb", "cccc"]) table.sent(add(table, id, "error"));
    expect([table.size, table.awaiting]).toEqual([2, 0]);
    expect(table.answered("aaaa")).toBe(undefined);
    expect(table.answered("bbbb")?.id).toBe("bbbb");
    table.flushed(0);
    expect(table.deadline).toBe(10);
    expect(table.expire(10)).toBe(undefined);
    expect(table.size).toBe(0);
  });

  test("drain returns everything, sent or not", () => {
    const table = new Transactions(10, 10);
    const sent = add(table, "aaaa");
    table.sent(sent);
    const open = add(table, "bbbb");
    expect(table.drain()).toEqual([sent, open]);
    expect([table.size, table.awaiting, table.drain().length]).toEqual([0, 0, 0]);
    table.flushed(0);
    expect(table.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  test("the work per transaction does not grow with their number", () => {
    const cost = (open: number): number => {
      const table = new Transactions(10, 10);
      for (let index = 0; index < open; index++) table.sent(add(table, `open${index}`));
      const rounds = 20_000;
      const start = performance.now();
      for (let index = 0; index < rounds; index++) {
        table.sent(add(table, `next${index}`));
        table.flushed(0);
        table.answered(`next${index}`);
      }
      return (performance.now() - start) / rounds;
    };
    cost(10);
    const few = Math.min(cost(10), cost(10), cost(10));
    const many = Math.min(cost(100_000), cost(100_000), cost(100_000));
    // A scan would make it thousands of times slower; caches and noise make it a few times slower.
    expect(many).toBeLessThan(few * 50 + 0.05);
  });
});
