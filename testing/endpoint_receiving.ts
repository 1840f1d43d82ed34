/**
 * Endpoint suite, part 1: what goes back for a request (RFC 4975 §7.2, §7.3, §10). The decision table of §7.1.4 is gone
 * through case by case.
 */
import { type EndpointSubject, Fixture } from "./endpoint_fixture.ts";
import type { TestFramework } from "./framework.ts";
import { request } from "./wire.ts";

const reportValues = ["yes", "partial", "no"] as const;

export function receivingTests(subject: EndpointSubject, { expect, test }: TestFramework): void {
  test("RFC 4975 §7.2: a SEND is answered with its own id, from the own URI, one hop back, flag $ [4975-7.2-01, 4975-7.2-03, 4975-7.2-04, 4975-7.2-06, 4975-7.2-07, 4975-7.2-08, 4975-7.1.1-12]", async () => {
    const fixture = await Fixture.start(subject);
    const session = fixture.expect();
    const peer = await fixture.bound(session);
    const other = await fixture.peer();
    const relay = "msrp://relay.example:9000/r1;tcp";
    peer.write(
      request({
        id: "one0000000001",
        to: session.local.text,
        from: `${relay} ${fixture.peerUri}`,
        body: "x",
      }),
    );
    const got = await peer.frame();
    expect(got).toEqual({
      kind: "response",
      id: "one0000000001",
      what: "200",
      flag: "$",
      headers: {},
      range: undefined,
      body: undefined,
      toPath: [relay],
      fromPath: [session.local.text],
    });
    expect(await other.silence()).toEqual([]);
    await fixture.close();
  });

  for (const value of reportValues) {
    test(`RFC 4975 §7.1.4: Failure-Report ${value}: what a success, a known error and a late error bring [4975-7.1.4-03, 4975-7.1.4-04, 4975-7.1.4-05, 4975-5.3-03, 4975-5.3-04]`, async () => {
      const fixture = await Fixture.start(subject);
      const session = fixture.expect({ acceptTypes: ["text/plain"] });
      session.onMessage((message) => {
        if (message.messageId === "m.late")
          return Promise.reject(Object.assign(new Error("no"), { status: 403 }));
        return undefined;
      });
      const peer = await fixture.bound(session);
      const common = { to: session.local.text, from: fixture.peerUri, headers: [`Failure-Report: ${value}`] };
      peer.write(request({ ...common, id: "good00000001", body: "x" }));
      peer.write(request({ ...common, id: "type00000001", body: "x", type: "video/mp4" }));
      peer.write(
        request({ ...common, id: "late00000001", messageId: "m.late", range: "1-4/4", body: "late" }),
      );
      const out = (await peer.silence()).map(({ id, what, headers }) =>
        what === "REPORT"
          ? `REPORT ${headers["Message-ID"]} ${headers["Byte-Range"]} ${headers["Status"]}`
          : `${id} ${what}`,
      );
      const late = "REPORT m.late 1-4/4 000 403 Forbidden";
      const expected = {
        yes: ["good00000001 200", "late00000001 200", late, "type00000001 415"],
        partial: [late, "type00000001 415"],
        no: [],
      };
      // The late REPORT may come behind the probe's answer, because it waits for the handler.
      if (value !== "no" && !out.includes(late)) {
        const { headers } = await peer.frame();
        out.push(`REPORT ${headers["Message-ID"]} ${headers["Byte-Range"]} ${headers["Status"]}`);
      }
      expect(out.sort()).toEqual(expected[value].sort());
      await fixture.close();
    });
  }

  test("RFC 4975 §7.3: To-Path counts first: 481 before 501, for two URIs, and for a URI without session-id [4975-7.3-01, 4975-7.3-02, 4975-5.4-13, 4975-6-06, 4975-10-481]", async () => {
    const fixture = await Fixture.start(subject);
    const session = fixture.expect();
    const peer = await fixture.bound(session);
    const from = fixture.peerUri;
    for (const [to, method, status] of [
      [fixture.uri(), "PING", "481"],
      [fixture.uri(), "SEND", "481"],
      [`${session.local.text} ${fixture.uri()}`, "SEND", "481"],
      ["msrp://bob.example:12051;tcp", "SEND", "481"],
      [session.local.text, "PING", "501"],
      [session.local.text, "SEND", "200"],
    ] as const) {
      peer.write(request({ to, from, method }));
      expect(`${method} ${to.length} ${(await peer.frame()).what}`).toBe(`${method} ${to.length} ${status}`);
    }
    await fixture.close();
  });

  test("RFC 4975 §7.3: a 481 is withheld under Failure-Report no [4975-7.3-03]", async () => {
    const fixture = await Fixture.start(subject);
    const peer = await fixture.peer();
    peer.write(
      request({ to: fixture.uri(), from: fixture.peerUri, headers: ["Failure-Report: no"], body: "x" }),
    );
    expect(await peer.silence()).toEqual([]);
    await fixture.close();
  });

  test("RFC 4975 §12: an unknown method is answered 501 the whole way back [4975-12-02, 4975-7.2-05, 4975-10-501]", async () => {
    const fixture = await Fixture.start(subject);
    const session = fixture.expect();
    const peer = await fixture.bound(session);
    const path = ["msrp://r2.example:9000/b;tcp", "msrp://r1.example:9000/a;tcp", fixture.peerUri];
    peer.write(request({ to: session.local.text, from: path.join(" "), method: "PING" }));
    const got = await peer.frame();
    expect(got.what).toBe("501");
    expect(got.toPath).toEqual(path);
    peer.write(
      request({
        to: session.local.text,
        from: path.join(" "),
        method: "PING",
        headers: ["Failure-Report: no"],
      }),
    );
    expect(await peer.silence()).toEqual([]);
    await fixture.close();
  });

  test("RFC 4975 §12: unknown header fields change nothing [4975-12-01]", async () => {
    const fixture = await Fixture.start(subject);
    const session = fixture.expect();
    const peer = await fixture.bound(session);
    const headers = ["X-Unknown: 1", "Expires: x", "Authentication-Info: é"];
    peer.write(request({ to: session.local.text, from: fixture.peerUri, headers, body: "with fields" }));
    expect((await peer.frame()).what).toBe("200");
    for await (const message of session) {
      expect(await message.text()).toBe("with fields");
      break;
    }
    await fixture.close();
  });

  test("RFC 4975 §7.1.2: a REPORT is never answered, whatever is wrong with it [4975-7.1.2-06, 4975-7.1.2-07, 4975-7.1.1-13]", async () => {
    const fixture = await Fixture.start(subject);
    const session = fixture.expect();
    const peer = await fixture.bound(session);
    const status = ["Status: 000 200 OK"];
    const to = session.local.text;
    const from = fixture.peerUri;
    peer.write(request({ to, from, method: "REPORT", range: "1-5/5", headers: status }));
    peer.write(request({ to: fixture.uri(), from, method: "REPORT", range: "1-5/5", headers: status }));
    peer.write(request({ to, from, method: "REPORT", range: "1-5", headers: status }));
    peer.write(request({ to, from, method: "REPORT", headers: ["Status: 000 481 Gone"] }));
    peer.write(request({ to, from, method: "REPORT" }));
    expect(await peer.silence()).toEqual([]);
    expect(session.state).toBe("bound");
    await fixture.close();
  });

  test("RFC 4975 §10.2: a fault inside a frame is answered 400 and the connection goes on [4975-9-25, 4975-10-400]", async () => {
    const fixture = await Fixture.start(subject);
    const session = fixture.expect();
    const peer = await fixture.bound(session);
    const common = { to: session.local.text, from: fixture.peerUri, body: "x" };
    peer.write(request({ ...common, range: "1-5" }));
    expect((await peer.frame()).what).toBe("400");
    peer.write(request({ ...common, range: "1-5", headers: ["Failure-Report: no"] }));
    expect(await peer.silence()).toEqual([]);
    peer.write(request(common));
    expect((await peer.frame()).what).toBe("200");
    await fixture.close();
  });

  test("RFC 4975 §9: bytes that are no MSRP close the connection [4975-9-25]", async () => {
    const fixture = await Fixture.start(subject);
    const session = fixture.expect();
    const peer = await fixture.bound(session);
    peer.write("GET / HTTP/1.1\nHost: x\n\n");
    await peer.ended_;
    expect(await session.closed).toBeInstanceOf(Error);
    expect(session.state).toBe("failed");
    await fixture.close();
  });

  test("RFC 4975 §7.3.1: a type outside the own list is 415, parameters and case do not matter, containers are taken [4975-7.3.1-09, 4975-7.3.1-10, 4975-14.3-01, 4975-8.6-14, 4975-10-415]", async () => {
    const fixture = await Fixture.start(subject);
    const session = fixture.expect({ acceptTypes: ["text/plain", "message/cpim", "multipart/*"] });
    const peer = await fixture.bound(session);
    for (const [type, status] of [
      ["Text/Plain;charset=utf-8", "200"],
      ["multipart/mixed;boundary=q", "200"],
      ["multipart/alternative;boundary=q", "200"],
      ['multipart/signed;protocol="application/pkcs7-signature";boundary=q', "200"],
      ["message/cpim", "200"],
      ["text/html", "415"],
    ] as const) {
      peer.write(request({ to: session.local.text, from: fixture.peerUri, type, body: "x" }));
      expect(`${type} ${(await peer.frame()).what}`).toBe(`${type} ${status}`);
    }
    await fixture.close();
  });

  test("RFC 4975 §10.5: more than the hard limit is 413 at once, whatever the peer was told [4975-8.6-13, 4975-10-413]", async () => {
    const fixture = await Fixture.start(subject, { inbox: { maxMessageBytes: 1000 } });
    const session = fixture.expect();
    const peer = await fixture.bound(session);
    peer.write(
      request({ to: session.local.text, from: fixture.peerUri, range: "1-*/90000000", body: "x", flag: "+" }),
    );
    expect((await peer.frame()).what).toBe("413");
    peer.write(
      request({ to: session.local.text, from: fixture.peerUri, range: "1-*/*", body: "y".repeat(1001) }),
    );
    expect((await peer.frame()).what).toBe("413");
    await fixture.close();
  });

  test("RFC 4975 §9: ids of 36 characters, as FreeSWITCH sends them, are answered and reported as they came [4975-9-12]", async () => {
    const fixture = await Fixture.start(subject);
    const session = fixture.expect();
    const peer = await fixture.bound(session);
    const uuid = "6f1d7c0e-9e0b-4a53-8c5e-0b8f2a7d1c44";
    const headers = ["Success-Report: yes"];
    peer.write(
      request({
        id: uuid,
        messageId: uuid,
        to: session.local.text,
        from: fixture.peerUri,
        headers,
        body: "x",
      }),
    );
    const [response, report] = [await peer.frame(), await peer.frame()];
    expect([response.id, response.what, report.what, report.headers["Message-ID"]]).toEqual([
      uuid,
      "200",
      "REPORT",
      uuid,
    ]);
    expect(fixture.errors).toEqual([]);
    await fixture.close();
  });

  test("RFC 4975 §7.1: a SEND without body is answered and delivers nothing, an empty one is a message [4975-7.1-11]", async () => {
    const fixture = await Fixture.start(subject);
    const session = fixture.expect();
    const peer = await fixture.bound(session);
    const sizes: number[] = [];
    session.onMessage((message) => sizes.push(message.body.length));
    peer.write(request({ to: session.local.text, from: fixture.peerUri }));
    expect((await peer.frame()).what).toBe("200");
    peer.write(request({ to: session.local.text, from: fixture.peerUri, range: "1-0/0", body: "" }));
    expect((await peer.frame()).what).toBe("200");
    expect(sizes).toEqual([0]);
    await fixture.close();
  });

  test("RFC 4975 §5.3: a handler that never comes back does not hold up the answer [4975-5.3-01]", async () => {
    const fixture = await Fixture.start(subject);
    const session = fixture.expect().onMessage(() => new Promise(() => undefined));
    const peer = await fixture.bound(session);
    peer.write(request({ to: session.local.text, from: fixture.peerUri, body: "slow" }));
    expect((await peer.frame()).what).toBe("200");
    await fixture.close();
  });

  test("RFC 4975 §7.1.4: an error that is known at once stands in the response [4975-7.1.4-01, 4975-7.2-02, 4975-10-403]", async () => {
    const fixture = await Fixture.start(subject);
    const session = fixture.expect().onMessage(() => {
      throw new Error("secret of the application");
    });
    const peer = await fixture.bound(session);
    for (const headers of [[], ["Failure-Report: partial"]]) {
      peer.write(request({ to: session.local.text, from: fixture.peerUri, headers, body: "x" }));
      expect((await peer.frame()).what).toBe("403");
    }
    const octets = peer.octets.map((part) => new TextDecoder().decode(part)).join("");
    expect(octets.includes("secret")).toBe(false);
    expect(fixture.errors.length).toBe(2);
    await fixture.close();
  });
}
