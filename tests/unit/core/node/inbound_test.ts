// Requests to sessions: the look-up, its cache over ends and bindings, and what binds.
import { describe, expect, test } from "#test";
import { FakeClock } from "../../../../adapters/memory.ts";
import { Fixture } from "../../../../testing/endpoint_fixture.ts";
import { request } from "../../../../testing/wire.ts";
import { memorySubject } from "../../../support/memory_subject.ts";

const clock = new FakeClock();
const subject = memorySubject({ clock });

describe("inbound requests", () => {
  test("of many sessions in turns reach theirs, and a session that ended is found no more", async () => {
    const fixture = await Fixture.start(subject);
    const sessions = [fixture.expect(), fixture.expect(), fixture.expect()];
    const got: string[] = [];
    for (const [index, session] of sessions.entries()) {
      session.onMessage((message) => void got.push(`${index} ${message.messageId}`));
    }
    const peer = await fixture.peer();
    const send = async (index: number, messageId: string): Promise<string> => {
      peer.write(
        request({ to: sessions[index]?.local.text ?? "", from: fixture.peerUri, messageId, body: "x" }),
      );
      return (await peer.frame()).what;
    };
    for (const index of [0, 0, 1, 0, 2, 2, 1]) expect(await send(index, `m.${got.length}xxx`)).toBe("200");
    expect(got.map((entry) => entry[0]).join("")).toBe("0010221");
    await sessions[1]?.close();
    expect([await send(1, "m.gone"), await send(0, "m.here")]).toEqual(["481", "200"]);
    await fixture.close();
  });

  test("with a fault neither bind nor open a session [4975-7.3-01]", async () => {
    let asked = 0;
    const fixture = await Fixture.start(subject, {
      acceptUnknown: () => {
        asked++;
        return true;
      },
    });
    const session = fixture.expect();
    const peer = await fixture.peer();
    peer.write(request({ to: session.local.text, from: fixture.peerUri, range: "bad", body: "x" }));
    expect((await peer.frame()).what).toBe("400");
    peer.write(request({ to: fixture.uri(), from: fixture.peerUri, range: "bad", body: "x" }));
    expect((await peer.frame()).what).toBe("400");
    expect([session.state, asked, fixture.app.sessionCount]).toEqual(["idle", 1, 1]);
    await fixture.close();
    const strict = await Fixture.start(subject);
    const stranger = await strict.peer();
    stranger.write(request({ to: strict.uri(), from: strict.peerUri, range: "bad", body: "x" }));
    expect((await stranger.frame()).what).toBe("481");
    await strict.close();
  });

  test("of a peer that reconnects wait for the end of its old connection, and of another one for the 506", async () => {
    const fixture = await Fixture.start(subject, { acceptUnknown: () => true });
    const to = fixture.uri();
    const first = await fixture.peer();
    first.write(request({ to, from: fixture.peerUri, body: "x" }));
    expect((await first.frame()).what).toBe("200");
    const second = await fixture.peer();
    second.write(request({ to, from: fixture.peerUri, body: "x" }));
    expect(await second.silence()).toEqual([]);
    first.transport.abort();
    expect((await second.frame()).what).toBe("200");
    const third = await fixture.peer();
    third.write(request({ to, from: fixture.peerUri, body: "x" }));
    expect(await third.silence()).toEqual([]);
    clock.advance(99);
    expect(await third.silence()).toEqual([]);
    clock.advance(1);
    expect((await third.frame()).what).toBe("506");
    await fixture.close();
  });

  test("of several peers behind a relay reach the session that each has of its own", async () => {
    const fixture = await Fixture.start(subject, { acceptUnknown: () => true }, (app) => {
      app.onMessage((message, session) => session.send(message.body, { messageId: message.messageId }));
    });
    const to = fixture.uri();
    const relay = "msrp://relay.example:2855/r;tcp";
    const paths = [`${relay} msrp://a.example:9/a;tcp`, `${relay} msrp://b.example:9/b;tcp`];
    const reports: boolean[] = [];
    fixture.app.tap("report", ({ session, matched }) => {
      reports.push(matched && session.remote.at(-1)?.host === "b.example");
    });
    // Two behind one relay share its connection; a third comes by itself.
    const [shared, single] = [await fixture.peer(), await fixture.peer()];
    for (const [peer, from] of [
      [shared, paths[0]!],
      [shared, paths[1]!],
      [single, fixture.peerUri],
      [shared, paths[0]!],
    ] as const) {
      peer.write(request({ to, from, body: "x" }));
      expect((await peer.frame()).what).toBe("200");
      const back = await peer.frame();
      expect([back.what, back.toPath.join(" ")]).toEqual(["SEND", from]);
      if (from !== paths[1]) continue;
      const headers = ["Status: 000 200 OK"];
      const messageId = back.headers["Message-ID"] ?? "";
      peer.write(request({ to, from, method: "REPORT", messageId, range: "1-1/1", headers }));
    }
    expect([fixture.app.sessionCount, reports]).toEqual([3, [true]]);
    // RFC 4975 §5.4: bound is bound: another connection is refused, also one that comes straight as a second.
    const other = await fixture.peer();
    for (const [peer, from] of [
      [single, paths[0]!],
      [other, "msrp://c.example:9/c;tcp"],
    ] as const) {
      peer.write(request({ to, from, body: "x" }));
      expect(await peer.silence()).toEqual([]);
      await clock.advance(100);
      expect((await peer.frame()).what).toBe("506");
    }
    await fixture.close();
  });

  test("for a session that this side is about to open are refused with 506", async () => {
    const fixture = await Fixture.start(subject);
    const session = fixture.expect({ role: "active" });
    const peer = await fixture.peer();
    peer.write(request({ to: session.local.text, from: fixture.peerUri, body: "x" }));
    expect((await peer.frame()).what).toBe("506");
    await fixture.close();
  });

  test("a REPORT never binds a session", async () => {
    const fixture = await Fixture.start(subject);
    const session = fixture.expect();
    const peer = await fixture.peer();
    const headers = ["Status: 000 200 OK"];
    peer.write(request({ to: session.local.text, from: fixture.peerUri, method: "REPORT", headers }));
    expect(await peer.silence()).toEqual([]);
    expect(session.state).toBe("idle");
    await fixture.close();
  });
});
