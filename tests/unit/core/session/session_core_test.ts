// The state of a session without a node: doors made by hand, every way in and out of each state.
import { describe, expect, test } from "#test";
import type { OutgoingMessage } from "../../../../core/connection/message.ts";
import type {
  ControlRequest,
  Transaction,
  TransactionOwner,
} from "../../../../core/connection/transaction.ts";
import type { ConnectionError, DeliveryError, MsrpError } from "../../../../core/errors.ts";
import { SessionCore } from "../../../../core/session/session_core.ts";
import type { SessionHost, SessionLink } from "../../../../core/session/session_link.ts";
import type { SessionInit } from "../../../../core/session/session_options.ts";
import { MsrpUri } from "../../../../core/wire/uri.ts";
import { rejection, settle, thrown } from "../../../support/nodes.ts";

const local = MsrpUri.parse("msrp://a.example:1/local;tcp");
const remote = [MsrpUri.parse("msrp://b.example:2/remote;tcp")];
const transaction = {} as Transaction;

class Doors implements SessionHost, SessionLink {
  readonly log: string[] = [];
  readonly requests: { request: ControlRequest; owner: TransactionOwner | undefined }[] = [];
  readonly messages: OutgoingMessage[] = [];
  readonly core: SessionCore;
  readonly outgoing = undefined;
  lastReceivedAt = 0;

  constructor(init: Partial<SessionInit> = {}) {
    this.core = new SessionCore({ local, remote, role: "passive", ...init }, this);
  }

  now(): number {
    return 0;
  }
  setTimer(): () => void {
    return () => undefined;
  }
  ended(error: Error | undefined, unreported: number): void {
    this.log.push(`ended ${(error as MsrpError | undefined)?.code} ${unreported}`);
  }
  error(): void {}
  request(request: ControlRequest, owner?: TransactionOwner): void {
    this.requests.push({ request, owner });
  }
  send(message: OutgoingMessage): void {
    this.messages.push(message);
  }
  wake(): void {}
  fail(error: Error): void {
    this.core.fail(error);
  }
}

describe("a session", () => {
  test("RFC 4975 §5.4: passive, it sends nothing before it is bound [4975-5.4-06]", async () => {
    const doors = new Doors();
    doors.core.send("waits", {});
    expect([doors.messages.length, doors.core.state]).toEqual([0, "idle"]);
    doors.core.bind(doors, true);
    await doors.core.ready;
    expect([doors.messages.length, doors.requests.length, doors.core.state]).toEqual([1, 0, "bound"]);
  });

  test("RFC 4975 §5.4: active, it sends a SEND without body first and is ready with its answer [4975-5.4-05]", async () => {
    const doors = new Doors({ role: "active" });
    doors.core.bind(doors, true);
    const [first] = doors.requests;
    expect([first?.request.method, first?.request.body, first?.request.toPath]).toEqual([
      "SEND",
      undefined,
      remote,
    ]);
    let ready = false;
    doors.core.ready.then(() => {
      ready = true;
    });
    await settle();
    expect(ready).toBe(false);
    first?.owner?.responded(transaction, 200, "OK", [] as never);
    await settle();
    expect(ready).toBe(true);
  });

  test("ends by its own wish once what it sent was accepted", async () => {
    const doors = new Doors();
    doors.core.bind(doors, true);
    const sent = doors.core.send("last", { successReport: false });
    const closing = doors.core.close(true);
    await settle();
    expect(doors.core.state).toBe("bound");
    const message = doors.messages[0] as OutgoingMessage;
    message.read(100);
    message.chunkSent({ ...transaction, flag: "$" } as Transaction);
    message.responded({ ...transaction, flag: "$" } as Transaction, 200, undefined, [] as never);
    await closing;
    await sent.accepted;
    expect([doors.core.state, await doors.core.closed, doors.log]).toEqual([
      "closed",
      undefined,
      ["ended undefined 0"],
    ]);
    await doors.core.close(true);
    doors.core.abort("again");
    expect(doors.log.length).toBe(1);
  });

  test("RFC 4975 §7.1.1: tells how many messages still lack their success reports at the end [4975-7.1.1-06]", async () => {
    const doors = new Doors();
    doors.core.bind(doors, true);
    const sent = doors.core.send("x", { successReport: true });
    const message = doors.messages[0] as OutgoingMessage;
    message.read(100);
    message.chunkSent({ ...transaction, flag: "$" } as Transaction);
    message.responded({ ...transaction, flag: "$" } as Transaction, 200, undefined, [] as never);
    await sent.accepted;
    await doors.core.close(true);
    expect(doors.log).toEqual(["ended undefined 1"]);
    expect((await rejection<MsrpError>(sent.delivered)).code).toBe("session-closed");
  });

  test("aborted or failed, it settles everything with the reason, a loop included", async () => {
    for (const how of ["abort", "fail"] as const) {
      const doors = new Doors();
      doors.core.bind(doors, true);
      const loop = doors.core.session[Symbol.asyncIterator]().next();
      const sent = doors.core.send("x", {});
      if (how === "abort") doors.core.abort("why");
      else doors.core.fail(new Error("why"));
      const error = await rejection(sent.accepted);
      expect(await rejection(loop)).toBe(error);
      expect([doors.core.state, await doors.core.closed]).toEqual(["failed", error]);
      expect(thrown<MsrpError>(() => doors.core.send("y", {})).code).toBe("session-closed");
    }
  });

  test("whose connection was closed ends its loop in the ordinary way", async () => {
    const { ConnectionError } = await import("../../../../core/errors.ts");
    const doors = new Doors();
    doors.core.bind(doors, true);
    const loop = doors.core.session[Symbol.asyncIterator]().next();
    doors.core.fail(new ConnectionError("connection-closed", "closed"));
    expect(await loop).toEqual({ done: true, value: undefined });
    expect(((await doors.core.closed) as ConnectionError).code).toBe("connection-closed");
  });

  for (const [status, code] of [
    [481, "no-such-session"],
    [506, "session-bound-elsewhere"],
    [408, "peer-vanished"],
  ] as const) {
    test(`RFC 4975 §10: ends when a probe is answered ${status}`, async () => {
      const doors = new Doors();
      doors.core.bind(doors, true);
      doors.core.probe(() => undefined);
      doors.requests[0]?.owner?.responded(transaction, status, undefined, [] as never);
      expect(((await doors.core.closed) as ConnectionError).code).toBe(code);
    });
  }

  test("keeps its path once it has sent", () => {
    const doors = new Doors({ remote: [] });
    doors.core.update({ remote });
    doors.core.send("x", {});
    expect(thrown<MsrpError>(() => doors.core.update({ remote: [local] })).code).toBe("path-in-use");
  });

  test("bounds what waits before it is bound", () => {
    const doors = new Doors({ maxQueuedSends: 2 });
    doors.core.send("1", {});
    doors.core.send("2", {});
    expect(thrown<MsrpError>(() => doors.core.send("3", {})).code).toBe("queue-full");
    for (let round = 0; round < 64; round++) doors.core.send(undefined, {});
    expect(thrown<MsrpError>(() => doors.core.send(undefined, {})).code).toBe("queue-full");
  });
});

describe("a request of another method", () => {
  test("gives the response whatever its status, and rejects without one", async () => {
    const doors = new Doors();
    doors.core.bind(doors, true);
    const outcomes: unknown[] = [];
    for (const how of ["answer", "timeout", "lost"] as const) {
      const result = doors.core.request("NICKNAME", { headers: [["Use-Nickname", '"x"']] });
      result.then(
        ({ status, headers }) => outcomes.push([status, headers]),
        (error: DeliveryError) => outcomes.push(error.status ?? error.message),
      );
      await settle();
      const { request, owner } = doors.requests.at(-1) ?? {};
      expect([request?.method, request?.headers]).toEqual(["NICKNAME", [["Use-Nickname", '"x"']]]);
      if (how === "answer") owner?.responded(transaction, 425, "Taken", [["X", "1"]] as never);
      else if (how === "timeout") owner?.timedOut(transaction);
      else owner?.lost?.(transaction, new Error("gone"));
      await settle();
    }
    expect(outcomes).toEqual([[425, [["X", "1"]]], 408, "gone"]);
  });

  test("is none of SEND and REPORT, and none of a session that is over", async () => {
    const doors = new Doors();
    expect((await rejection<MsrpError>(doors.core.request("SEND", {}))).code).toBe("reserved-method");
    doors.core.abort("x");
    expect((await rejection<MsrpError>(doors.core.request("PING", {}))).code).toBe("session-closed");
    doors.core.report({ messageId: "m.1234", status: 200 });
    expect(doors.requests).toEqual([]);
  });
});
