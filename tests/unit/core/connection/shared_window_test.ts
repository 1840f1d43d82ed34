// Long messages beside short ones: what is under way between the ends delays the short ones, so it is bounded as long as
// short ones pass by, and only then.
import { describe, expect, test } from "#test";
import { Connection } from "../../../../core/connection/connection.ts";
import type { ConnectionOptions } from "../../../../core/connection/options.ts";
import {
  answer,
  concat,
  sessionUri,
  TestMessage,
  WireReader,
  type Written,
  writes,
} from "../../../support/connections.ts";

const windowBytes = 262_144;
const reader = (): ((connection: Connection, now?: number) => Written[]) => {
  const wire = new WireReader();
  return (connection, now = 0) => wire.read(concat(writes(connection, now)));
};

/** A connection with a long message and a short one of another session, both under way. */
function shared(options: ConnectionOptions = {}, long = new TestMessage(2_000_000)) {
  const connection = new Connection(options);
  const read = reader();
  connection.send(new TestMessage(10, sessionUri(1)));
  connection.send(long);
  return { connection, read, long, chunks: read(connection).filter(({ body }) => body!.length > 10) };
}

describe("long messages while short ones pass by", () => {
  test("RFC 4975 §7.1.1: no more than the window is unanswered, in chunks of a quarter of it", () => {
    const { chunks } = shared();
    expect(chunks.map(({ body, flag }) => [body!.length, flag])).toEqual(
      Array.from({ length: 4 }, () => [windowBytes / 4, "+"]),
    );
  });

  test("RFC 4975 §7.1.1: each answer lets the next chunk go, and a short message passes a full window", () => {
    const { connection, read, chunks } = shared();
    expect(connection.hasOutput).toBe(false);
    connection.receive(answer(chunks[0]!.id, 200, "OK"));
    expect(read(connection).map(({ range }) => range)).toEqual([`${windowBytes + 1}-*/2000000`]);
    connection.send(new TestMessage(20, sessionUri(2)));
    expect(read(connection).map(({ body }) => body!.length)).toEqual([20]);
  });

  test("RFC 4975 §7.1.1: the whole message arrives, and nothing is counted for ever", () => {
    const { connection, read, long, chunks } = shared({ sharedWindowBytes: 8192 });
    const waiting = [...chunks];
    let octets = 0;
    for (let chunk = waiting.shift(); chunk !== undefined; chunk = waiting.shift()) {
      octets += chunk.body!.length;
      connection.receive(answer(chunk.id, 200, "OK"));
      waiting.push(...read(connection));
    }
    expect([octets, long.ended, connection.queuedMessages]).toEqual([2_000_000, true, 0]);
  });

  test("RFC 4975 §7.1.1: without short messages, or a second after the last, a message is one chunk", () => {
    const read = reader();
    const alone = new Connection();
    alone.send(new TestMessage(2_000_000));
    expect(read(alone).map(({ body }) => body!.length)).toEqual([2_000_000]);

    const later = new Connection();
    later.send(new TestMessage(10, sessionUri(1)));
    const again = reader();
    again(later, 0);
    later.send(new TestMessage(2_000_000));
    expect(again(later, 1000).map(({ body }) => body!.length)).toEqual([2_000_000]);
  });

  test("RFC 4975 §7.1.1: where no answer is due nothing can be waited for", () => {
    const long = new TestMessage(2_000_000);
    long.failureReport = "partial";
    expect(shared({}, long).chunks.map(({ body }) => body!.length)).toEqual([2_000_000]);
  });

  test("RFC 4975 §7.1.1: a timed-out chunk gives its octets back, and an aborted message goes", () => {
    const other = new TestMessage(500_000, sessionUri(3));
    const { connection, read, long } = shared();
    connection.send(other);
    read(connection);
    connection.flushed(0);
    long.aborted = true;
    connection.wakeMessage(long);
    expect(read(connection).map(({ flag }) => flag)).toEqual(["#"]);
    connection.wake(30_000);
    expect(read(connection, 30_000).map(({ body }) => body!.length)).toEqual([500_000]);
  });

  test("a connection that ends tells the messages that wait", () => {
    const { connection, long } = shared();
    connection.receiveEnd();
    expect(long.log.some((line) => line.startsWith("lost"))).toBe(true);
    expect(connection.queuedMessages).toBe(0);
  });
});
