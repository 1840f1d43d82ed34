// A ladder in text: columns, arrows in the right direction, and nothing that a peer could make of it.
// The drawings are written by hand.
import { describe, expect, test } from "#test";
import type { FramePiece } from "../../../plugins/_frame_cutter.ts";
import { Ladder } from "../../../plugins/_ladder.ts";

const piece = (change: Partial<FramePiece["head"]>, rest: Partial<FramePiece> = {}): FramePiece => ({
  bytes: new Uint8Array(0),
  head: {
    transactionId: "a1b2c3d4e5",
    method: "SEND",
    status: undefined,
    comment: undefined,
    to: "msrp://secret.example:1/to;tcp",
    from: "msrp://secret.example:1/from;tcp",
    byteRange: "1-5/5",
    contentType: "text/plain",
    ...change,
  },
  first: true,
  flag: "$",
  bodyBytes: 5,
  leftOut: 0,
  ...rest,
});

describe("Ladder", () => {
  test("draws a session of two", () => {
    const ladder = new Ladder("trace 1", 1000, "this node");
    const text = [
      ladder.connect("192.0.2.9:40000")[1],
      ladder.frame(1000, 0, "received", piece({})),
      ladder.frame(
        1012.4,
        0,
        "transmitted",
        piece(
          { method: undefined, status: 200, comment: "OK", byteRange: undefined, contentType: undefined },
          { bodyBytes: 0 },
        ),
      ),
      ladder.closed(61_000, 0, false),
    ].join("");
    expect(text).toBe(
      [
        "trace 1",
        "",
        "    192.0.2.9:40000                                this node",
        "    0.000  |------------ SEND a1b2c3d4 $ ------------->|  1-5/5, text/plain, 5 octets",
        "    0.012  |<------------- 200 a1b2c3d4 $ -------------|  OK",
        "   60.000  |<----------- connection closed ------------|",
        "",
      ].join("\n"),
    );
  });

  test("puts the second connection of a relay on the other side of the node", () => {
    const ladder = new Ladder("trace 2", 0, "this node");
    ladder.connect("client:1");
    const [column, heads] = ladder.connect("peer:2");
    expect(column).toBe(1);
    expect(heads.trim().split(/\s+/)).toEqual(["client:1", "this", "node", "peer:2"]);
    const out = ladder.frame(0, 1, "transmitted", piece({}));
    expect(out).toBe(
      "    0.000  |                                           |------------ SEND a1b2c3d4 $ ------------->|  1-5/5, text/plain, 5 octets\n",
    );
    const back = ladder.frame(0, 1, "received", piece({}));
    expect(back).toContain(
      "|                                           |<------------ SEND a1b2c3d4 $ -------------|",
    );
    expect(ladder.frame(0, 0, "received", piece({}))).toContain("$ ------------->|                        ");
  });

  test("shows the pieces of a long frame, and what is no frame", () => {
    const ladder = new Ladder("trace", 0, "this node");
    ladder.connect("a:1");
    expect(ladder.frame(0, 0, "received", piece({}, { flag: undefined }))).toContain("SEND a1b2c3d4 ...");
    const last = ladder.frame(0, 0, "received", piece({}, { first: false, flag: "+", bodyBytes: 70_000 }));
    expect(last).toContain("... a1b2c3d4 +");
    expect(last.trimEnd().endsWith("|  70000 octets")).toBe(true);
    expect(ladder.frame(0, 0, "received", { ...piece({}), head: undefined })).toContain("not MSRP");
  });

  test("shows no URI, and no control characters of a peer", () => {
    const ladder = new Ladder("trace", 0, "this node");
    ladder.connect("a:1");
    const text = ladder.frame(0, 0, "received", piece({ contentType: "text/\u001b[2Jplain\u0007é" }));
    expect(text).toContain("text/?[2Jplain??");
    expect(text).not.toContain("secret");
    expect(ladder.frame(0, 0, "received", piece({ contentType: "x".repeat(5000) })).length).toBeLessThan(200);
  });
});
