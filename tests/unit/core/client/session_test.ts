// What a session of a client does with what comes in: limits, faults, duplicates, reports, and who speaks first.
import { describe, expect, test } from "#test";
import type { ClientSessionOptions } from "../../../../core/client/options.ts";
import type { ClientSession } from "../../../../core/client/session.ts";
import { rejection, thrown } from "../../../support/nodes.ts";
import { peerPath, request, settle, WebSocketStub } from "../../../support/web_socket_stub.ts";

async function bound(stub: WebSocketStub, options?: ClientSessionOptions): Promise<ClientSession> {
  const session = await stub.client().session(options);
  session.bind({ remote: peerPath, role: "passive" });
  return session;
}

const statuses = (stub: WebSocketStub): string[] => stub.responses.map(({ what }) => what);
const send = (id: string, more: readonly string[] = []): string[] => [`Message-ID: ${id}`, ...more];

describe("a session of a client", () => {
  test("RFC 4975 §5.4: the passive side speaks after the other has", async () => {
    const stub = new WebSocketStub();
    const session = await bound(stub);
    const states: string[] = [];
    session.onState((state) => states.push(state));
    const sent = session.send("waits");
    await settle();
    expect([session.state, stub.frames.length]).toEqual(["waiting", 0]);
    await stub.peerSends(session.path, undefined);
    await sent.accepted;
    expect(states).toEqual(["open"]);
    await stub.close();
  });

  test("RFC 4975 §7.3: the whole message is given once, and its beginning before", async () => {
    const stub = new WebSocketStub();
    const session = await bound(stub);
    const seen: string[] = [];
    session.onIncoming(({ messageId, total }) => seen.push(`begins ${messageId} ${total ?? "?"}`));
    session.onMessage((message) => seen.push(`whole ${message.messageId} ${message.total}`));
    await stub.peerSends(session.path, "ab", send("m0001", ["Byte-Range: 1-2/4"]), "+");
    await stub.peerSends(session.path, "cd", send("m0001", ["Byte-Range: 3-4/4"]));
    expect(seen).toEqual(["begins m0001 ?", "whole m0001 4"]);
    expect(statuses(stub)).toEqual(["200", "200"]);
    await stub.close();
  });

  test("RFC 4975 §5.4: a message that was delivered is reported again and not given again", async () => {
    const stub = new WebSocketStub();
    const session = await bound(stub);
    let given = 0;
    session.onMessage(() => given++);
    for (let count = 0; count < 2; count++) {
      await stub.peerSends(session.path, "hi", send("m0001", ["Success-Report: yes", "Byte-Range: 1-2/2"]));
    }
    const reports = stub.frames.filter(({ what }) => what === "REPORT");
    expect([given, reports.map(({ range, headers }) => [range, headers["Status"]])]).toEqual([
      1,
      [
        ["1-2/2", "000 200 OK"],
        ["1-2/2", "000 200 OK"],
      ],
    ]);
    expect(reports[0]?.toPath).toEqual([session.path[0], peerPath]);
    await stub.close();
  });

  test("RFC 4975 §7.1.3: of a long message it is reported what has come, so that it need not come again", async () => {
    const stub = new WebSocketStub();
    const session = await bound(stub, { reportBytes: 4 });
    const lines = (range: string): string[] => send("m0001", ["Success-Report: yes", `Byte-Range: ${range}`]);
    await stub.peerSends(session.path, "aaa", lines("1-3/12"), "+");
    await stub.peerSends(session.path, "bbb", lines("4-6/12"), "+");
    // A hole: nothing is reported across it.
    await stub.peerSends(session.path, "ddd", lines("10-12/12"));
    await stub.peerSends(session.path, "ccc", lines("7-9/12"), "+");
    const reports = stub.frames.filter(({ what }) => what === "REPORT").map(({ range }) => range);
    expect(reports).toEqual(["1-6/12", "1-12/12"]);
    await stub.close();
  });

  test("types that are not taken are answered 415, messages that are too long or too many 413", async () => {
    const stub = new WebSocketStub();
    const session = await bound(stub, { acceptTypes: ["text/plain"], maxMessageBytes: 4, maxIncomplete: 1 });
    await stub.send(
      request("SEND", session.path, send("m0001"), "Content-Type: image/png\r\n\r\nx\r\n", "$"),
    );
    await stub.peerSends(session.path, "abcde", send("m0002"));
    await stub.peerSends(session.path, "a", send("m0003", ["Byte-Range: 1-1/5"]), "+");
    await stub.peerSends(session.path, "abcd", send("m0004"));
    await stub.peerSends(session.path, "a", send("m0005"), "+");
    await stub.peerSends(session.path, "a", send("m0006"));
    expect(statuses(stub)).toEqual(["415", "413", "413", "200", "200", "413"]);
    await stub.close();
  });

  test("incomplete messages hold no more octets together than the limit", async () => {
    const stub = new WebSocketStub();
    const session = await bound(stub, { maxIncompleteBytes: 4 });
    await stub.peerSends(session.path, "ab", send("m0001"), "+");
    await stub.peerSends(session.path, "cd", send("m0002"), "+");
    await stub.peerSends(session.path, "e", send("m0002", ["Byte-Range: 3-3/*"]), "+");
    await stub.peerSends(session.path, "cd", send("m0001", ["Byte-Range: 3-4/4"]));
    expect(statuses(stub)).toEqual(["200", "200", "413", "200"]);
    await stub.close();
  });

  test("RFC 4975 §8.6: types are matched without parameters and letter case, wildcards included", async () => {
    const stub = new WebSocketStub();
    const session = await bound(stub, { acceptTypes: ["Text/*", "image/png"] });
    for (const [index, type] of [
      "text/HTML;charset=utf-8",
      "IMAGE/PNG",
      "image/jpeg",
      "textual/x",
    ].entries()) {
      await stub.send(
        request("SEND", session.path, send(`m000${index}`), `Content-Type: ${type}\r\n\r\nx\r\n`),
      );
    }
    expect(statuses(stub)).toEqual(["200", "200", "415", "415"]);
    await stub.close();
  });

  test("a report of a page that was loaded anew since says nothing; one of the page that went on does", async () => {
    const stub = new WebSocketStub();
    const session = await stub.client().session();
    session.bind({ remote: peerPath });
    const sent = session.send("hello");
    await settle();
    const report = request(
      "REPORT",
      session.path,
      send(sent.messageId, ["Byte-Range: 1-5/5", "Status: 000 200 OK"]),
    );
    session.bind({ remote: "msrps://bob.example:2855/anew;tcp" });
    await stub.send(report);
    expect(session.pending).toBe(1);
    session.bind({ remote: peerPath });
    session.bind({ remote: "msrps://bob.example:2855/later;tcp", kept: true });
    await settle();
    await stub.send(report);
    expect(session.pending).toBe(0);
    await stub.close();
  });

  test("a signal that has fired already sends nothing", async () => {
    const stub = new WebSocketStub();
    const session = await stub.client().session();
    session.bind({ remote: peerPath });
    const sent = session.send("x", { signal: AbortSignal.abort() });
    expect((await rejection<Error & { code: string }>(sent.accepted)).code).toBe("aborted");
    expect(session.pending).toBe(0);
    await stub.close();
  });

  test("a message that the application refuses, or the peer aborts, fails", async () => {
    const stub = new WebSocketStub();
    const session = await bound(stub);
    const failures: Promise<Error & { code: string }>[] = [];
    session.onIncoming((message) => {
      failures.push(rejection(message.completed));
      if (message.messageId === "m0001") message.refuse();
    });
    await stub.peerSends(session.path, "a", send("m0001"), "+");
    await stub.peerSends(session.path, "b", send("m0001", ["Byte-Range: 2-2/2"]));
    await stub.peerSends(session.path, "a", send("m0002"), "+");
    await stub.peerSends(session.path, "", send("m0002", ["Byte-Range: 2-1/*"]), "#");
    expect((await Promise.all(failures)).map(({ code }) => code)).toEqual(["refused", "aborted"]);
    expect(statuses(stub)).toEqual(["413", "413", "200", "200"]);
    await stub.close();
  });

  test("RFC 4975 §10: faults are answered 400, other methods 501, other sessions 481", async () => {
    const stub = new WebSocketStub();
    const session = await bound(stub);
    await stub.peerSends(session.path, "a", []);
    await stub.peerSends(session.path, "a", send("m0001", ["Byte-Range: 0-9/*"]));
    await stub.peerSends(session.path, "a", send("m0001", ["no colon"]));
    await stub.send(request("SEND", session.path, send("m0001"), "\r\nx\r\n"));
    await stub.send(request("NICKNAME", session.path, ["Use-Nickname: x"]));
    const other = [peerPath, "msrps://x.invalid:2855/other;ws"];
    await stub.send(request("SEND", other, send("m0001")));
    await stub.send(request("SEND", other, send("m0001", ["Failure-Report: no"])));
    expect(statuses(stub)).toEqual(["400", "400", "400", "400", "501", "481"]);
    await stub.close();
  });

  test("RFC 4975 §7.2: Failure-Report no wants no answer, partial only one that tells of a fault", async () => {
    const stub = new WebSocketStub();
    const session = await bound(stub, { maxMessageBytes: 4 });
    await stub.peerSends(session.path, "abc", send("m0001", ["Failure-Report: no"]));
    await stub.peerSends(session.path, "abc", send("m0002", ["Failure-Report: partial"]));
    await stub.peerSends(session.path, "abcde", send("m0003", ["Failure-Report: partial"]));
    await stub.send(
      request("REPORT", session.path, send("m0001", ["Status: 000 200 OK", "Byte-Range: 1-1/1"])),
    );
    expect(statuses(stub)).toEqual(["413"]);
    await stub.close();
  });

  test("a failure REPORT for what opened the session, or 408 for a message, means that the peer is gone", async () => {
    const stub = new WebSocketStub();
    const session = await stub.client().session();
    session.bind({ remote: peerPath });
    await settle();
    const id = stub.frames[0]?.headers["Message-ID"] as string;
    await stub.send(request("REPORT", session.path, send(id, ["Status: 000 481 No Such Session"])));
    expect(session.state).toBe("waiting");
    const first = session.path;
    await session.renew();
    expect(session.path).not.toEqual(first);
    session.bind({ remote: peerPath });
    // Of the binding before: says nothing of this one.
    await stub.send(request("REPORT", first, send(id, ["Status: 000 481 No Such Session"])));
    expect(session.state).toBe("open");
    await stub.close();
  });

  test("a request of another method is answered; close fails what is pending", async () => {
    const stub = new WebSocketStub();
    const session = await bound(stub);
    expect((await rejection<Error & { code: string }>(session.request("NICKNAME"))).code).toBe(
      "session-not-open",
    );
    session.bind({ remote: peerPath });
    const nick = session.request("NICKNAME", [["Use-Nickname", '"a"']]);
    await settle();
    const { id } = stub.frames.at(-1) ?? {};
    await stub.send(
      `MSRP ${id} 200 OK\r\nTo-Path: ${session.path.at(-1)}\r\nFrom-Path: ${peerPath}\r\n-------${id}$\r\n`,
    );
    expect((await nick).status).toBe(200);
    const sent = session.send("x");
    session.close();
    expect((await rejection<Error & { code: string }>(sent.delivered)).code).toBe("session-closed");
    expect(thrown<Error & { code: string }>(() => session.send("y")).code).toBe("session-closed");
    await stub.close();
  });

  test("more messages than the limit are refused", async () => {
    const stub = new WebSocketStub();
    const session = await stub.client().session({ maxQueued: 2 });
    session.send("1");
    session.send("2");
    expect(thrown<Error & { code: string }>(() => session.send("3")).code).toBe("queue-full");
    await stub.close();
  });
});
