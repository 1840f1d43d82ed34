/**
 * Endpoint suite, part 4: what a session sends and what it makes of the answers (RFC 4975 §7.1, §7.1.1, §10). A peer made
 * of octets reads and answers.
 */
import type { DeliveryError, LocalProtocolError } from "../core/errors.ts";
import { type EndpointSubject, Fixture } from "./endpoint_fixture.ts";
import type { TestFramework } from "./framework.ts";
import { answer, pattern, type Written } from "./wire.ts";

export function sendingTests(subject: EndpointSubject, { expect, test }: TestFramework): void {
  test("RFC 4975 §7.1: a short message is one request with its fields in order [4975-7.1-03, 4975-7.1-05, 4975-7.1-06, 4975-7.1-12, 4975-7.1-13, 4975-7.1-14, 4975-7.1.1-03]", async () => {
    const fixture = await Fixture.start(subject);
    const { session, peer, remote } = await fixture.connected();
    peer.octets.length = 0;
    const options = { contentType: "text/plain", messageId: "m.fields", successReport: false };
    session.send("hello", { ...options, headers: [["X-Note", "1"]] });
    const { id } = await peer.frame();
    const lines = [
      `MSRP ${id} SEND`,
      `To-Path: ${remote}`,
      `From-Path: ${session.local.text}`,
      "Message-ID: m.fields",
      "Byte-Range: 1-5/5",
      "X-Note: 1",
      "Content-Type: text/plain",
      "",
      "hello",
      `-------${id}$`,
      "",
    ];
    expect(peer.octets.map((part) => new TextDecoder().decode(part)).join("")).toBe(lines.join("\r\n"));
    await fixture.close();
  });

  test("RFC 4975 §7.1.1: a 200 to every chunk is acceptance; an unknown 2xx counts, an unknown failure is one [4975-10-200, 4975-10-xxx, 4975-10-423]", async () => {
    const fixture = await Fixture.start(subject);
    const { session, peer } = await fixture.connected();
    for (const [status, outcome] of [
      ["200 OK", "accepted"],
      ["299 Fine", "accepted"],
      ["423 Bounds", "423 Bounds"],
      ["677 Odd", "677 Odd"],
    ] as const) {
      const sent = session.send("x");
      peer.write(answer(await peer.frame(), status));
      const got = await sent.accepted.then(
        () => "accepted",
        (error: DeliveryError) => `${error.status} ${error.comment}`,
      );
      expect(got).toBe(outcome);
    }
    expect(session.state).toBe("bound");
    await fixture.close();
  });

  test("RFC 4975 §10.6: a type that was answered 415 is not sent again in this session [4975-10-415]", async () => {
    const fixture = await Fixture.start(subject);
    const { session, peer } = await fixture.connected();
    const sent = session.send("<p>", { contentType: "text/html" });
    peer.write(answer(await peer.frame(), "415 No"));
    expect(((await sent.accepted.catch((error: unknown) => error)) as DeliveryError).status).toBe(415);
    expect(codeOf(() => session.send("<b>", { contentType: "Text/HTML;charset=utf-8" }))).toBe(
      "content-type-refused",
    );
    expect(session.send("plain").messageId.length > 3).toBe(true);
    await fixture.close();
  });

  test("RFC 4975 §8.6: nothing is sent that the peer does not list, nor more than its max-size [4975-8.6-09, 4975-8.6-10, 4975-8.6-12]", async () => {
    const fixture = await Fixture.start(subject);
    const { session, peer } = await fixture.connected({ peerAcceptTypes: ["text/*"], peerMaxBytes: 10 });
    expect(codeOf(() => session.send("{}", { contentType: "application/json" }))).toBe("type-not-accepted");
    expect(codeOf(() => session.send("eleven byte"))).toBe("message-too-large");
    expect(codeOf(() => session.send("x", { total: 11, contentType: "text/plain" }))).toBe("body-length");
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let round = 0; round < 10; round++) yield new Uint8Array(4);
    }
    const stream = session.send(endless(), { contentType: "text/plain" });
    expect(((await stream.accepted.catch((error: unknown) => error)) as DeliveryError).code).toBe("aborted");
    const sent = session.send("ten octets");
    let frame = await peer.frame();
    // What was read of the stream before it was too much may have gone out, closed with `#`.
    while (frame.headers["Message-ID"] === stream.messageId) frame = await peer.frame();
    expect(new TextDecoder().decode(frame.body)).toBe("ten octets");
    peer.write(answer(frame));
    await sent.accepted;
    await fixture.close();
  });

  test("RFC 4975 §10.5: a 413 in mid-message ends it with # and stops it [4975-10-413, 4975-7.3.2-04, 4975-7.1-15]", async () => {
    const fixture = await Fixture.start(subject);
    const { session, peer } = await fixture.connected();
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield pattern(4096);
      await gate;
      yield pattern(8192);
    }
    const sent = session.send(slow(), { chunkBytes: 2048 });
    const first = await peer.frame();
    expect(first.flag).toBe("+");
    peer.write(answer(first, "413 Stop"));
    const error = (await sent.accepted.catch((caught: unknown) => caught)) as DeliveryError;
    expect(error.status).toBe(413);
    go();
    const rest = await peer.silence();
    // What had been read may have been on its way; nothing after it is.
    const late = rest.filter(
      ({ headers, flag }) =>
        headers["Message-ID"] === sent.messageId &&
        flag !== "#" &&
        Number.parseInt(headers["Byte-Range"] ?? "", 10) > 4096,
    );
    expect(late).toEqual([]);
    await fixture.close();
  });

  test("RFC 4975 §5.1: the chunks of a message have ids of their own and exact ranges in order [4975-5.1-01, 4975-7.1.1-14, 4975-7.1.1-15, 4975-7.1.1-18, 4975-7.1-16, 4975-5.4-20]", async () => {
    const fixture = await Fixture.start(subject);
    const { session, peer } = await fixture.connected();
    const body = pattern(10_000);
    const sent = session.send(body, { chunkBytes: 4000, successReport: true, failureReport: "yes" });
    const chunks: Written[] = [];
    for (let flag = "+"; flag === "+"; flag = chunks.at(-1)?.flag ?? "$") {
      const chunk = await peer.frame();
      chunks.push(chunk);
      peer.write(answer(chunk));
    }
    await sent.accepted;
    expect(chunks.map(({ range, flag, body: part }) => `${range} ${flag} ${part?.length}`)).toEqual([
      "1-*/10000 + 4000",
      "4001-*/10000 + 4000",
      "8001-10000/10000 $ 2000",
    ]);
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(3);
    expect(
      new Set(chunks.map(({ headers }) => `${headers["Message-ID"]} ${headers["Success-Report"]}`)).size,
    ).toBe(1);
    await fixture.close();
  });

  test("RFC 4975 §7.2: answers to nothing we sent change nothing [4975-7.2-09]", async () => {
    const fixture = await Fixture.start(subject);
    const { session, peer } = await fixture.connected();
    const other = await fixture.connected();
    const sent = session.send("x");
    const frame = await peer.frame();
    peer.write(answer({ ...frame, id: "neverSent0001" }, "481 Gone"));
    other.peer.write(answer(frame, "481 Gone"));
    expect(await other.peer.silence()).toEqual([]);
    peer.write(answer(frame));
    await sent.accepted;
    peer.write(answer(frame, "481 Again"));
    expect(await peer.silence()).toEqual([]);
    expect(session.state).toBe("bound");
    await fixture.close();
  });

  test("RFC 4975 §5.4: what was not confirmed goes out on a new session under its old Message-ID [4975-5.4-17]", async () => {
    const fixture = await Fixture.start(subject);
    const first = await fixture.connected();
    const lost = first.session.send("not confirmed");
    const one = await first.peer.frame();
    first.peer.transport.abort();
    await lost.accepted.catch(() => undefined);
    const second = await fixture.connected();
    second.session.send("not confirmed", { messageId: lost.messageId });
    const two = await second.peer.frame();
    expect(two.headers["Message-ID"]).toBe(one.headers["Message-ID"]);
    expect(two.id === one.id).toBe(false);
    await fixture.close();
  });

  test("RFC 4145 §6.3: close() lets out what was sent before, and answers come in [4145-6.3-01]", async () => {
    const fixture = await Fixture.start(subject);
    const { session, peer } = await fixture.connected();
    const sent = session.send("last words");
    const closing = session.close();
    expect(codeOf(() => session.send("too late"))).toBe("session-closed");
    const message = await peer.frame();
    peer.write(answer(message));
    await sent.accepted;
    await closing;
    expect(session.state).toBe("closed");
    expect(await session.closed).toBe(undefined);
    await fixture.close();
  });

  test("RFC 4975 §3: nothing that describes a session shows its URIs [4975-3-02, 4975-14.1-01]", async () => {
    const fixture = await Fixture.start(subject);
    const { session, remote } = await fixture.connected();
    const secrets = [session.local.sessionId ?? "?", remote.split("/")[3]?.split(";")[0] ?? "?"];
    const shown = [JSON.stringify(session), fixture.app.describe(), String(session)];
    const error = await fixture.app
      .connect({ local: session.local, remote }, fixture.connector)
      .catch((caught: unknown) => caught as LocalProtocolError);
    shown.push(String(error), JSON.stringify(error));
    for (const secret of secrets) expect(shown.filter((text) => text.includes(secret))).toEqual([]);
    await fixture.close();
  });
}

function codeOf(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    return (error as LocalProtocolError).code;
  }
  return undefined;
}
