// A recorded exchange, cut at every byte and in either direction: every promise settles, and nothing is left behind.
// The recording is made once; each case replays a prefix of it into a fresh endpoint and ends the connection there.
import { describe, expect, test } from "#test";
import { Connection } from "../../core/connection/connection.ts";
import { ConnectionError, MsrpError } from "../../core/errors.ts";
import { Outbox } from "../../core/session/outbox.ts";
import type { Sent } from "../../core/session/sent.ts";
import { alice, bob, ConnectionPair, concat, events, pattern, writes } from "../support/connections.ts";

/** Ids in a fixed order, so that a recording fits its replay. */
function ids(): () => string {
  let drawn = 0;
  return () => `chunk${100_000 + drawn++}`;
}

interface Endpoint {
  connection: Connection;
  outbox: Outbox;
  sent: Sent[];
}

/** An endpoint that has sent a short message, a long one and one that asks for reports. */
function endpoint(connection: Connection): Endpoint {
  const outbox = new Outbox({ toPath: [bob], fromPath: [alice] });
  outbox.attach({ send: (m) => connection.send(m), wake: (m) => connection.wakeMessage(m) });
  const sent = [
    outbox.enqueue("short", { messageId: "short00001" }),
    outbox.enqueue(pattern(6000), { messageId: "long000001", chunkBytes: 2048 }),
    outbox.enqueue("reported", { messageId: "report0001", successReport: true }),
    outbox.enqueue("partial", { messageId: "partial001", failureReport: "partial" }),
  ];
  return { connection, outbox, sent };
}

/** What the peer sends to all that: 200s and a success report. */
function recordAnswers(): Uint8Array {
  const pair = new ConnectionPair({ transactionId: ids() });
  endpoint(pair.left);
  const back: Uint8Array[] = [];
  const receive = pair.left.receive.bind(pair.left);
  pair.left.receive = (bytes) => {
    back.push(bytes.slice());
    receive(bytes);
  };
  pair.pump();
  pair.right.request({
    method: "REPORT",
    toPath: [alice],
    fromPath: [bob],
    headers: [
      ["Message-ID", "report0001"],
      ["Byte-Range", "1-8/8"],
      ["Status", "000 200 OK"],
    ],
  });
  pair.pump();
  return concat(back);
}

function feed(end: Endpoint, bytes: Uint8Array): void {
  end.connection.receive(bytes);
  for (const event of events(end.connection)) {
    if (event.type === "request" && event.frame.method === "REPORT") end.outbox.report(event.frame);
  }
}

async function outcomes(sent: readonly Sent[]): Promise<string[]> {
  const all = await Promise.allSettled(sent.flatMap((one) => [one.accepted, one.delivered]));
  return all.map((one) =>
    one.status === "fulfilled" ? "yes" : one.reason instanceof MsrpError ? "no" : "bug",
  );
}

describe("RFC 4975 §5.4: a connection that is lost [4975-5.4-15]", () => {
  test("at any byte of what it reads settles every promise and leaves nothing", async () => {
    const recorded = recordAnswers();
    let accepted = 0;
    for (let cut = 0; cut <= recorded.length; cut++) {
      const end = endpoint(new Connection({ transactionId: ids() }));
      writes(end.connection);
      end.connection.flushed(0);
      feed(end, recorded.subarray(0, cut));
      const error = new ConnectionError("connection-closed", "cut");
      end.connection.receiveEnd(error);
      expect(events(end.connection).filter((event) => event.type === "closed").length).toBe(1);
      end.outbox.fail(error);
      const results = await outcomes(end.sent);
      expect(results.includes("bug")).toBe(false);
      const count = [0, 2, 4, 6].filter((index) => results[index] === "yes").length;
      // More bytes never mean fewer messages accepted; the partial one needs no byte at all.
      expect(count >= accepted && count >= 1).toBe(true);
      accepted = count;
      if (cut === recorded.length) expect(results[5]).toBe("yes");
      expect([end.outbox.pending, end.outbox.unreported]).toEqual([0, 0]);
      const { connection } = end;
      expect([connection.openTransactions, connection.queuedMessages, connection.waitingBytes]).toEqual([
        0, 0, 0,
      ]);
      expect(connection.deadline).toBe(Number.POSITIVE_INFINITY);
    }
    expect(accepted).toBe(4);
  }, 120_000);

  test("at any byte of what it writes: the other side ends with the frames that were whole", async () => {
    const end = endpoint(new Connection({ transactionId: ids() }));
    const written = concat(writes(end.connection));
    let frames = 0;
    for (let cut = 0; cut <= written.length; cut++) {
      const reader = new Connection();
      reader.receive(written.subarray(0, cut));
      const seen = events(reader).filter((event) => event.type === "request").length;
      expect(seen >= frames).toBe(true);
      frames = seen;
      reader.receiveEnd();
      expect(events(reader).map((event) => event.type)).toEqual(["closed"]);
    }
    expect(frames).toBe(6);
  }, 120_000);

  test("after any number of writes, between any two of them", async () => {
    for (let cut = 0; ; cut++) {
      const end = endpoint(new Connection({ maxWriteBytes: 1 }));
      let more = true;
      for (let n = 0; n < cut && more; n++) more = end.connection.transmit(0) !== undefined;
      end.connection.receiveEnd(new ConnectionError("connection-closed", "cut"));
      end.outbox.fail(new ConnectionError("connection-closed", "cut"));
      const results = await outcomes(end.sent);
      expect(results.slice(0, 6).every((result) => result === "no")).toBe(true);
      expect([end.outbox.pending, end.connection.queuedMessages, end.connection.openTransactions]).toEqual([
        0, 0, 0,
      ]);
      if (!more) break;
    }
  });
});
