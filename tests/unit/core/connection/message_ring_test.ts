// Whose turn it is: fair between sessions, then between the messages of one session.
// Entries are named by their message, so that an order of turns is an array of names.
import { describe, expect, test } from "#test";
import { MessageRing } from "../../../../core/connection/message_ring.ts";
import { sessionUri, TestMessage } from "../../../support/connections.ts";

function turns(ring: MessageRing, count: number): string[] {
  const order: string[] = [];
  for (let index = 0; index < count; index++) {
    const entry = ring.next();
    if (entry === undefined) break;
    order.push(entry.message.messageId);
    ring.push(entry);
  }
  return order;
}

describe("MessageRing", () => {
  test("RFC 4975 §7.1.1: sessions alternate, whatever the number of their messages [4975-7.1.1-26]", () => {
    const ring = new MessageRing(2048);
    const [a1, a2, a3] = [1, 1, 1].map((n) => new TestMessage(10, sessionUri(n)));
    const b1 = new TestMessage(10, sessionUri(2));
    for (const message of [a1!, a2!, a3!, b1]) ring.add(message);
    const [a, b, c, d] = [a1, a2, a3, b1].map((message) => message!.messageId);
    expect(turns(ring, 8)).toEqual([a, d, b, d, c, d, a, d] as string[]);
  });

  test("a parked message takes no turns until it is woken, at the end of its session's line", () => {
    const ring = new MessageRing(2048);
    const first = new TestMessage(10);
    const second = new TestMessage(10);
    ring.add(first);
    ring.add(second);
    ring.park(ring.next()!);
    expect(turns(ring, 2)).toEqual([second.messageId, second.messageId]);
    ring.wake(second);
    ring.wake(first);
    ring.wake(first);
    expect(turns(ring, 3)).toEqual([second.messageId, first.messageId, second.messageId]);
  });

  test("counts what it holds, and lets go of sessions without messages", () => {
    const ring = new MessageRing(2048);
    expect([ring.size, ring.ready, ring.next()]).toEqual([0, false, undefined]);
    for (let n = 0; n < 100; n++) ring.add(new TestMessage(1, sessionUri(n)));
    expect(ring.size).toBe(100);
    const entry = ring.next()!;
    ring.remove(entry);
    ring.park(ring.next()!);
    expect(ring.size).toBe(99);
    expect(ring.drain().length).toBe(99);
    expect([ring.size, ring.ready]).toEqual([0, false]);
  });

  test("knows whether a short message waits, and how many sessions do", () => {
    const ring = new MessageRing(2048);
    ring.add(new TestMessage(2049, sessionUri(1)));
    expect([ring.shortReady, ring.readySessions]).toEqual([false, 1]);
    ring.add(new TestMessage(2048, sessionUri(1)));
    ring.add(new TestMessage(1, sessionUri(2)));
    expect([ring.shortReady, ring.readySessions]).toEqual([true, 2]);
    ring.next();
    ring.next();
    expect([ring.shortReady, ring.readySessions]).toEqual([true, 1]);
    ring.park(ring.next()!);
    expect([ring.shortReady, ring.readySessions]).toEqual([false, 0]);
  });

  test("a session that returns while its entry is out is in line once", () => {
    const ring = new MessageRing(2048);
    ring.add(new TestMessage(1, sessionUri(1)));
    const entry = ring.next()!;
    ring.add(new TestMessage(1, sessionUri(1)));
    ring.push(entry);
    expect([ring.drain().length, ring.ready]).toEqual([2, false]);
  });
});
