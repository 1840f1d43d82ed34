// Whether an answer fits its offer: the m= lines one to one, then stream by stream.
import { describe, expect, test } from "#test";
import { matchAnswer, SessionDescription } from "../../../../core/sdp/mod.ts";
import { codeOf, sdp, stream } from "./texts.ts";

const audio = "m=audio 49170 RTP/AVP 0\r\n";
const read = (...streams: string[]): SessionDescription => SessionDescription.parse(sdp(streams));

/** `ok`, or the error of the only stream. */
function outcome(offer: string, answer: string, options = {}): string {
  const [match] = matchAnswer(read(offer), read(answer), options);
  return match === undefined ? "none" : match.ok ? "ok" : match.error;
}

describe("an answer", () => {
  test("RFC 3264 §6: as many m= lines as the offer, in its order [3264-6-01]", () => {
    expect(codeOf(() => matchAnswer(read(stream()), read(stream(), audio)))).toBe("media-count");
    expect(codeOf(() => matchAnswer(read(stream(), audio), read(stream())))).toBe("media-count");
    expect(codeOf(() => matchAnswer(read(stream(), audio), read(audio, stream())))).toBe("media-mismatch");
  });

  test("RFC 3264 §6.1: the medium is the offer's [3264-6-05]", () => {
    expect(codeOf(() => matchAnswer(read(stream()), read(audio)))).toBe("media-mismatch");
    expect(outcome(stream(), "m=message 5 TCP/OTHER *\r\n")).toBe("media-mismatch");
  });

  test("RFC 3264 §6: t= is the offer's; only a strict reader minds another", () => {
    const other = SessionDescription.parse(sdp().replace("t=0 0", "t=1 2"));
    expect(codeOf(() => matchAnswer(read(stream()), other, { strict: true }))).toBe("time-mismatch");
    expect(matchAnswer(read(stream()), other).length).toBe(1);
    const bare = SessionDescription.parse(sdp().replaceAll("\r\n", "\n"));
    expect(matchAnswer(read(stream()), bare, { strict: true }).length).toBe(1);
  });

  test("RFC 3264 §6: port 0 refuses a stream, and what was offered with port 0 is no matter [3264-6-04]", () => {
    expect(outcome(stream(), stream({ port: 0 }))).toBe("rejected");
    expect(outcome(stream({ port: 0 }), stream({ port: 0 }))).toBe("none");
    const two = matchAnswer(read(stream(), stream()), read(stream({ port: 0 }), stream()));
    expect(two.map(({ ok }) => ok)).toEqual([false, true]);
  });

  test("RFC 3264 §6.1, RFC 4145 §4.1: direction and setup must fit", () => {
    expect(outcome(stream({ more: ["a=sendonly"] }), stream({ more: ["a=sendonly"] }))).toBe(
      "direction-conflict",
    );
    expect(outcome(stream({ more: ["a=sendonly"] }), stream({ more: ["a=recvonly"] }))).toBe("ok");
    expect(outcome(stream({ more: ["a=setup:active"] }), stream({ more: ["a=setup:active"] }))).toBe(
      "setup-conflict",
    );
  });

  test("RFC 4976 §11: TLS may be answered to an offer without, never the reverse unless policy allows it", () => {
    const [plain, tls] = [stream(), stream({ proto: "TCP/TLS/MSRP" })];
    expect(outcome(plain, tls)).toBe("ok");
    expect(outcome(tls, tls)).toBe("ok");
    expect(outcome(tls, plain)).toBe("proto-mismatch");
    expect(outcome(tls, plain, { allowDowngrade: true })).toBe("ok");
    const disguised = stream({ proto: "TCP/TLS/MSRP", path: "msrp://192.0.2.10:7313/K;tcp" });
    expect(outcome(tls, disguised)).toBe("proto-mismatch");
  });
});
