/**
 * Endpoint suite, part 2: sessions and connections (RFC 4975 §5.4, §6, §7.3). Which connection a session is bound to, and
 * what ends it.
 */
import type { ConnectionError, LocalProtocolError } from "../core/errors.ts";
import { type EndpointSubject, Fixture } from "./endpoint_fixture.ts";
import type { TestFramework } from "./framework.ts";
import { answer, request } from "./wire.ts";

export function bindingTests(subject: EndpointSubject, { expect, test }: TestFramework): void {
  test("RFC 4975 §5.4: an acceptor says nothing before the first request [4975-5.4-11, 4975-5.4-06]", async () => {
    const fixture = await Fixture.start(subject);
    const session = fixture.expect();
    const sent = session.send("waits for the binding");
    const peer = await fixture.peer();
    expect(await peer.silence()).toEqual([]);
    expect(session.state).toBe("idle");
    peer.write(request({ to: session.local.text, from: fixture.peerUri }));
    expect((await peer.frame()).what).toBe("200");
    const message = await peer.frame();
    expect(new TextDecoder().decode(message.body)).toBe("waits for the binding");
    peer.write(answer(message));
    await sent.accepted;
    await fixture.close();
  });

  test("RFC 4975 §5.4: the first request binds, also under another spelling of the URI [4975-5.4-12, 6135-6-01, 4975-6.1-05]", async () => {
    const fixture = await Fixture.start(subject);
    const session = fixture.expect();
    const bound: number[] = [];
    fixture.app.tap("bound", ({ connection }) => bound.push(connection.id));
    const peer = await fixture.peer();
    const spelled = session.local.text
      .replace("msrp://bob.example", "MSRP://someone@BOB.Example")
      .replace(";tcp", ";TCP");
    peer.write(request({ to: spelled, from: fixture.peerUri }));
    const got = await peer.frame();
    expect(got.what).toBe("200");
    await session.ready;
    expect(session.state).toBe("bound");
    expect(bound.length).toBe(1);
    await fixture.close();
  });

  test("RFC 4975 §5.4: a second connection gets 506 and the first binding stays intact [4975-5.4-14, 4975-10-506]", async () => {
    const fixture = await Fixture.start(subject, { rebindGraceMs: 0 });
    const session = fixture.expect();
    const owner = await fixture.bound(session);
    const intruder = await fixture.peer();
    intruder.write(request({ to: session.local.text, from: fixture.peerUri, body: "mine now" }));
    expect((await intruder.frame()).what).toBe("506");
    intruder.write(request({ to: session.local.text, from: fixture.peerUri, method: "PING" }));
    expect((await intruder.frame()).what).toBe("506");
    intruder.write(
      request({ to: session.local.text, from: fixture.peerUri, headers: ["Failure-Report: no"] }),
    );
    expect(await intruder.silence()).toEqual([]);
    owner.write(request({ to: session.local.text, from: fixture.peerUri, body: "still here" }));
    expect((await owner.frame()).what).toBe("200");
    for await (const message of session) {
      expect(await message.text()).toBe("still here");
      break;
    }
    await fixture.close();
  });

  test("RFC 4975 §5.4: the sessions of a connection are told apart by To-Path and end with it [4975-5.4-15, 4975-5.4-22]", async () => {
    const fixture = await Fixture.start(subject);
    const [one, two] = [fixture.expect(), fixture.expect()];
    const peer = await fixture.bound(one);
    peer.write(request({ to: two.local.text, from: fixture.peerUri, messageId: "m.same", body: "for two" }));
    peer.write(request({ to: one.local.text, from: fixture.peerUri, messageId: "m.same", body: "for one" }));
    await peer.frame();
    await peer.frame();
    const texts = [];
    for (const session of [one, two]) {
      for await (const message of session) {
        texts.push(await message.text());
        break;
      }
    }
    expect(texts).toEqual(["for one", "for two"]);
    const ends: string[] = [];
    fixture.app.tap("closed", ({ session }) => session !== undefined && ends.push(session.state));
    const pending = one.send("never answered");
    await peer.frame();
    peer.transport.abort();
    await Promise.all([one.closed, two.closed]);
    expect(ends).toEqual(["failed", "failed"]);
    const error = (await pending.accepted.catch((caught: unknown) => caught)) as ConnectionError;
    expect(error.name).toBe("ConnectionError");
    expect(fixture.app.sessionCount).toBe(0);
    await fixture.close();
  });

  test("RFC 4975 §5.4: the active side sends a SEND at once and is ready when it was answered [4975-5.4-05, 6135-4.2.2-09, 6135-4.5-02, 4145-6.1-01]", async () => {
    const fixture = await Fixture.start(subject);
    const { session, binding, remote } = await fixture.connected();
    expect(binding.what).toBe("SEND");
    expect(binding.body).toBe(undefined);
    expect(binding.toPath).toEqual([remote]);
    expect(binding.fromPath).toEqual([session.local.text]);
    expect(session.state).toBe("bound");
    await fixture.close();
  });

  for (const [status, code] of [
    ["481 Gone", "no-such-session"],
    ["506 Taken", "session-bound-elsewhere"],
    ["403 No", "session-refused"],
  ] as const) {
    test(`RFC 4975 §5.4: a binding SEND that is answered ${status} ends the session [4975-10-481]`, async () => {
      const fixture = await Fixture.start(subject);
      const listener = await fixture.listener();
      const opening = fixture.app.connect({ local: fixture.uri(), remote: listener.uri }, fixture.connector);
      const caught = opening.catch((error: unknown) => error);
      const peer = await listener.next();
      peer.write(answer(await peer.frame(), status));
      expect(((await caught) as ConnectionError).code).toBe(code);
      expect(fixture.app.sessionCount).toBe(0);
      await fixture.close();
    });
  }

  test("RFC 4975 §5.4: two sessions to one authority share a connection, and each sends its SEND [4975-5.4-01, 4975-7.1-19]", async () => {
    const fixture = await Fixture.start(subject);
    const listener = await fixture.listener();
    const open = (): ReturnType<typeof fixture.app.connect> =>
      fixture.app.connect({ local: fixture.uri(), remote: listener.uri }, fixture.connector);
    const both = [open(), open()];
    const peer = await listener.next();
    const bindings = [await peer.frame(), await peer.frame()];
    for (const binding of bindings) peer.write(answer(binding));
    const [one, two] = await Promise.all(both);
    expect(bindings.map(({ fromPath }) => fromPath[0]).sort()).toEqual(
      [one?.local.text, two?.local.text].sort(),
    );
    expect(listener.count()).toBe(1);
    // RFC 4975 §5.4: not closed while a session uses it.
    await one?.close();
    two?.send("still open");
    const message = await peer.frame();
    expect(new TextDecoder().decode(message.body)).toBe("still open");
    await fixture.close();
  });

  test("RFC 6714 §6.3: sessions whose address really dialled differs share nothing [6714-6.3-01]", async () => {
    const fixture = await Fixture.start(subject);
    const [first, second] = [await fixture.listener(), await fixture.listener()];
    const remote = "msrp://peer.example:7000/theSession;tcp";
    const opened = [];
    for (const { uri } of [first, second]) {
      const { host, port } = addressOf(uri);
      opened.push(
        fixture.app.connect({ local: fixture.uri(), remote, address: { host, port } }, fixture.connector),
      );
    }
    for (const listener of [first, second]) {
      const peer = await listener.next();
      const binding = await peer.frame();
      expect(binding.toPath).toEqual([remote]);
      peer.write(answer(binding));
    }
    await Promise.all(opened);
    expect([first.count(), second.count()]).toEqual([1, 1]);
    await fixture.close();
  });

  test("RFC 4975 §6: a URI is used by one session at a time, and a node needs a path to open one [4975-6-13, 4975-3-01, 4975-5.4-16]", async () => {
    const fixture = await Fixture.start(subject);
    const session = fixture.expect();
    const again = (): unknown => fixture.app.session({ local: session.local });
    expect(again).toThrow("another one has this URI");
    expect(() => fixture.app.session({ local: "msrp://bob.example:1;tcp" })).toThrow("no session-id");
    const nowhere = fixture.app.connect({ local: fixture.uri(), remote: [] }, fixture.connector);
    expect(await nowhere.catch((error: unknown) => (error as Error).name)).toBe("TypeError");
    await session.close();
    // A session that is over stays over: sending again needs a new one.
    const error = caught(() => session.send("x")) as LocalProtocolError;
    expect(error.code).toBe("session-closed");
    await fixture.close();
  });

  test("RFC 4975 §5.4: a URI is only good for the session's life: later requests get 481 [4975-7.1.2-08]", async () => {
    const fixture = await Fixture.start(subject);
    const session = fixture.expect();
    const peer = await fixture.bound(session);
    await session.close();
    session.report({ messageId: "m.gone", status: 200 });
    peer.write(request({ to: session.local.text, from: fixture.peerUri, body: "too late" }));
    expect((await peer.frame()).what).toBe("481");
    await fixture.close();
  });

  test("RFC 4975 §8.8: a node can let in sessions that nobody announced, and tells of them before their first message [4975-8.8-01]", async () => {
    const log: string[] = [];
    const fixture = await Fixture.start(
      subject,
      { acceptUnknown: ({ local }) => local.sessionId !== "refused" },
      (app) => {
        app.onSession((session) => log.push(`session ${session.role}`));
        app.onMessage(async (message, session) => {
          log.push(await message.text());
          await session.send(message.body, { contentType: message.contentType }).accepted;
        });
      },
    );
    const peer = await fixture.peer();
    peer.write(request({ to: fixture.uri("refused"), from: fixture.peerUri, body: "hello" }));
    expect((await peer.frame()).what).toBe("481");
    peer.write(request({ to: fixture.uri("anySession"), from: fixture.peerUri, body: "hello" }));
    expect((await peer.frame()).what).toBe("200");
    const echo = await peer.frame();
    expect(echo.toPath).toEqual([fixture.peerUri]);
    expect(new TextDecoder().decode(echo.body)).toBe("hello");
    expect(log).toEqual(["session passive", "hello"]);
    await fixture.close();
  });

  test("RFC 4975 §5.4: an msrps session is not bound over a plain connection [4975-5.4-07, 4975-5.4-02]", async () => {
    const fixture = await Fixture.start(subject);
    const session = fixture.app.session({ local: "msrps://bob.example:12051/secureSession1;tcp" });
    const peer = await fixture.peer();
    peer.write(request({ to: session.local.text, from: fixture.peerUri.replace("msrp:", "msrps:") }));
    expect((await peer.frame()).what).toBe("481");
    expect(session.state).toBe("idle");
    await fixture.close();
  });

  test("RFC 4975 §14.4: a peer that is not the one that was negotiated is cut off before a message is handled [4975-14.4-02]", async () => {
    const fixture = await Fixture.start(subject);
    const handled: string[] = [];
    const session = fixture
      .expect({ verifyPeer: () => false })
      .onMessage((message) => handled.push(message.messageId));
    const peer = await fixture.peer();
    peer.write(request({ to: session.local.text, from: fixture.peerUri, body: "x" }));
    await peer.ended_;
    expect(((await session.closed) as ConnectionError).code).toBe("peer-not-verified");
    expect(handled).toEqual([]);
    await fixture.close();
  });
}

function caught(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

function addressOf(uri: string): { host: string; port: number } {
  const [, host = "", port = ""] = /^msrp:\/\/\[?([^\]/]+?)\]?:(\d+)\//.exec(uri) ?? [];
  return { host, port: Number(port) };
}
