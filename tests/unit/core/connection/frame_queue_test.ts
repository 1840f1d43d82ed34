// Frames that wait as bytes: block borders, their transactions, and mistakes that must leave no trace.
// A block is what one write takes at once.
import { describe, expect, test } from "#test";
import { FrameQueue } from "../../../../core/connection/frame_queue.ts";
import { OpenTransaction } from "../../../../core/connection/transactions.ts";
import { LocalProtocolError } from "../../../../core/errors.ts";
import { alice, bob, WireReader } from "../../../support/connections.ts";

const owner = { responded: () => undefined, timedOut: () => undefined };
const response = (id: string) => ({ transactionId: id, status: 200, toPath: [alice], fromPath: [bob] });
const auth = (id: string) => ({ transactionId: id, method: "AUTH", toPath: [bob], fromPath: [alice] });

describe("FrameQueue", () => {
  test("joins frames into blocks of about the given size, in order", () => {
    const queue = new FrameQueue(400);
    for (let n = 0; n < 10; n++) queue.response(response(`queued0000${n}`));
    const total = queue.bytes;
    const ids: string[] = [];
    let octets = 0;
    for (let block = queue.take(); block !== undefined; block = queue.take()) {
      expect(block.bytes.length).toBeLessThan(600);
      octets += block.bytes.length;
      ids.push(...new WireReader().read(block.bytes).map((frame) => frame.id));
    }
    expect(ids).toEqual(Array.from({ length: 10 }, (_, n) => `queued0000${n}`));
    expect([octets, queue.bytes, queue.nextBytes]).toEqual([total, 0, 0]);
  });

  test("RFC 7977 §5.1: a block size of one keeps every frame by itself", () => {
    const queue = new FrameQueue(1);
    queue.response(response("queued00001"));
    queue.response(response("queued00002"));
    const first = queue.nextBytes;
    expect(queue.take()?.bytes.length).toBe(first);
    expect(new WireReader().read(queue.take()!.bytes).map((frame) => frame.id)).toEqual(["queued00002"]);
  });

  test("hands transactions over with the block that completes them", () => {
    const queue = new FrameQueue(1);
    const transaction = new OpenTransaction("queued00001", "AUTH", undefined, owner, "response");
    queue.request(auth("queued00001"), transaction);
    queue.request(auth("queued00002"), undefined);
    expect(queue.take()?.transactions).toEqual([transaction]);
    expect(queue.take()?.transactions).toEqual([]);
  });

  test("a frame that the grammar forbids is the caller's mistake and leaves nothing behind", () => {
    const queue = new FrameQueue(1000);
    const inject = { ...response("queued00001"), comment: "OK\r\nX-Evil: 1" };
    expect(() => queue.response(inject)).toThrow(LocalProtocolError);
    expect(() => queue.request({ ...auth("x"), method: "auth" }, undefined)).toThrow(LocalProtocolError);
    expect([queue.bytes, queue.take()]).toEqual([0, undefined]);
  });

  test("clear throws everything away", () => {
    const queue = new FrameQueue(1);
    queue.response(response("queued00001"));
    queue.clear();
    expect([queue.bytes, queue.take()]).toEqual([0, undefined]);
  });
});
