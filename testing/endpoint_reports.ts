/**
 * Endpoint suite, part 3: REPORTs (RFC 4975 §7.1.2 to §7.1.4, §7.3.2). Those that the node writes, and what it makes of
 * those that it reads.
 */
import type { DeliveryError } from "../core/errors.ts";
import { type EndpointSubject, Fixture } from "./endpoint_fixture.ts";
import type { TestFramework } from "./framework.ts";
import type { Written } from "./wire.ts";
import { answer, type Peer, request } from "./wire.ts";

export function reportTests(subject: EndpointSubject, { expect, test }: TestFramework): void {
  test("RFC 4975 §7.1.3: a success REPORT is a request of its own, the whole path back, covering every octet [4975-7.1.2-01, 4975-7.1.2-02, 4975-7.1.2-03, 4975-7.1.2-04, 4975-7.1.3-04, 4975-7.1.3-05, 4975-7.1-08, 4975-7.3.1-11]", async () => {
    const fixture = await Fixture.start(subject);
    const session = fixture.expect();
    const peer = await fixture.bound(session);
    const path = ["msrp://r2.example:9000/b;tcp", "msrp://r1.example:9000/a;tcp", fixture.peerUri];
    const common = {
      to: session.local.text,
      from: path.join(" "),
      messageId: "m.report",
      headers: ["Success-Report: yes"],
    };
    peer.write(request({ ...common, range: "1-6/12", body: "twelve", flag: "+" }));
    expect((await peer.frame()).what).toBe("200");
    expect(await peer.silence()).toEqual([]);
    peer.write(request({ ...common, id: "second000001", range: "7-12/12", body: " bytes" }));
    expect((await peer.frame()).what).toBe("200");
    const report = await peer.frame();
    expect(report.what).toBe("REPORT");
    expect(report.toPath).toEqual(path);
    expect(report.fromPath).toEqual([session.local.text]);
    expect(report.headers).toEqual({
      "Message-ID": "m.report",
      "Byte-Range": "1-12/12",
      Status: "000 200 OK",
    });
    expect(report.flag).toBe("$");
    expect(report.id === "second000001").toBe(false);
    await fixture.close();
  });

  test("RFC 4975 §7.1.3: no success REPORT unless it was asked for, and none for what failed [4975-7.1.3-07, 4975-7.1.1-11, 4975-5.3-02]", async () => {
    const fixture = await Fixture.start(subject);
    const session = fixture.expect({ acceptTypes: ["text/plain"] });
    const peer = await fixture.bound(session);
    const common = { to: session.local.text, from: fixture.peerUri, body: "x" };
    peer.write(request(common));
    peer.write(request({ ...common, headers: ["Success-Report: no"] }));
    peer.write(request({ ...common, headers: ["Success-Report: yes"], type: "video/mp4" }));
    expect((await peer.silence()).map(({ what }) => what)).toEqual(["200", "200", "415"]);
    await fixture.close();
  });

  test("RFC 4975 §7.1.4: with Failure-Report no the success REPORT is all that goes back [4975-7.1.4-03]", async () => {
    const fixture = await Fixture.start(subject);
    const session = fixture.expect();
    const peer = await fixture.bound(session);
    const headers = ["Success-Report: yes", "Failure-Report: no"];
    peer.write(
      request({ to: session.local.text, from: fixture.peerUri, headers, range: "1-5/5", body: "hello" }),
    );
    const { what, range } = await peer.frame();
    expect(`${what} ${range}`).toBe("REPORT 1-5/5");
    expect(await peer.silence()).toEqual([]);
    await fixture.close();
  });

  test("RFC 4975 §5.3: the success REPORT waits for the handler, and a failure takes its place [4975-5.3-02, 4975-7.1.4-02]", async () => {
    const fixture = await Fixture.start(subject);
    const gates: { resolve: () => void; reject: (error: Error) => void }[] = [];
    const session = fixture
      .expect()
      .onMessage(() => new Promise<void>((resolve, reject) => gates.push({ resolve, reject })));
    const peer = await fixture.bound(session);
    const common = {
      to: session.local.text,
      from: fixture.peerUri,
      headers: ["Success-Report: yes"],
      body: "hello",
    };
    peer.write(request({ ...common, messageId: "m.one" }));
    peer.write(request({ ...common, messageId: "m.two" }));
    expect((await peer.silence()).map(({ what }) => what)).toEqual(["200", "200"]);
    gates[0]?.resolve();
    const success = await peer.frame();
    expect(`${success.headers["Message-ID"]} ${success.headers["Status"]}`).toBe("m.one 000 200 OK");
    gates[1]?.reject(Object.assign(new Error("full"), { status: 413 }));
    const failure = await peer.frame();
    expect(`${failure.headers["Message-ID"]} ${failure.headers["Status"]}`).toBe(
      "m.two 000 413 Stop Sending",
    );
    expect(failure.range).toBe("1-5/5");
    await fixture.close();
  });

  test("RFC 4975 §5.4: a duplicate is answered and reported, and delivered once [4975-5.4-18, 4975-5.4-19]", async () => {
    const fixture = await Fixture.start(subject);
    const delivered: string[] = [];
    const session = fixture.expect().onMessage((message) => delivered.push(message.messageId));
    const peer = await fixture.bound(session);
    const common = {
      to: session.local.text,
      from: fixture.peerUri,
      headers: ["Success-Report: yes"],
      body: "again",
    };
    for (let round = 0; round < 2; round++) {
      peer.write(request({ ...common, messageId: "m.twice", range: "1-5/5" }));
      expect([(await peer.frame()).what, (await peer.frame()).what]).toEqual(["200", "REPORT"]);
    }
    expect(delivered).toEqual(["m.twice"]);
    await fixture.close();
  });

  async function sending(successReport: boolean): Promise<{
    fixture: Fixture;
    peer: Peer;
    message: Written;
    sent: { accepted: Promise<void>; delivered: Promise<void> };
    state: () => string;
  }> {
    const fixture = await Fixture.start(subject);
    const { session, peer } = await fixture.connected();
    const sent = session.send("hello", { successReport });
    const message = await peer.frame();
    return { fixture, peer, message, sent, state: () => session.state };
  }

  test("RFC 4975 §7.1.3: success REPORTs over any ranges add up to delivery [4975-7.1.3-03, 4975-7.3.2-01, 4975-7.1.1-27]", async () => {
    const { fixture, peer, message, sent } = await sending(true);
    peer.write(answer(message));
    await sent.accepted;
    for (const range of ["4-5/5", "1-2/5", "2-4/5"]) {
      const headers = ["Status: 000 200 OK"];
      const [to = "", from = ""] = [message.fromPath[0], message.toPath[0]];
      peer.write(
        request({
          method: "REPORT",
          to,
          from,
          messageId: message.headers["Message-ID"] ?? "",
          range,
          headers,
        }),
      );
    }
    await sent.delivered;
    expect(message.headers["Success-Report"]).toBe("yes");
    await fixture.close();
  });

  for (const [status, code, ends] of [
    ["413 Stop", "refused", false],
    ["408 Timeout", "not-received", true],
    ["481 Gone", "refused", true],
  ] as const) {
    test(`RFC 4975 §7.3.2: a REPORT ${status} counts like a response with that code; the session ends: ${ends} [4975-7.3.2-03, 4975-7.3.2-05, 4975-10-408]`, async () => {
      const { fixture, peer, message, sent, state } = await sending(false);
      const [to = "", from = ""] = [message.fromPath[0], message.toPath[0]];
      const headers = [`Status: 000 ${status}`];
      peer.write(
        request({
          method: "REPORT",
          to,
          from,
          messageId: message.headers["Message-ID"] ?? "",
          range: "1-5/5",
          headers,
        }),
      );
      const error = (await sent.accepted.catch((caught: unknown) => caught)) as DeliveryError;
      expect(`${error.code} ${error.status}`).toBe(`${code} ${status.slice(0, 3)}`);
      expect(state()).toBe(ends ? "failed" : "bound");
      await fixture.close();
    });
  }

  test("RFC 4975 §7.1.3: a Status of another namespace is no response code [4975-7.1.3-06]", async () => {
    const { fixture, peer, message, sent, state } = await sending(true);
    const [to = "", from = ""] = [message.fromPath[0], message.toPath[0]];
    const messageId = message.headers["Message-ID"] ?? "";
    peer.write(
      request({ method: "REPORT", to, from, messageId, range: "1-5/5", headers: ["Status: 001 481 Odd"] }),
    );
    peer.write(answer(message));
    await sent.accepted;
    expect(state()).toBe("bound");
    await fixture.close();
  });

  test("RFC 4975 §7.1.2: the body of a REPORT is not needed to read it [4975-7.1.2-05]", async () => {
    const { fixture, peer, message, sent } = await sending(true);
    peer.write(answer(message));
    const [to = "", from = ""] = [message.fromPath[0], message.toPath[0]];
    const messageId = message.headers["Message-ID"] ?? "";
    const headers = ["Status: 000 200 OK"];
    peer.write(
      request({ method: "REPORT", to, from, messageId, range: "1-5/5", headers, body: "nobody reads this" }),
    );
    await sent.delivered;
    expect(await peer.silence()).toEqual([]);
    await fixture.close();
  });
}
