// The SDP of a client: what it writes is read by itself and by the whole toolkit, and what it cannot use is refused.
import { describe, expect, test } from "#test";
import { readDescription, writeDescription } from "../../../../core/client/sdp.ts";
import type { MsrpError } from "../../../../core/errors.ts";
import { SessionDescription } from "../../../../core/sdp/mod.ts";
import { thrown } from "../../../support/nodes.ts";

const path = ["msrps://relay.example:2855/token;tcp", "msrps://x.invalid:2855/own;ws"];

describe("SDP of a client", () => {
  test("an offer is read as the answerer needs it: the path in order, the other role", () => {
    const offer = writeDescription({ path, acceptTypes: ["text/plain", "image/*"] });
    const read = readDescription(offer);
    expect(read.remote.map(String)).toEqual(path);
    expect([read.role, read.acceptTypes, read.maxBytes]).toEqual([
      "passive",
      ["text/plain", "image/*"],
      undefined,
    ]);
    expect(readDescription(writeDescription({ path, acceptTypes: ["*"] }, "passive")).role).toBe("active");
  });

  test("every line ends in CRLF, and the whole parser takes it", () => {
    const offer = writeDescription({ path, acceptTypes: ["*"] });
    expect(offer.replaceAll("\r\n", "").includes("\n")).toBe(false);
    expect(offer.endsWith("\r\n")).toBe(true);
    expect(SessionDescription.parse(offer).media.length).toBe(1);
  });

  test("an IPv6 relay is named as IP6", () => {
    const six = writeDescription({
      path: ["msrps://[2001:db8::1]:2855/t;tcp", path[1] as string],
      acceptTypes: ["*"],
    });
    expect(six.split("\r\n")).toContain("c=IN IP6 2001:db8::1");
  });

  test("max-size is told; refused streams and other media are passed over", () => {
    const sdp = `v=0\nm=audio 9 RTP/AVP 0\nm=message 0 TCP/MSRP *\na=path:${path[0]}\nm=message 9 TCP/MSRP *\na=path:${path[0]}\na=max-size:2000\na=setup:passive\n`;
    const read = readDescription(sdp);
    expect([read.maxBytes, read.role, read.acceptTypes]).toEqual([2000, "active", ["*"]]);
    for (const none of ["v=0\r\nm=message 0 TCP/MSRP *\r\na=path:x\r\n", "", "m=message 9 TCP/MSRP *\r\n"]) {
      expect(thrown<MsrpError>(() => readDescription(none)).code).toBe("no-msrp-stream");
    }
  });
});
