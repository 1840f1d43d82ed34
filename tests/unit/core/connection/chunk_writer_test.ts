// How messages become chunks: ranges, interruption, resumption, abort, and end-lines inside bodies.
// Driven through a Connection, because a chunk writer lives between its ring, its transactions and a write.
import { describe, expect, test } from "#test";
import { Connection } from "../../../../core/connection/connection.ts";
import {
  alice,
  answer,
  bob,
  concat,
  frames,
  pattern,
  sessionUri,
  TestMessage,
  text,
  WireReader,
  type Written,
  writes,
} from "../../../support/connections.ts";

const shape = (all: Written[]): string[] =>
  all.map((f) => `${f.what} ${f.range ?? ""} ${f.body?.length ?? "-"} ${f.flag}`);

function respond(connection: Connection, id = "peer0000001"): void {
  connection.respond({ transactionId: id, status: 200, toPath: [bob], fromPath: [alice] });
}

describe("chunks of a message", () => {
  test("RFC 4975 §7.1.1: up to 2048 octets go out as one chunk with an exact range [4975-7.1.1-16]", () => {
    const connection = new Connection();
    for (const length of [1, 2047, 2048]) connection.send(new TestMessage(length));
    expect(shape(frames(connection))).toEqual([
      "SEND 1-1/1 1 $",
      "SEND 1-2047/2047 2047 $",
      "SEND 1-2048/2048 2048 $",
    ]);
  });

  test("RFC 4975 §7.1.1: a longer body is interruptible, so its range-end is * [4975-5.1-02] [4975-7.1.1-20]", () => {
    const connection = new Connection();
    connection.send(new TestMessage(2049));
    expect(shape(frames(connection))).toEqual(["SEND 1-*/2049 2049 $"]);
  });

  test("RFC 4975 §7.1.1: an idle link carries a megabyte as one chunk, octet for octet [4975-7.1.1-21]", () => {
    const connection = new Connection();
    const message = new TestMessage(1_000_000);
    connection.send(message);
    const all = writes(connection);
    expect(all.length).toBeGreaterThan(10);
    for (const bytes of all) expect(bytes.length).toBeLessThan(65_536 + 2048);
    const [chunk, ...others] = new WireReader().read(concat(all));
    expect(others).toEqual([]);
    expect(chunk?.range).toBe("1-*/1000000");
    expect(chunk?.body).toEqual(message.bytes);
    expect(message.log).toEqual(["sent 1-1000000/1000000 $"]);
  });

  test("RFC 4975 §7.1.1: zero octets have the range 1-0/0 and an empty body [4975-7.1.1-19] [4975-7.1-11]", () => {
    const connection = new Connection();
    connection.send(new TestMessage(0));
    const [chunk] = frames(connection);
    expect([chunk?.range, chunk?.body?.length, chunk?.flag]).toEqual(["1-0/0", 0, "$"]);
  });

  test("RFC 4975 §7.1.1: a response interrupts a running chunk, which resumes at the next octet [4975-7.1.1-24] [4975-7.1.1-25]", () => {
    const connection = new Connection();
    const message = new TestMessage(10_000);
    message.available = 4096;
    connection.send(message);
    const before = writes(connection);
    respond(connection);
    message.available = 10_000;
    connection.wakeMessage(message);
    const all = new WireReader().read(concat([...before, ...writes(connection)]));
    expect(shape(all)).toEqual(["SEND 1-*/10000 4096 +", "200  - $", "SEND 4097-*/10000 5904 $"]);
    expect(concat([all[0]!.body!, all[2]!.body!])).toEqual(message.bytes);
    expect(all[0]!.id).not.toBe(all[2]!.id);
    expect(all[0]!.headers["Message-ID"]).toBe(all[2]!.headers["Message-ID"]!);
  });

  test("RFC 4975 §7.1.1: an interruption comes after 2048 octets at least, and at once after them [4975-7.1.1-23]", () => {
    const connection = new Connection();
    const message = new TestMessage(10_000);
    message.available = 700;
    connection.send(message);
    const before = writes(connection);
    message.available = 10_000;
    connection.wakeMessage(message);
    respond(connection);
    const all = new WireReader().read(concat([...before, ...writes(connection)]));
    expect(shape(all)).toEqual(["SEND 1-*/10000 2048 +", "200  - $", "SEND 2049-*/10000 7952 $"]);
  });

  test("while a gigabyte is sent, a response waits for no more than one write [4975-7.1.1-25]", () => {
    const connection = new Connection();
    const message = new TestMessage(0);
    const block = pattern(65_536);
    Object.defineProperty(message, "total", { value: 2 ** 30 });
    Object.defineProperty(message, "ended", { get: () => message.position >= 2 ** 30 });
    message.read = (max) => {
      const piece = block.subarray(0, Math.min(max, 2 ** 30 - message.position));
      message.position += piece.length;
      return piece;
    };
    connection.send(message);
    let since = 0;
    let worst = 0;
    const needle = text("MSRP peer");
    for (let n = 0; n < 200; n++) {
      if (n % 10 === 5) {
        respond(connection, `peer${1000 + n}`);
        since = 0;
      }
      const bytes = connection.transmit(0)!;
      const at = indexOf(bytes, needle);
      if (n % 10 === 5) worst = Math.max(worst, at < 0 ? Number.POSITIVE_INFINITY : since + at);
      since += bytes.length;
    }
    expect(worst).toBeLessThan(2048 + 200);
  });

  test("RFC 4975 §7.1.1: two large messages of two sessions take turns, each chunk with an id of its own [4975-5.1-01] [4975-7.1.1-26]", () => {
    const connection = new Connection({ turnBytes: 2048 });
    const first = new TestMessage(10_000, sessionUri(1));
    const second = new TestMessage(10_000, sessionUri(2));
    connection.send(first);
    connection.send(second);
    const all = frames(connection);
    expect(all.slice(0, 4).map((f) => f.headers["Message-ID"]!)).toEqual([
      first.messageId,
      second.messageId,
      first.messageId,
      second.messageId,
    ]);
    expect(all.slice(0, -2).every((f) => f.body!.length === 2048)).toBe(true);
    for (const message of [first, second]) {
      const parts = all.filter((f) => f.headers["Message-ID"] === message.messageId);
      expect(concat(parts.map((f) => f.body!))).toEqual(message.bytes);
      expect(parts.map((f) => f.flag).join("")).toBe("++++$");
      expect(new Set(parts.map((f) => f.id)).size).toBe(5);
    }
  });

  test("turns of long messages shrink with the number of sessions that wait, down to an eighth", () => {
    for (const [sessions, turn] of [
      [2, 65_536],
      [3, 32_768],
      [5, 16_384],
      [100, 8192],
    ] as const) {
      const connection = new Connection();
      for (let n = 0; n < sessions; n++) connection.send(new TestMessage(200_000, sessionUri(n)));
      const lengths = frames(connection).map((f) => f.body!.length);
      expect([lengths[0], lengths[sessions]]).toEqual([turn, turn]);
    }
  });

  test("a short message interrupts a long one after 2048 octets, a second long one after its turn", () => {
    const connection = new Connection();
    connection.send(new TestMessage(100_000, sessionUri(1)));
    connection.send(new TestMessage(100_000, sessionUri(2)));
    connection.send(new TestMessage(500, sessionUri(3)));
    expect(shape(frames(connection)).slice(0, 4)).toEqual([
      "SEND 1-2048/100000 2048 +",
      "SEND 1-2048/100000 2048 +",
      "SEND 1-500/500 500 $",
      "SEND 2049-*/100000 65536 +",
    ]);
  });

  test("RFC 4975 §7.1.1: the octets of every message leave in order, under every limit of chunk and write [4975-7.1.1-18]", () => {
    for (const options of [{ maxChunkBytes: 2048 }, { maxWriteBytes: 300 }, { interruptBytes: 4096 }]) {
      const connection = new Connection(options);
      const messages = [5000, 12_345, 1].map((length, n) => new TestMessage(length, sessionUri(n)));
      for (const message of messages) connection.send(message);
      const all = frames(connection);
      for (const message of messages) {
        const parts = all.filter((f) => f.headers["Message-ID"] === message.messageId);
        expect(concat(parts.map((f) => f.body!))).toEqual(message.bytes);
        const starts = parts.map((f) => Number(f.range!.split("-")[0]));
        expect(starts).toEqual([...starts].sort((a, b) => a - b));
      }
    }
  });

  test("RFC 4975 §7.1.1: report fields are the same in every chunk, and absent at their defaults [4975-7.1.1-28] [4975-7.1.1-14] [4975-7.1.1-03] [4975-7.1.1-04] [4975-7.1.1-02]", () => {
    const connection = new Connection({ maxChunkBytes: 2048 });
    const message = new TestMessage(5000);
    message.successReport = true;
    message.failureReport = "partial";
    message.headers = [["Content-Disposition", "render"]];
    connection.send(message);
    const plain = new TestMessage(1);
    connection.send(plain);
    const all = frames(connection);
    const chunks = all.filter((f) => f.headers["Message-ID"] === message.messageId);
    expect(chunks.length).toBe(3);
    for (const { headers } of chunks) {
      expect(Object.keys(headers)).toEqual([
        "Message-ID",
        "Byte-Range",
        "Success-Report",
        "Failure-Report",
        "Content-Disposition",
        "Content-Type",
      ]);
      expect([headers["Success-Report"], headers["Failure-Report"]]).toEqual(["yes", "partial"]);
    }
    const usual = all.find((f) => f.headers["Message-ID"] === plain.messageId)!;
    expect(Object.keys(usual.headers)).toEqual(["Message-ID", "Byte-Range", "Content-Type"]);
  });

  test("a limit of the message itself bounds its chunks", () => {
    const connection = new Connection();
    const message = new TestMessage(5000);
    message.maxChunkBytes = 2000;
    connection.send(message);
    expect(shape(frames(connection))).toEqual([
      "SEND 1-2000/5000 2000 +",
      "SEND 2001-4000/5000 2000 +",
      "SEND 4001-5000/5000 1000 $",
    ]);
  });

  test("positions above 2^32 are exact [4975-7.1.1-15]", () => {
    const connection = new Connection();
    const message = new TestMessage(0);
    const start = 2 ** 40 + 12_345;
    message.position = start;
    Object.defineProperty(message, "total", { value: start + 10 });
    Object.defineProperty(message, "ended", { get: () => message.position === start + 10 });
    message.read = () => {
      message.position += 10;
      return pattern(10);
    };
    connection.send(message);
    expect(frames(connection)[0]?.range).toBe("1099511640122-1099511640131/1099511640131");
  });
});

describe("an open chunk without data", () => {
  test("gives way as soon as anything else is ready", () => {
    const connection = new Connection();
    const slow = new TestMessage(10_000, sessionUri(1));
    slow.available = 100;
    connection.send(slow);
    const before = writes(connection);
    connection.send(new TestMessage(5, sessionUri(2)));
    expect(connection.hasOutput).toBe(true);
    const all = new WireReader().read(concat([...before, ...writes(connection)]));
    expect(shape(all)).toEqual(["SEND 1-*/10000 100 +", "SEND 1-5/5 5 $"]);
    expect(connection.hasOutput).toBe(false);
  });

  test("stays open for five seconds on an idle wire, then is closed with +", () => {
    const connection = new Connection();
    const slow = new TestMessage(10_000);
    slow.available = 3000;
    connection.send(slow);
    const before = writes(connection, 1000);
    connection.flushed(1000);
    expect(connection.deadline).toBe(6000);
    expect(connection.hasOutput).toBe(false);
    connection.wake(5999);
    expect(connection.hasOutput).toBe(false);
    connection.wake(6000);
    const all = new WireReader().read(concat([...before, ...writes(connection, 6000)]));
    expect(shape(all)).toEqual(["SEND 1-*/10000 3000 +"]);
    slow.available = 10_000;
    connection.wakeMessage(slow);
    expect(shape(frames(connection, 7000))).toEqual(["SEND 3001-*/10000 7000 $"]);
  });

  test("goes on in the same chunk when data comes in time", () => {
    const connection = new Connection();
    const slow = new TestMessage(10_000);
    slow.available = 3000;
    connection.send(slow);
    const before = writes(connection, 0);
    slow.available = 10_000;
    connection.wakeMessage(slow);
    expect(connection.deadline).toBe(Number.POSITIVE_INFINITY);
    const all = new WireReader().read(concat([...before, ...writes(connection, 10)]));
    expect(shape(all)).toEqual(["SEND 1-*/10000 10000 $"]);
  });
});

describe("giving up", () => {
  test("RFC 4975 §10.5: 413 in mid-chunk closes it with # and nothing follows [4975-7.1-15] [4975-7.3.2-04] [4975-10-413]", () => {
    const connection = new Connection({ transactionId: () => "chunk000001" });
    const message = new TestMessage(10_000);
    message.available = 4096;
    connection.send(message);
    const before = writes(connection);
    connection.receive(answer("chunk000001", 413));
    message.available = 10_000;
    const all = new WireReader().read(concat([...before, ...writes(connection)]));
    expect(shape(all)).toEqual(["SEND 1-*/10000 4096 #"]);
    expect([connection.queuedMessages, connection.openTransactions, connection.hasOutput]).toEqual([
      0,
      0,
      false,
    ]);
  });

  test("RFC 4975 §7.1: giving up between two chunks is told by an empty # chunk, unless the peer asked for it", () => {
    for (const refused of [false, true]) {
      const connection = new Connection();
      const message = new TestMessage(10_000);
      message.available = 100;
      connection.send(message);
      connection.send(new TestMessage(5));
      expect(shape(frames(connection))[0]).toBe("SEND 1-100/10000 100 +".replace("100/", "*/"));
      message.aborted = true;
      message.refused = refused;
      connection.wakeMessage(message);
      expect(shape(frames(connection))).toEqual(refused ? [] : ["SEND 1-0/10000 0 #"]);
      expect(connection.queuedMessages).toBe(0);
    }
  });

  test("a message given up before its first octet leaves no trace on the wire", () => {
    const connection = new Connection();
    const message = new TestMessage(10_000);
    connection.send(message);
    message.aborted = true;
    expect([writes(connection).length, connection.queuedMessages, message.log.length]).toEqual([0, 0, 0]);
  });

  test("a message that cannot be written fails alone", () => {
    const connection = new Connection();
    const bad = new TestMessage(10);
    bad.headers = [["X-Bad", "a\r\nb"]];
    connection.send(bad);
    connection.send(new TestMessage(5));
    expect(shape(frames(connection))).toEqual(["SEND 1-5/5 5 $"]);
    expect(bad.log[0]).toContain("lost");
    expect([connection.queuedMessages, connection.openTransactions]).toEqual([0, 1]);
  });
});

describe("end-lines inside bodies", () => {
  const ids = (...list: string[]) => {
    let n = 0;
    return () => list[Math.min(n++, list.length - 1)]!;
  };

  test("RFC 4975 §7.1: an id whose end-line is in the body is drawn again [4975-7.1-17]", () => {
    const body = text("x -------drawnId00001$ y -------drawnId00002# z");
    const connection = new Connection({ transactionId: ids("drawnId00001", "drawnId00002", "drawnId00003") });
    connection.send(new TestMessage(body));
    const [frame] = frames(connection);
    expect([frame?.id, frame?.body]).toEqual(["drawnId00003", body]);
  });

  test("RFC 4975 §7.1: a generator that repeats itself collides with no open transaction [4975-7.1-01]", () => {
    const connection = new Connection({ transactionId: () => "always000001" });
    for (let n = 0; n < 5; n++) connection.send(new TestMessage(10));
    const all = frames(connection);
    expect(new Set(all.map((f) => f.id)).size).toBe(5);
  });

  test("RFC 4975 §7.1: a stream that holds its own end-line goes on under a new id before it is complete [4975-7.1-18]", () => {
    for (const step of [1, 2, 7, 19, 1000]) {
      const clash = "-------firstId00001+";
      const bytes = concat([pattern(100), text(`\r\n${clash}\r\n`), pattern(50), text(clash), pattern(3000)]);
      const connection = new Connection({
        transactionId: ids("firstId00001", "secondId0001", "thirdId00001"),
      });
      const message = new TestMessage(bytes);
      message.available = 1;
      connection.send(message);
      const all = [...writes(connection)];
      while (message.available < bytes.length) {
        message.available = Math.min(bytes.length, message.available + step);
        connection.wakeMessage(message);
        all.push(...writes(connection));
      }
      const chunks = new WireReader().read(concat(all));
      expect(chunks.length).toBe(2);
      expect(concat(chunks.map((f) => f.body!))).toEqual(bytes);
      for (const chunk of chunks) {
        expect(new TextDecoder("latin1").decode(chunk.body!)).not.toMatch(
          `-------${chunk.id}`.concat("[+#$]"),
        );
      }
      expect(chunks[1]?.range).toBe(`${chunks[0]!.body!.length + 1}-*/${bytes.length}`);
    }
  });
});

describe("message framing", () => {
  const options = { framing: "message", maxFrameBytes: 4096 } as const;

  test("RFC 7977 §5.1: every write is exactly one frame, none above the limit", () => {
    const connection = new Connection(options);
    const message = new TestMessage(20_000);
    connection.send(message);
    connection.send(new TestMessage(5));
    respond(connection, "peer0000001");
    respond(connection, "peer0000002");
    connection.request({ method: "AUTH", toPath: [bob], fromPath: [alice] });
    const all = writes(connection);
    const parsed = all.map((bytes) => {
      expect(bytes.length <= 4096).toBe(true);
      const inside = new WireReader().read(bytes);
      expect(inside.length).toBe(1);
      return inside[0]!;
    });
    expect(parsed.slice(0, 3).map((f) => f.what)).toEqual(["200", "200", "AUTH"]);
    const parts = parsed.filter((f) => f.headers["Message-ID"] === message.messageId);
    expect(concat(parts.map((f) => f.body!))).toEqual(message.bytes);
    expect(all.length).toBeGreaterThan(8);
  });

  test("a source without data closes its frame with +", () => {
    const connection = new Connection(options);
    const message = new TestMessage(9000);
    message.available = 100;
    connection.send(message);
    expect(shape(frames(connection))).toEqual(["SEND 1-*/9000 100 +"]);
    message.available = 9000;
    connection.wakeMessage(message);
    const rest = writes(connection).map((bytes) => new WireReader().read(bytes)[0]!);
    expect(rest.at(-1)?.flag).toBe("$");
    expect(rest.reduce((sum, f) => sum + f.body!.length, 100)).toBe(9000);
  });
});

function indexOf(bytes: Uint8Array, needle: Uint8Array): number {
  outer: for (let at = 0; at + needle.length <= bytes.length; at++) {
    for (let n = 0; n < needle.length; n++) if (bytes[at + n] !== needle[n]) continue outer;
    return at;
  }
  return -1;
}
