// One connection without its network: matching of responses, time limits, order of writing, bounds, and its end.
// What the chunks look like is the chunk writer's test; here they only have to be there.
import { describe, expect, test } from "#test";
import { Connection } from "../../../../core/connection/connection.ts";
import type { Transaction } from "../../../../core/connection/transaction.ts";
import { LocalProtocolError, RemoteProtocolError } from "../../../../core/errors.ts";
import {
  alice,
  answer,
  bob,
  ConnectionPair,
  concat,
  events,
  frames,
  sessionUri,
  TestMessage,
  text,
  WireReader,
  writes,
} from "../../../support/connections.ts";

class Owner {
  readonly log: string[] = [];
  responded(_: Transaction, status: number, comment: string | undefined): void {
    this.log.push(`${status} ${comment}`);
  }
  timedOut(transaction: Transaction): void {
    this.log.push(`timeout ${transaction.method}`);
  }
  lost(_: Transaction, error: Error): void {
    this.log.push(`lost ${error.message}`);
  }
}

const auth = { method: "AUTH", toPath: [bob], fromPath: [alice] };
const bodiless = {
  method: "SEND",
  toPath: [bob],
  fromPath: [alice],
  headers: [["Message-ID", "hello12345"] as const],
};
const report = {
  method: "REPORT",
  toPath: [bob],
  fromPath: [alice],
  headers: [
    ["Message-ID", "hello12345"] as const,
    ["Byte-Range", "1-5/5"] as const,
    ["Status", "000 200 OK"] as const,
  ],
};

function respond(connection: Connection, id: string): void {
  connection.respond({ transactionId: id, status: 200, toPath: [bob], fromPath: [alice] });
}

describe("requests and responses", () => {
  test("RFC 4975 §7.2: a response finds its request by id and tells its owner once [4975-7.2-03] [4975-7.2-09]", () => {
    const connection = new Connection();
    const owner = new Owner();
    const id = connection.request(auth, owner);
    expect(frames(connection).map((f) => [f.id, f.what, f.flag])).toEqual([[id, "AUTH", "$"]]);
    connection.receive(concat([answer("stranger0001", 200), answer(id, 200, "fine"), answer(id, 400)]));
    expect(owner.log).toEqual(["200 fine"]);
    expect(events(connection).map((e) => (e.type === "oddity" ? e.code : e.type))).toEqual([
      "response-unmatched",
      "response",
      "response-unmatched",
    ]);
    expect([connection.openTransactions, connection.deadline]).toEqual([0, Number.POSITIVE_INFINITY]);
  });

  test("RFC 4975 §7.1.1: no response 30 s after the last octet was handed over is a timeout [4975-7.1.1-07] [4975-7.1.1-08]", () => {
    const connection = new Connection();
    const owner = new Owner();
    connection.request(bodiless, owner);
    connection.wake(1_000_000);
    expect(connection.deadline).toBe(Number.POSITIVE_INFINITY);
    writes(connection, 1_000_000);
    connection.flushed(2_000_000);
    expect(connection.deadline).toBe(2_030_000);
    connection.wake(2_029_999);
    expect(owner.log).toEqual([]);
    connection.wake(2_030_000);
    connection.wake(2_030_000);
    expect(owner.log).toEqual(["timeout SEND"]);
    expect(events(connection).map((e) => e.type)).toEqual(["timeout"]);
    connection.receive(answer("anything0001", 200));
    expect(connection.openTransactions).toBe(0);
  });

  test("RFC 4975 §7.1.1: Failure-Report no has neither timer nor memory; partial has memory alone [4975-7.1.1-09]", () => {
    const connection = new Connection();
    const owner = new Owner();
    const withReport = (value: string) => ({
      ...bodiless,
      headers: [...bodiless.headers, ["Failure-Report", value] as const],
    });
    connection.request(withReport("no"), owner);
    expect(connection.openTransactions).toBe(0);
    const partial = connection.request(withReport("partial"), owner);
    const silent = connection.request(withReport("partial"), owner);
    writes(connection);
    connection.flushed(0);
    connection.receive(answer(partial, 415, "No"));
    expect(owner.log).toEqual(["415 No"]);
    connection.wake(30_000);
    expect(owner.log).toEqual(["415 No"]);
    connection.receive(answer(silent, 415));
    expect([owner.log.length, connection.openTransactions]).toEqual([1, 0]);
  });

  test("RFC 4975 §7.1.2: a REPORT is a new transaction that nobody answers or waits for [4975-7.1.3-08] [4975-7.1.2-07]", () => {
    const connection = new Connection();
    connection.request(report, new Owner());
    connection.request(report);
    const [first, second] = frames(connection);
    expect(first?.id === second?.id).toBe(false);
    expect([connection.openTransactions, connection.deadline]).toEqual([0, Number.POSITIVE_INFINITY]);
  });

  test("RFC 4975 §7.1.1: sending never waits for an earlier response [4975-7.1.1-10]", () => {
    const connection = new Connection();
    for (let n = 0; n < 100; n++) connection.send(new TestMessage(10));
    expect(frames(connection).length).toBe(100);
    expect(connection.openTransactions).toBe(100);
  });

  test("an owner that throws stops neither the decoder nor the connection", () => {
    const connection = new Connection();
    const broken = {
      responded: () => {
        throw new Error("mine");
      },
      timedOut: () => undefined,
    };
    const first = connection.request(auth, broken);
    const owner = new Owner();
    const second = connection.request(auth, owner);
    connection.receive(concat([answer(first, 200), answer(second, 200, "ok")]));
    expect(owner.log).toEqual(["200 ok"]);
    expect(events(connection).some((e) => e.type === "oddity" && e.code === "owner-threw")).toBe(true);
  });
});

describe("the order of writing", () => {
  test("RFC 4975 §7.1.1: responses, then control requests, then messages, all in one write [4975-7.1.1-25]", () => {
    const connection = new Connection();
    connection.send(new TestMessage(10));
    connection.request(report);
    respond(connection, "peer0000001");
    connection.send(new TestMessage(10));
    respond(connection, "peer0000002");
    const all = writes(connection);
    expect(all.length).toBe(1);
    expect(new WireReader().read(all[0]!).map((f) => f.what)).toEqual([
      "200",
      "200",
      "REPORT",
      "SEND",
      "SEND",
    ]);
  });

  test("writes are bounded, however much waits", () => {
    const connection = new Connection({ maxOpenTransactions: 4000 });
    for (let n = 0; n < 2000; n++) respond(connection, `peer${100_000 + n}`);
    for (let n = 0; n < 2000; n++) connection.send(new TestMessage(200, sessionUri(n % 7)));
    const all = writes(connection);
    for (const bytes of all) expect(bytes.length).toBeLessThan(65_536 + 1024);
    expect(new WireReader().read(concat(all)).length).toBe(4000);
  });

  test("RFC 4975 §7.1.1: with 1,000 sessions every one gets its share of every stretch [4975-7.1.1-26]", () => {
    const count = 1000;
    for (const [turnBytes, rounds] of [
      [undefined, 2],
      [2048, 5],
    ] as const) {
      const connection = new Connection({ turnBytes, maxOpenTransactions: count * rounds });
      for (let n = 0; n < count; n++) connection.send(new TestMessage(10_240, sessionUri(n)));
      const all = frames(connection);
      expect(all.length).toBe(count * rounds);
      for (let round = 0; round < rounds; round++) {
        const turn = all.slice(round * count, (round + 1) * count);
        expect(new Set(turn.map((f) => f.fromPath[0])).size).toBe(count);
      }
    }
  });

  test("a session with many messages gets no more than one with a single message", () => {
    const connection = new Connection();
    for (let n = 0; n < 500; n++) connection.send(new TestMessage(2048, sessionUri(1)));
    const single = new TestMessage(20_480, sessionUri(2));
    connection.send(single);
    const order = frames(connection).map((f) => f.fromPath[0] === sessionUri(2).text);
    expect(order.lastIndexOf(true)).toBeLessThan(21);
  });

  test("thousands of idle sessions cost the busy one nothing", () => {
    const cost = (idle: number): number => {
      const connection = new Connection();
      for (let n = 0; n < idle; n++) {
        const message = new TestMessage(10, sessionUri(n));
        message.available = 0;
        connection.send(message);
      }
      writes(connection);
      const start = performance.now();
      for (let n = 0; n < 2000; n++) {
        connection.send(new TestMessage(10, alice));
        connection.transmit(0);
      }
      return performance.now() - start;
    };
    cost(1);
    const none = Math.min(cost(1), cost(1), cost(1));
    const many = Math.min(cost(20_000), cost(20_000), cost(20_000));
    expect(many).toBeLessThan(none * 20 + 20);
  });
});

describe("bounds", () => {
  test("at the limit of open transactions new chunks wait, responses and reports do not", () => {
    const connection = new Connection({ maxOpenTransactions: 3 });
    const messages = Array.from({ length: 5 }, () => new TestMessage(10));
    for (const message of messages) connection.send(message);
    const [first] = frames(connection);
    expect([connection.openTransactions, connection.queuedMessages, connection.hasOutput]).toEqual([
      3,
      2,
      false,
    ]);
    respond(connection, "peer0000001");
    connection.request(report);
    expect(frames(connection).map((f) => f.what)).toEqual(["200", "REPORT"]);
    connection.receive(answer(first!.id, 200));
    expect(connection.hasOutput).toBe(true);
    expect(frames(connection).length).toBe(1);
    connection.flushed(0);
    connection.wake(30_000);
    expect(frames(connection).length).toBe(1);
    expect(messages.map((m) => m.log.includes("timeout"))).toEqual([false, true, true, true, false]);
  });

  test("a running chunk is not interrupted for chunks that may not start", () => {
    const connection = new Connection({ maxOpenTransactions: 1 });
    connection.send(new TestMessage(10_000));
    connection.send(new TestMessage(10));
    expect(frames(connection).map((f) => f.range)).toEqual(["1-*/10000"]);
  });

  test("control requests that wait are bounded in octets: one side works, the other throws", () => {
    const connection = new Connection({ maxQueuedRequestBytes: 1000 });
    let taken = 0;
    expect(() => {
      for (; taken < 100; taken++) connection.request(auth, new Owner());
    }).toThrow("too much waits");
    expect(taken).toBeGreaterThan(5);
    expect(connection.openTransactions).toBe(taken);
    writes(connection);
    expect(typeof connection.request(auth)).toBe("string");
  });

  test("responses that wait ask the driver to stop reading", () => {
    const connection = new Connection({ congestionBytes: 1000 });
    expect(connection.congested).toBe(false);
    for (let n = 0; n < 10; n++) respond(connection, `peer${1000 + n}`);
    expect([connection.congested, connection.waitingBytes > 1000]).toEqual([true, true]);
    writes(connection);
    expect([connection.congested, connection.waitingBytes]).toEqual([false, 0]);
  });

  test("what the grammar forbids is the caller's mistake and changes nothing", () => {
    const connection = new Connection();
    expect(() => connection.request({ ...auth, method: "auth" }, new Owner())).toThrow(LocalProtocolError);
    expect(() => connection.request({ ...auth, transactionId: "x" }, new Owner())).toThrow(
      LocalProtocolError,
    );
    connection.request({ ...auth, transactionId: "mine0000001" }, new Owner());
    expect(() => connection.request({ ...auth, transactionId: "mine0000001" }, new Owner())).toThrow(
      "in use",
    );
    expect([connection.openTransactions, frames(connection).length]).toEqual([1, 1]);
  });

  test("RFC 4975 §7.1: a body that holds the drawn id gets another one [4975-7.1-17]", () => {
    const ids = ["drawnId00001", "drawnId00002"];
    const connection = new Connection({ transactionId: () => ids.shift() ?? "drawnId00002" });
    const id = connection.request({ ...auth, contentType: "text/plain", body: text("-------drawnId00001$") });
    expect(id).toBe("drawnId00002");
  });
});

describe("the end", () => {
  test("RFC 4975 §5.4: a lost connection fails all that was open, and all that waited [4975-5.4-15]", () => {
    const connection = new Connection();
    const owner = new Owner();
    connection.request(auth, owner);
    const [sent, running, parked, waiting] = [10, 1_000_000, 100, 10].map((n) => new TestMessage(n));
    parked!.available = 0;
    for (const message of [sent, parked, running]) connection.send(message!);
    connection.transmit(0);
    connection.send(waiting!);
    respond(connection, "peer0000001");
    connection.receiveEnd(new Error("reset"));
    expect(owner.log).toEqual(["lost The connection failed: reset"]);
    for (const message of [sent, running, parked, waiting]) {
      expect(
        message!.log.filter((line) => line === "lost The connection failed: reset").length,
      ).toBeGreaterThan(0);
    }
    expect(events(connection).map((e) => e.type)).toEqual(["closed"]);
    expect([connection.openTransactions, connection.queuedMessages, connection.waitingBytes]).toEqual([
      0, 0, 0,
    ]);
    expect([connection.closed, connection.hasOutput, connection.deadline]).toEqual([
      true,
      false,
      Number.POSITIVE_INFINITY,
    ]);
    expect(() => connection.send(new TestMessage(1))).toThrow(LocalProtocolError);
    expect(() => connection.request(auth)).toThrow("closed");
    respond(connection, "peer0000002");
    connection.receive(text("MSRP"));
    connection.receiveEnd();
    connection.wake(1);
    expect([events(connection).length, connection.hasOutput]).toEqual([0, false]);
  });

  test("lost framing ends the connection; what was answered before still leaves", () => {
    const connection = new Connection();
    connection.receive(concat([answer("stranger0001", 200), text("GET / HTTP/1.1\r\n\r\n")]));
    respond(connection, "peer0000001");
    const all = events(connection);
    const last = all.at(-1);
    expect(last?.type).toBe("closed");
    expect(last?.type === "closed" && last.error instanceof RemoteProtocolError && last.error.fatal).toBe(
      true,
    );
    expect(connection.closed).toBe(true);
  });

  test("an end inside a frame is told as incomplete", () => {
    const connection = new Connection();
    connection.receive(text("MSRP abcd1234 SEND\r\nTo-Pa"));
    connection.receiveEnd();
    const closed = events(connection).at(-1);
    expect(closed?.type === "closed" && closed.error instanceof RemoteProtocolError).toBe(true);
  });

  test("close lets everything out first: queued, answered or timed out, then the closed event", () => {
    const connection = new Connection();
    connection.send(new TestMessage(5000));
    connection.send(new TestMessage(10));
    respond(connection, "peer0000001");
    connection.close();
    expect(() => connection.send(new TestMessage(1))).toThrow("closed");
    const sent = frames(connection);
    expect(sent.map((f) => f.what)).toEqual(["200", "SEND", "SEND", "SEND"]);
    connection.flushed(0);
    for (const frame of sent.slice(1, 3)) connection.receive(answer(frame.id, 200));
    expect(connection.closed).toBe(false);
    connection.wake(30_000);
    expect(connection.closed).toBe(true);
    expect(events(connection).at(-1)).toEqual({ type: "closed", error: undefined });
  });

  test("close on a quiet connection is at once, abort anywhere", () => {
    const quiet = new Connection();
    quiet.close();
    quiet.close();
    expect(events(quiet).map((e) => e.type)).toEqual(["closed"]);
    const busy = new Connection();
    const message = new TestMessage(10);
    busy.send(message);
    busy.abort(new Error("enough"));
    expect(message.log).toEqual(["lost The connection failed: enough"]);
  });
});

describe("back to back", () => {
  test("a request on one side is an event on the other, and its response comes back [4975-5.4-05]", () => {
    const pair = new ConnectionPair();
    const owner = new Owner();
    pair.left.request(bodiless, owner);
    pair.left.send(new TestMessage(5));
    pair.pump();
    expect(owner.log).toEqual(["200 OK"]);
    expect(pair.log.map(({ at, event }) => `${at} ${event.type}`)).toEqual([
      "right request",
      "right request",
      "left response",
      "left response",
    ]);
    const first = pair.log[0]!.event;
    expect(first.type === "request" && first.frame.body === undefined).toBe(true);
    expect([pair.left.openTransactions, pair.right.openTransactions]).toEqual([0, 0]);
  });

  test("RFC 4975 §7.2: a response leaves on the connection its request came in on, and finds nothing on another [4975-7.2-08] [4975-7.2-09]", () => {
    const [first, second] = [new ConnectionPair(), new ConnectionPair()];
    const owner = new Owner();
    const id = first.left.request(auth, owner);
    first.status = () => undefined;
    first.pump();
    second.right.respond({ transactionId: id, status: 200, toPath: [alice], fromPath: [bob] });
    second.pump();
    expect([owner.log, first.left.openTransactions]).toEqual([[], 1]);
    first.right.respond({ transactionId: id, status: 200, toPath: [alice], fromPath: [bob] });
    expect([first.right.hasOutput, second.right.hasOutput]).toEqual([true, false]);
    first.pump();
    expect(owner.log).toEqual(["200 OK"]);
  });

  test("what is given up is lost to its owner, and the connection goes on", () => {
    const pair = new ConnectionPair();
    pair.status = () => undefined;
    const owner = new Owner();
    const id = pair.left.request(auth, owner);
    pair.pump();
    expect(pair.left.awaiting).toBe(1);
    pair.left.giveUp(new LocalProtocolError("closing", "over"));
    expect([owner.log, pair.left.awaiting, pair.left.closed]).toEqual([["lost over"], 0, false]);
    respond(pair.right, id);
    pair.pump();
    expect(owner.log.length).toBe(1);
    pair.left.request(auth, owner);
    expect(pair.left.awaiting).toBe(1);
    // Nothing is owed any more: a connection that is closing need not wait.
    pair.pump();
    pair.left.close();
    expect(pair.left.closed).toBe(false);
    pair.left.giveUp(new LocalProtocolError("closing", "over"));
    expect(pair.left.closed).toBe(true);
  });

  test("while nothing is read eight times as many transactions may be open, for their answers cannot come", () => {
    const connection = new Connection({ maxOpenTransactions: 2 });
    const permitted: [boolean, boolean][] = [];
    for (let count = 1; count <= 16; count++) {
      connection.request(auth, new Owner());
      permitted.push([connection.mayForward(false), connection.mayForward(true)]);
    }
    expect(permitted.slice(0, 3)).toEqual([
      [true, true],
      [false, true],
      [false, true],
    ]);
    expect(permitted.slice(-2)).toEqual([
      [false, true],
      [false, false],
    ]);
  });

  test("more transactions may be open than at first, and answers of as many may wait", () => {
    const connection = new Connection({ maxOpenTransactions: 1, congestionBytes: 100 });
    connection.request(auth, new Owner());
    expect(connection.mayForward(false)).toBe(false);
    connection.widen(2);
    expect(connection.mayForward(false)).toBe(true);
    connection.request(auth, new Owner());
    expect(connection.mayForward(false)).toBe(false);
    for (let count = 0; count < 5; count++) respond(connection, `answer${count}00`);
    expect([connection.waitingBytes > 100, connection.congested]).toEqual([true, false]);
    for (let count = 0; count < 20; count++) respond(connection, `answer${count}11`);
    expect(connection.congested).toBe(true);
  });

  test("a frame that has begun to come in is known", () => {
    const connection = new Connection();
    const bytes = new TextEncoder().encode("MSRP abcd1234 SEND\r\n");
    expect(connection.receiving).toBe(false);
    connection.receive(bytes.subarray(0, 3));
    expect(connection.receiving).toBe(true);
    const pair = new ConnectionPair();
    pair.left.request(auth, new Owner());
    pair.pump();
    expect(pair.right.receiving).toBe(false);
  });

  test("large messages in both directions interleave with responses and arrive whole", () => {
    const pair = new ConnectionPair();
    const received = { left: 0, right: 0 };
    pair.onRequest = (at, frame) => {
      received[at] += frame.body?.length ?? 0;
    };
    const messages = [300_000, 200_000, 100_000, 50_000].map((n, i) => new TestMessage(n, sessionUri(i)));
    for (const [i, message] of messages.entries()) (i % 2 === 0 ? pair.left : pair.right).send(message);
    pair.pump();
    expect(received).toEqual({ left: 250_000, right: 400_000 });
    for (const message of messages) {
      expect(message.log.at(-1)).toBe("200");
      expect(message.log.filter((line) => line.endsWith("$")).length).toBe(1);
    }
    expect([pair.left.openTransactions, pair.right.openTransactions]).toEqual([0, 0]);
  });

  test("timeouts of both sides come from one clock that the test moves", () => {
    const pair = new ConnectionPair();
    pair.status = () => undefined;
    const message = new TestMessage(5);
    pair.left.send(message);
    pair.pump();
    pair.advance(29_999);
    expect(message.log).toEqual(["sent 1-5/5 $"]);
    pair.advance(1);
    expect(message.log).toEqual(["sent 1-5/5 $", "timeout"]);
  });
});
