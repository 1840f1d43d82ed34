// Places in our own description: streams, sections of other stacks, and what is left of them.
import { describe, expect, test } from "#test";
import { connectionOf } from "../../../../core/sdp/fields.ts";
import { formatSlot, goneSlot, otherSlot, refusal, streamSlot } from "../../../../core/sdp/slots.ts";
import { newStream } from "../../../../core/sdp/stream.ts";
import { codeOf } from "./texts.ts";

const session = connectionOf("192.0.2.10");

describe("slots", () => {
  test("RFC 3264 §8.2: a place keeps its medium and protocol when its stream is gone", () => {
    const slots = [
      streamSlot(newStream({ host: "192.0.2.10" }, "K")),
      streamSlot(newStream({ host: "192.0.2.10", secure: false }, "K")),
      otherSlot("m=audio 49170/2 RTP/AVP 0 8\r\na=x\r\n"),
    ];
    expect(slots.map((slot) => formatSlot(goneSlot(slot), session))).toEqual([
      "m=message 0 TCP/TLS/MSRP *\r\n",
      "m=message 0 TCP/MSRP *\r\n",
      "m=audio 0 RTP/AVP 0 8\r\n",
    ]);
    expect(refusal({ media: "audio", port: 5, portCount: 2, proto: "x", fmt: ["0"] }).line.port).toBe(0);
  });

  test("a section of another stack is one m= line with its lines, written as it came", () => {
    const section = "m=audio 49170 RTP/AVP 0\na=x: y \n";
    expect(formatSlot(otherSlot(section), session)).toBe(section);
    expect(formatSlot(otherSlot("m=audio 5 RTP/AVP 0"), session)).toBe("m=audio 5 RTP/AVP 0\r\n");
    for (const text of [
      "",
      "a=x\r\n",
      "m=audio x RTP/AVP 0\r\n",
      "m=audio 5 RTP/AVP 0\r\nm=audio 5 RTP/AVP 0\r\n",
    ]) {
      expect(codeOf(() => otherSlot(text))?.startsWith("bad-")).toBe(true);
    }
  });

  test("a stream is written as its section", () => {
    expect(formatSlot(streamSlot(newStream({ host: "192.0.2.10", port: 7 }, "K")), session)).toContain(
      "m=message 7 TCP/TLS/MSRP *\r\n",
    );
  });
});
