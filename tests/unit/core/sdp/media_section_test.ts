// One m= line with its lines: attributes as written, c= from the right level, other media left alone.
import { describe, expect, test } from "#test";
import { isMsrp, readAttributes } from "../../../../core/sdp/media_section.ts";
import { SessionDescription } from "../../../../core/sdp/mod.ts";
import { codeOf, expectOddity, sdp, stream } from "./texts.ts";

const audio =
  "m=audio 49170/2 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\na=path:not-for-us\r\na=setup:whatever\r\n";

describe("a section", () => {
  test("RFC 8866 §5.13: a flag, or everything after the first colon as it is [8866-5.13-01]", () => {
    const lines = ["a=flag", "a=path:msrp://x:1/y;tcp", "a=empty:", "a=blank: x ", "b=AS:1"].map((raw) => ({
      type: raw[0] ?? "",
      value: raw.slice(2),
      raw,
      ending: "\r\n",
    }));
    expect(readAttributes(lines)).toEqual([
      { name: "flag", value: undefined },
      { name: "path", value: "msrp://x:1/y;tcp" },
      { name: "empty", value: "" },
      { name: "blank", value: " x " },
    ]);
  });

  test("RFC 8866 §5: unknown attributes are ignored and kept [8866-5-04]", () => {
    const text = sdp([stream({ more: ["a=x-unknown: 1 : 2 ", "a=x-flag"] })]);
    const section = SessionDescription.parse(text, { strict: true }).media[0];
    expect(section?.value("x-unknown")).toBe(" 1 : 2 ");
    expect(section?.value("x-flag")).toBe("");
    expect(section?.value("x-none")).toBe(undefined);
    expect(section?.values("x-flag").length).toBe(1);
  });

  test("RFC 8866 §5.14: streams of other kinds pass through untouched [8866-5.14-02]", () => {
    const multicast = "m=video 5000 RTP/AVP 31\r\nc=IN IP4 233.252.0.1/127\r\nc=IN IP4 233.252.0.2/127\r\n";
    const text = sdp([audio, stream(), multicast.replace(/c=.*2\/127\r\n/, "")]);
    const description = SessionDescription.parse(text, { strict: true });
    expect(description.msrp.map(({ index }) => index)).toEqual([1]);
    expect(description.media[0]?.text).toBe(audio);
    expect(description.media[2]?.connection?.address).toBe("233.252.0.1/127");
    expect(description.toString()).toBe(text);
    expectOddity(sdp([multicast]), "bad-connection", "several-connections");
  });

  test("RFC 8866 §5.7: c= of the session or of every stream, and the stream's wins [8866-5.7-01]", () => {
    const own = stream().replace("a=accept", "c=IN IP4 192.0.2.11\r\na=accept");
    const addresses = SessionDescription.parse(sdp([own, stream()])).msrp.map(({ address }) => address);
    expect(addresses).toEqual(["192.0.2.11", "192.0.2.10"]);
    const without = sdp([own, stream()]).replace("c=IN IP4 192.0.2.10\r\n", "");
    expect(codeOf(() => SessionDescription.parse(without))).toBe("missing-connection");
    const refused = sdp([own, "m=message 0 TCP/MSRP *\r\n"]).replace("c=IN IP4 192.0.2.10\r\n", "");
    expect(SessionDescription.parse(refused).msrp.map(({ address }) => address)).toEqual(["192.0.2.11", ""]);
  });

  test("RFC 4975 §8.1: TCP/MSRP and TCP/TLS/MSRP are MSRP [4975-8.1-03]", () => {
    const line = { media: "message", port: 1, portCount: undefined, fmt: ["*"] };
    expect(
      ["TCP/MSRP", "TCP/TLS/MSRP", "tcp/msrp", "TCP/WSS/SIP"].map((proto) => isMsrp({ ...line, proto })),
    ).toEqual([true, true, false, false]);
  });
});
