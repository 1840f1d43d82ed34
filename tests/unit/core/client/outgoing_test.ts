// A message of a client on its way: chunks, pause, abort, reports, and what is sent again on the next binding.
import { describe, expect, test } from "#test";
import type { ClientSession } from "../../../../core/client/session.ts";
import { rejection } from "../../../support/nodes.ts";
import { peerPath, request, settle, WebSocketStub, type Written } from "../../../support/web_socket_stub.ts";

const body = new Uint8Array(200_000).map((_, index) => index % 251);

/** The chunks with content, without those of before. */
function chunks(stub: WebSocketStub, from = 0): Written[] {
  return stub.frames.slice(from).filter((frame) => frame.what === "SEND" && frame.body !== undefined);
}

async function bound(stub: WebSocketStub): Promise<ClientSession> {
  const session = await stub.client().session();
  session.bind({ remote: peerPath });
  await settle();
  return session;
}

function report(session: ClientSession, id: string, range: string, status = "200 OK"): string {
  return request("REPORT", session.path, [
    `Message-ID: ${id}`,
    `Byte-Range: ${range}`,
    `Status: 000 ${status}`,
  ]);
}

describe("a message on its way", () => {
  test("RFC 4975 §7.1.3: accepted with the last 200, delivered when reports cover all of it", async () => {
    const stub = new WebSocketStub();
    const session = await bound(stub);
    const seen: (number | undefined)[][] = [];
    const sent = session.send(body, { onProgress: (...given) => void seen.push(given) });
    await sent.accepted;
    expect(chunks(stub).map(({ body }) => body?.length)).toEqual([
      32768, 32768, 32768, 32768, 32768, 32768, 3392,
    ]);
    expect(seen.at(-1)).toEqual([200_000, 200_000]);
    expect([sent.acceptedBytes, sent.deliveredBytes, session.pending]).toEqual([200_000, 0, 1]);
    await stub.send(report(session, sent.messageId, "1-150000/200000"));
    expect([sent.deliveredBytes, session.pending]).toEqual([150_000, 1]);
    await stub.send(report(session, sent.messageId, "150001-200000/200000"));
    await sent.delivered;
    expect(session.pending).toBe(0);
    await stub.close();
  });

  test("without a report it is over when it is accepted", async () => {
    const stub = new WebSocketStub();
    const session = await bound(stub);
    const sent = session.send("hi", { successReport: false });
    await sent.accepted;
    expect(session.pending).toBe(0);
    expect((await rejection<Error & { code: string }>(sent.delivered)).code).toBe("no-success-report");
    expect(chunks(stub)[0]?.headers["Success-Report"]).toBe(undefined);
    await stub.close();
  });

  test("what is sent has the type of its content, and an empty text is a chunk with an empty range", async () => {
    const stub = new WebSocketStub();
    const session = await bound(stub);
    const file = new Blob(["x"], { type: "image/png" });
    for (const content of ["", new Blob([]), file, new Uint8Array(1)]) await session.send(content).accepted;
    expect(chunks(stub).map(({ headers, range }) => [headers["Content-Type"], range])).toEqual([
      ["text/plain;charset=utf-8", "1-0/0"],
      ["application/octet-stream", "1-0/0"],
      ["image/png", "1-1/1"],
      ["application/octet-stream", "1-1/1"],
    ]);
    await stub.close();
  });

  test("pause holds it back after what is on its way, resume goes on", async () => {
    const stub = new WebSocketStub();
    const session = await bound(stub);
    const sent = session.send(new Blob([body]));
    sent.pause();
    await settle();
    expect([chunks(stub).length, sent.paused]).toEqual([0, true]);
    sent.resume();
    await sent.accepted;
    expect(sent.acceptedBytes).toBe(body.length);
    await stub.close();
  });

  test("RFC 4975 §7.1.1: an aborted message ends with #, and others go on", async () => {
    const stub = new WebSocketStub();
    stub.status = undefined;
    const session = await bound(stub);
    const give = new AbortController();
    const sent = session.send(new Uint8Array(2_000_000), { signal: give.signal });
    await settle();
    // The window is full: a mebioctet waits for its answers.
    expect(chunks(stub).length).toBe(32);
    give.abort(new Error("no more"));
    expect((await rejection<Error & { code: string }>(sent.accepted)).code).toBe("aborted");
    const before = session.send("never begun");
    before.abort();
    expect((await rejection<Error & { code: string }>(before.delivered)).code).toBe("aborted");
    expect(session.pending).toBe(0);
    await stub.close();
  });

  test("RFC 4975 §7.1.1: # goes out when the connection has room", async () => {
    const stub = new WebSocketStub();
    const session = await bound(stub);
    stub.sockets.client.slow = true;
    const sent = session.send(new Uint8Array(2_000_000));
    await settle();
    sent.abort();
    stub.sockets.client.flush();
    await stub.clock.advance(10);
    expect(chunks(stub).at(-1)?.flag).toBe("#");
    expect(sent.acceptedBytes < 2_000_000).toBe(true);
    await stub.close();
  });

  test("a refusal ends it; 481 ends the binding and keeps it", async () => {
    const stub = new WebSocketStub();
    const session = await bound(stub);
    stub.status = "415 Unsupported Media Type";
    const refused = await rejection<Error & { status: number }>(session.send("x").accepted);
    expect(refused.status).toBe(415);
    stub.status = "481 No Such Session";
    const kept = session.send("kept");
    await settle();
    expect([session.state, session.pending]).toEqual(["waiting", 1]);
    stub.status = "200 OK";
    const before = stub.frames.length;
    session.bind({ remote: peerPath });
    await kept.accepted;
    expect(chunks(stub, before).map(({ headers }) => headers["Message-ID"])).toEqual([kept.messageId]);
    await stub.close();
  });

  test("RFC 4975 §5.4: on a new binding it goes on behind what was reported, under its id, where the peer has kept that", async () => {
    for (const kept of [true, false]) {
      const stub = new WebSocketStub();
      const session = await bound(stub);
      const sent = session.send(new Blob([body]));
      await sent.accepted;
      await stub.send(report(session, sent.messageId, "1-150000/200000"));
      const before = stub.frames.length;
      session.bind({ remote: peerPath, kept });
      await sent.accepted;
      await settle();
      while (chunks(stub, before).at(-1)?.flag !== "$")
        await new Promise((turn) => queueMicrotask(() => turn(0)));
      const again = chunks(stub, before);
      expect(again[0]?.range).toBe(kept ? "150001-*/200000" : "1-*/200000");
      expect(new Uint8Array(again.flatMap(({ body }) => [...(body ?? [])]))).toEqual(
        body.slice(kept ? 150_000 : 0),
      );
      expect(new Set(again.map(({ headers }) => headers["Message-ID"]))).toEqual(new Set([sent.messageId]));
      await stub.close();
    }
  });

  test("a stream of which octets were lost cannot be sent again; one that was not begun can", async () => {
    const stub = new WebSocketStub();
    const session = await bound(stub);
    const stream = (): ReadableStream<Uint8Array> => new Blob([body]).stream();
    const begun = session.send(stream());
    await begun.accepted;
    session.bind({ remote: peerPath, role: "passive" });
    const waits = session.send(stream());
    session.bind({ remote: peerPath });
    expect((await rejection<Error & { code: string }>(begun.delivered)).code).toBe("not-repeatable");
    await waits.accepted;
    expect(waits.acceptedBytes).toBe(body.length);
    await stub.close();
  });

  test("the end of a message that an earlier page began has its own range", async () => {
    const stub = new WebSocketStub();
    const session = await bound(stub);
    const sent = session.send(body.slice(199_000), { messageId: "early0001", start: 199_001 });
    await sent.accepted;
    expect(chunks(stub).map(({ range, flag }) => [range, flag])).toEqual([["199001-200000/200000", "$"]]);
    await stub.send(report(session, "early0001", "199001-200000/200000"));
    await sent.delivered;
    expect(sent.deliveredBytes).toBe(1000);
    await stub.close();
  });
});
