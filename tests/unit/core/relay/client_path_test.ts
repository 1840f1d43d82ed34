// A path through the own relays, as values.
import { expect, test } from "#test";
import { RelayPath } from "../../../../core/relay/client_path.ts";
import { Negotiator } from "../../../../core/sdp/negotiator.ts";
import { SessionDescription } from "../../../../core/sdp/session_description.ts";
import { MsrpUri } from "../../../../core/wire/uri.ts";

const [a, b, c, d] = ["A", "B", "C", "D"].map((name) =>
  MsrpUri.parse(`msrps://${name.toLowerCase()}.example:2855/${name};tcp`),
) as [MsrpUri, MsrpUri, MsrpUri, MsrpUri];

function made(): { path: RelayPath; calls: unknown[] } {
  const calls: unknown[] = [];
  const host = { holds: () => calls.length === 0, released: (one: RelayPath) => calls.push(one) };
  return { path: new RelayPath(a, [b, c], 900_000, host), calls };
}

test("RFC 4976 §5.1: Use-Path reversed before the own URI; Use-Path before the peer's path [4976-5.1-06, 4976-5.1-07]", () => {
  const { path } = made();
  expect(path.sdpPath).toEqual([c, b, a]);
  expect(path.toPath([d])).toEqual([b, c, d]);
  expect(path.usePath).toEqual([b, c]);
});

test("RFC 6714 §4.2: an offer with its stream has the path, and the outermost relay in c= and m=", () => {
  const negotiator = new Negotiator({ host: "192.0.2.1", ...made().path.stream });
  const [media] = SessionDescription.parse(negotiator.createOffer()).msrp;
  expect(media?.path.map(({ text }) => text)).toEqual([c.text, b.text, a.text]);
  expect([media?.address, media?.port]).toEqual(["c.example", 2855]);
});

test("it holds as long as its client says, and is released once", () => {
  const { path, calls } = made();
  expect(path.valid).toBe(true);
  path.release();
  expect([calls, path.valid]).toEqual([[path], false]);
});
