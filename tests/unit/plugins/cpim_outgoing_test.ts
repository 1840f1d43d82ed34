// Wrapping what goes out: which, with which addresses, and several plugins adding to one wrapper.
// In a node it is tested with cpim() and imdn().
import { describe, expect, test } from "#test";
import { AcceptTypes, type OutgoingContent, type OutgoingContext, type Session } from "../../../core/mod.ts";
import { buildCpim } from "../../../plugins/_cpim_build.ts";
import {
  addHeaders,
  anonymousUri,
  cpimIdentity,
  defaultContentType,
  describeOutgoing,
  identityOf,
  wantsWrapping,
  wrapOutgoing,
} from "../../../plugins/_cpim_outgoing.ts";
import { parseCpim } from "../../../plugins/_cpim_parse.ts";

const [from, to] = ["sip:a@b.example", "sip:c@d.example"];
const text = (body: unknown): string =>
  typeof body === "string" ? body : new TextDecoder().decode(body as Uint8Array);

function contextOf(body: OutgoingContent, contentType?: string, total?: number): OutgoingContext {
  return { body, contentType, total } as unknown as OutgoingContext;
}

function sessionOf(list?: string[], wrapped?: string[]): Session {
  const peerAcceptTypes = list && new AcceptTypes(list, wrapped);
  return { peerAcceptTypes, get: () => undefined } as unknown as Session;
}

const header = (name: string, value: string): { namespace: string; name: string; value: string } => ({
  namespace: "urn:x",
  name,
  value,
});

describe("whether to wrap", () => {
  test("RFC 4975 §13: the first of the peer's types tells, or that it takes the type wrapped only", () => {
    const rows: [Session, boolean][] = [
      [sessionOf(), false],
      [sessionOf(["message/cpim", "text/plain"]), true],
      [sessionOf(["Message/CPIM"]), true],
      [sessionOf(["text/plain", "message/cpim"]), false],
      [sessionOf(["text/html", "message/cpim"], ["text/plain"]), true],
      [sessionOf(["text/html"]), false],
      [sessionOf(["*"]), false],
    ];
    const rcs = sessionOf(["message/cpim", "application/im-iscomposing+xml"]);
    const room = sessionOf(["message/cpim"], ["*"]);
    const typing = "application/im-iscomposing+xml";
    expect([
      wantsWrapping(rcs, typing),
      wantsWrapping(rcs, "text/plain"),
      wantsWrapping(room, typing),
    ]).toEqual([false, true, true]);
    for (const [session, wanted] of rows) expect(wantsWrapping(session, "text/plain")).toBe(wanted);
  });

  test("content without a type has the one that it would be sent with", () => {
    expect([defaultContentType("a"), defaultContentType(new Uint8Array(1))]).toEqual([
      "text/plain;charset=utf-8",
      "application/octet-stream",
    ]);
    expect([defaultContentType(new Blob([], { type: "a/b" })), defaultContentType(new Blob([]))]).toEqual([
      "a/b",
      "application/octet-stream",
    ]);
  });

  test("addresses are the session's, then the given ones, then anonymous", () => {
    expect(identityOf(sessionOf(), {})).toEqual({ from: anonymousUri, to: anonymousUri });
    const session = {
      get: (key: unknown) => (key === cpimIdentity ? { from } : undefined),
    } as unknown as Session;
    expect(identityOf(session, { from: to, to })).toEqual({ from, to });
  });
});

describe("one wrapper for several plugins", () => {
  test("headers are added to it, and those that it has stay", () => {
    const c = contextOf("hi", undefined, 2);
    expect(describeOutgoing(c)).toBe(undefined);
    expect(addHeaders(c, [header("A", "1")])).toBe(false);
    wrapOutgoing(c, { from, to, headers: [header("A", "1")] });
    const before = (c.body as Uint8Array).length;
    expect(c.total).toBe(before);
    expect(addHeaders(c, [header("A", "2"), header("B", "3")], new Date(0))).toBe(true);
    const { head, body } = parseCpim(c.body as Uint8Array, { mode: "msrp" });
    expect([head.values("urn:x", "A"), head.values("urn:x", "B"), head.dateTime, text(body)]).toEqual([
      ["1"],
      ["3"],
      "1970-01-01T00:00:00.000Z",
      "hi",
    ]);
    expect(c.total).toBe((c.body as Uint8Array).length);
    const view = describeOutgoing(c);
    expect([
      view?.contentType,
      view?.from,
      view?.to,
      view?.value("urn:x", "B"),
      view?.value("urn:y", "B"),
    ]).toEqual(["text/plain;charset=utf-8", from, [to], "3", undefined]);
  });

  test("a stream stays a stream, and is wrapped anew", async () => {
    async function* source(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode("streamed");
    }
    const c = contextOf(source(), "a/b");
    wrapOutgoing(c, { from, to });
    expect(addHeaders(c, [header("A", "1")])).toBe(true);
    const pieces: string[] = [];
    for await (const piece of c.body as AsyncIterable<Uint8Array>) pieces.push(text(piece));
    expect([pieces.length, pieces[1], pieces[0]?.includes("ns1.A: 1\r\n")]).toEqual([2, "streamed", true]);
  });

  test("an application's own octets keep theirs; what cannot be read goes out as it is", () => {
    const own = buildCpim({ from, to, contentType: "text/plain", headers: [header("A", "1")] }, "x");
    const c = contextOf(text(own), "message/cpim");
    expect(addHeaders(c, [header("A", "2")])).toBe(true);
    expect(text(c.body)).toBe(text(own));
    addHeaders(c, [header("B", "2")], new Date(0));
    expect(text(c.body)).toBe(
      text(own).replace(
        "\r\n\r\nContent",
        "\r\nDateTime: 1970-01-01T00:00:00.000Z\r\nNS: ns1 <urn:x>\r\nns1.B: 2\r\n\r\nContent",
      ),
    );
    expect(parseCpim(c.body as Uint8Array, { mode: "msrp" }).head.value("urn:x", "B")).toBe("2");
    expect(describeOutgoing(contextOf("broken", "message/cpim"))).toBe(undefined);
    expect(describeOutgoing(contextOf(new Blob(["x"]), "message/cpim"))).toBe(undefined);
    expect(addHeaders(contextOf(new Blob(["x"]), "message/cpim"), [])).toBe(false);
  });
});
