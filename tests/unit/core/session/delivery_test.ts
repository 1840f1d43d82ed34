// The books of one message: answers to chunks, ranges of reports, and the promises that follow.
// Reports are fed in every order and shape that a relay may make of them.
import { describe, expect, test } from "#test";
import { LocalProtocolError } from "../../../../core/errors.ts";
import { Delivery } from "../../../../core/session/delivery.ts";
import { failure } from "../../../support/outbox_pair.ts";

describe("accepted", () => {
  test("needs an answer to each chunk and the last chunk out, in any order", async () => {
    const delivery = new Delivery();
    delivery.sent(true, undefined);
    delivery.sent(true, undefined);
    delivery.answered();
    delivery.answered();
    expect(delivery.isAccepted).toBe(false);
    delivery.sent(true, 9000);
    expect([delivery.isSent, delivery.isAccepted]).toEqual([true, false]);
    delivery.answered();
    expect(delivery.isAccepted).toBe(true);
    await delivery.accepted;
  });

  test("an answer may overtake the end of its chunk", () => {
    const delivery = new Delivery();
    delivery.answered();
    expect(delivery.isAccepted).toBe(false);
    delivery.sent(true, 10);
    expect(delivery.isAccepted).toBe(true);
  });

  test("without a response due, the last octet out is enough", () => {
    const delivery = new Delivery();
    delivery.sent(false, undefined);
    expect(delivery.isAccepted).toBe(false);
    delivery.sent(false, 10);
    expect(delivery.isAccepted).toBe(true);
  });

  test("what is settled stays settled", async () => {
    const delivery = new Delivery();
    const before = delivery.accepted;
    delivery.fail(new Error("first"));
    delivery.fail(new Error("second"));
    delivery.sent(false, 10);
    expect((await failure(before)).message).toBe("first");
    expect((await failure(delivery.accepted)).message).toBe("first");
    expect((await failure(delivery.delivered)).message).toBe("first");
  });
});

describe("delivered", () => {
  const sent = (total: number): Delivery => {
    const delivery = new Delivery();
    delivery.sent(false, total);
    return delivery;
  };

  test("RFC 4975 §7.1.3: reports merge over ranges that are nobody's chunks [4975-7.1.3-03] [4975-7.1.1-27]", () => {
    const delivery = sent(10);
    delivery.reported({ start: 1, end: 3, total: 10 }, 10);
    delivery.reported({ start: 4, end: 9, total: 10 }, 10);
    expect([delivery.isDelivered, delivery.reportedOctets]).toEqual([false, 9]);
    delivery.reported({ start: 2, end: 10, total: 10 }, 10);
    expect(delivery.isDelivered).toBe(true);
  });

  test("a missing octet anywhere keeps it open, in whatever order reports come", () => {
    const delivery = sent(100);
    for (const [start, end] of [
      [51, 100],
      [1, 20],
      [22, 50],
    ] as const) {
      delivery.reported({ start, end }, 100);
    }
    expect(delivery.isDelivered).toBe(false);
    delivery.reported({ start: 21, end: 21 }, 100);
    expect(delivery.isDelivered).toBe(true);
  });

  test("an end of * means what has left, an unknown total nothing at all", () => {
    const delivery = new Delivery();
    delivery.sent(false, undefined);
    delivery.reported({ start: 1 }, 50);
    delivery.sent(false, 80);
    expect([delivery.isDelivered, delivery.reportedOctets]).toEqual([false, 50]);
    delivery.reported({ start: 51 }, 80);
    expect(delivery.isDelivered).toBe(true);
    const whole = sent(80);
    whole.reported(undefined, 80);
    expect(whole.isDelivered).toBe(true);
  });

  test("a report may come before the last chunk has left, but covers no more than has", () => {
    const delivery = new Delivery();
    delivery.reported({ start: 1, end: 1_000_000, total: 1_000_000 }, 10);
    delivery.sent(true, 20);
    expect(delivery.isDelivered).toBe(false);
    delivery.reported({ start: 11, end: 20 }, 20);
    expect([delivery.isDelivered, delivery.isAccepted]).toEqual([true, false]);
  });

  test("an empty message is delivered by any report, and not without one", () => {
    const delivery = sent(0);
    expect(delivery.isDelivered).toBe(false);
    delivery.reported({ start: 1, end: 0, total: 0 }, 0);
    expect(delivery.isDelivered).toBe(true);
  });

  test("crumbs are kept up to a limit, beyond which a peer harms only itself", () => {
    const delivery = sent(10_000);
    for (let position = 1; position <= 9999; position += 2) {
      delivery.reported({ start: position, end: position }, 10_000);
    }
    expect(delivery.reportedOctets).toBe(1024);
    delivery.reported({ start: 1, end: 10_000 }, 10_000);
    expect(delivery.isDelivered).toBe(true);
  });

  test("without reports it can only say so", async () => {
    const delivery = sent(10);
    delivery.withoutReports();
    const error = await failure(delivery.delivered);
    expect(error instanceof LocalProtocolError && error.code).toBe("no-success-report");
    expect(delivery.isAccepted).toBe(true);
  });
});

describe("promises", () => {
  test("are the same whenever they are asked for, and nobody has to ask", async () => {
    const delivery = new Delivery();
    delivery.fail(new Error("unseen"));
    expect(delivery.accepted).toBe(delivery.accepted);
    const asked = new Delivery();
    const { accepted } = asked;
    asked.sent(false, 1);
    expect(asked.accepted).toBe(accepted);
    await accepted;
  });
});
