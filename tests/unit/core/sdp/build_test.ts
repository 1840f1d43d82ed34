// Writing streams and descriptions: what is said, what cannot be said, and that nothing is smuggled in.
import { describe, expect, test } from "#test";
import {
  formatMsrpSection,
  formatRefusal,
  formatSession,
  type MsrpSection,
} from "../../../../core/sdp/build.ts";
import { connectionOf } from "../../../../core/sdp/fields.ts";
import { SessionDescription } from "../../../../core/sdp/mod.ts";
import { MsrpUri } from "../../../../core/wire/uri.ts";
import { codeOf } from "./texts.ts";

const connection = connectionOf("192.0.2.10");
const sha1 = new Array(20).fill("5F").join(":");
const section: MsrpSection = {
  connection,
  port: 7313,
  path: [MsrpUri.parse("msrps://192.0.2.10:7313/K;tcp")],
  acceptTypes: ["message/cpim", "text/plain"],
  acceptWrappedTypes: ["Text/Plain", "text/html"],
  maxSize: 1000,
  setup: "actpass",
  cema: true,
  fingerprints: [{ hash: "sha-1", value: sha1 }],
  direction: "recvonly",
  attributes: [
    { name: "chatroom", value: "nickname" },
    { name: "x-flag", value: undefined },
  ],
};
const session = formatSession({
  origin: "- 1 1 IN IP4 192.0.2.10",
  name: "-",
  connection,
  timing: "t=0 0\r\n",
  attributes: [{ name: "x", value: "y" }],
});

/** Writes the section with changes. */
function write(changes: Partial<MsrpSection> = {}, own = connection): string {
  return formatMsrpSection({ ...section, ...changes }, own);
}

describe("a written stream", () => {
  test("RFC 4975 §8, 6135, 6714, 8122: every line, in the order of the grammar", () => {
    expect(write()).toBe(
      [
        "m=message 7313 TCP/TLS/MSRP *",
        "a=accept-types:message/cpim text/plain",
        "a=accept-wrapped-types:text/html",
        "a=max-size:1000",
        "a=path:msrps://192.0.2.10:7313/K;tcp",
        "a=setup:actpass",
        "a=msrp-cema",
        `a=fingerprint:sha-1 ${sha1}`,
        "a=recvonly",
        "a=chatroom:nickname",
        "a=x-flag",
        "",
      ].join("\r\n"),
    );
    expect(SessionDescription.parse(session + write(), { strict: true }).msrp[0]).toMatchObject({
      maxSize: 1000,
      cema: true,
    });
  });

  test("RFC 4975 §8.6: wrapped types do not repeat the root types [4975-8.6-07]", () => {
    expect(write({ acceptWrappedTypes: ["text/plain", "MESSAGE/cpim"] })).not.toContain("wrapped");
  });

  test("RFC 8122 §5: fingerprints only with TLS, whose protocol is TCP/TLS/MSRP [4975-8.1-03]", () => {
    const plain = write({ path: [MsrpUri.parse("msrp://192.0.2.10:7313/K;tcp")] });
    expect(plain).toContain(" TCP/MSRP *");
    expect(plain).not.toContain("fingerprint");
  });

  test("RFC 8866 §5.7: its own c= only when it differs from the session's", () => {
    expect(write({}, connectionOf("::1"))).toContain("*\r\nc=IN IP4 192.0.2.10\r\na=");
  });

  test("RFC 4145 §4.1: port 0 is for refused streams alone [4145-4.1-06]", () => {
    expect(codeOf(() => write({ port: 0 }))).toBe("bad-port");
    expect(formatRefusal({ media: "audio", port: 5, portCount: 2, proto: "RTP/AVP", fmt: ["0", "8"] })).toBe(
      "m=audio 0 RTP/AVP 0 8\r\n",
    );
  });

  test("nothing is written that its own reader would refuse", () => {
    const faults: [Partial<MsrpSection>, string][] = [
      [{ acceptTypes: [] }, "bad-type-list"],
      [{ acceptTypes: ["text"] }, "bad-type-list"],
      [{ acceptTypes: ["*/*"] }, "bad-type-list"],
      [{ acceptWrappedTypes: ["a/b c/d"] }, "bad-type-list"],
      [{ path: [] }, "bad-path"],
      [{ path: [MsrpUri.parse("msrp://a.example/K;tcp")] }, "bad-path"],
      [{ path: [MsrpUri.parse("msrp://a.example:1;tcp")] }, "bad-path"],
      [{ maxSize: -1 }, "bad-max-size"],
      [{ maxSize: 1.5 }, "bad-max-size"],
      [{ port: 65_536 }, "bad-port"],
      [{ attributes: [{ name: "x", value: "y\r\na=evil" }] }, "sdp-injection"],
      [{ attributes: [{ name: "x y", value: undefined }] }, "sdp-injection"],
      [{ fingerprints: [{ hash: "sha-1", value: "00\r\na=evil" }] }, "sdp-injection"],
    ];
    for (const [changes, code] of faults)
      expect([changes, codeOf(() => write(changes))]).toEqual([changes, code]);
  });

  test("RFC 6135 §4.4: a=connection cannot be written, nor can a negotiated attribute be smuggled in [6135-4.4-01]", () => {
    for (const name of ["connection", "setup", "path", "fingerprint", "sendonly", "msrp-cema"]) {
      expect(codeOf(() => write({ attributes: [{ name, value: "x" }] }))).toBe("reserved-attribute");
    }
    expect(
      codeOf(() =>
        formatSession({
          origin: "x",
          name: "-",
          connection,
          timing: "",
          attributes: [{ name: "setup", value: "holdconn" }],
        }),
      ),
    ).toBe("reserved-attribute");
  });

  test("RFC 8866 §5: a session name with a line end is refused", () => {
    expect(
      codeOf(() =>
        formatSession({ origin: "x", name: "a\r\na=evil", connection, timing: "", attributes: [] }),
      ),
    ).toBe("sdp-injection");
    expect(session).toBe(
      "v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\na=x:y\r\n",
    );
  });
});
