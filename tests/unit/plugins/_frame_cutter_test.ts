// Cutting a stream into frames: the same frames for any split, nothing lost, bodies and credentials left out on demand.
// The cutter judges nothing, so what is no MSRP has to come out as it went in.
import { describe, expect, test } from "#test";
import {
  type CutterOptions,
  FrameCutter,
  type FrameHead,
  type FramePiece,
} from "../../../plugins/_frame_cutter.ts";

const paths = "To-Path: msrp://b.example:2855/bb;tcp\r\nFrom-Path: msrp://a.example:9/aa;tcp\r\n";
const send = (id: string, body: string): string =>
  `MSRP ${id} SEND\r\n${paths}Message-ID: m1\r\nByte-Range: 1-${body.length}/${body.length}\r\nContent-Type: text/plain\r\n\r\n${body}\r\n-------${id}$\r\n`;
const answer = `MSRP a1b2 200 All fine\r\n${paths}-------a1b2$\r\n`;
const report = `MSRP r1r1 REPORT\r\n${paths}Message-ID: m1\r\nByte-Range: 1-5/5\r\nStatus: 000 200 OK\r\n-------r1r1$\r\n`;

const decoder = new TextDecoder("latin1");

function cut(text: string, step: number, options: Partial<CutterOptions> = {}): FramePiece[] {
  const pieces: FramePiece[] = [];
  const cutter = new FrameCutter(
    { maxPieceBytes: 1000, bodies: true, credentials: false, ...options },
    (piece) => pieces.push(piece),
  );
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += step) cutter.push(bytes.slice(at, at + step));
  cutter.end();
  return pieces;
}

const texts = (pieces: readonly FramePiece[]): string[] => pieces.map(({ bytes }) => decoder.decode(bytes));

describe("FrameCutter", () => {
  test("RFC 4975 §7.1: finds the frames, whatever the reads were", () => {
    // A body that looks like an end-line, of this transaction but for its end, and of another one.
    const tricky = send("x9x9", "-------x9x9\r\n-------x9x9?\r\n-------a1b2$\r\nMSRP a1b2 SEND");
    const frames = [send("a1b2", "hello"), answer, report, tricky, send("e0e0", "")];
    for (const step of [1, 2, 7, 100, 10_000]) expect(texts(cut(frames.join(""), step))).toEqual(frames);
  });

  test("tells what a trace shows of a frame", () => {
    const [first, second, third] = cut(send("a1b2", "hello") + answer + report, 10_000);
    expect(first).toMatchObject({
      first: true,
      flag: "$",
      bodyBytes: 5,
      leftOut: 0,
      head: {
        transactionId: "a1b2",
        method: "SEND",
        status: undefined,
        to: "msrp://b.example:2855/bb;tcp",
        from: "msrp://a.example:9/aa;tcp",
        byteRange: "1-5/5",
        contentType: "text/plain",
      },
    });
    expect(second?.head).toMatchObject({ method: undefined, status: 200, comment: "All fine" });
    expect(third?.head).toMatchObject({ method: "REPORT", comment: "000 200 OK", byteRange: "1-5/5" });
  });

  test("a frame longer than a piece comes in several, with its octets unchanged", () => {
    const frame = send("long", "z".repeat(5000));
    for (const step of [1, 333, 10_000]) {
      const pieces = cut(frame + answer, step);
      expect(texts(pieces).join("")).toBe(frame + answer);
      expect(pieces.every(({ bytes }) => bytes.length <= 1000)).toBe(true);
      expect(pieces.map(({ first, flag }) => `${first} ${flag}`)).toEqual([
        "true undefined",
        ...new Array<string>(pieces.length - 3).fill("false undefined"),
        "false $",
        "true $",
      ]);
      expect(pieces.at(-2)?.bodyBytes).toBe(5000);
      expect(pieces.at(-2)?.head?.transactionId).toBe("long");
    }
  });

  test("leaves out bodies, of any length, and keeps the rest of the frame", () => {
    for (const length of [1, 600, 5000]) {
      const frame = send("long", "z".repeat(length));
      const [piece, second] = cut(frame + answer, 100, { bodies: false });
      expect(decoder.decode(piece?.bytes)).toBe(frame.replace("z".repeat(length), ""));
      expect([piece?.leftOut, piece?.bodyBytes, piece?.first, piece?.flag]).toEqual([
        length,
        length,
        true,
        "$",
      ]);
      expect(decoder.decode(second?.bytes)).toBe(answer);
    }
  });

  test("RFC 4976 §5: what proves an identity becomes asterisks, unless it is wanted", () => {
    const auth = `MSRP auth AUTH\r\n${paths}Authorization: Digest username="u", nonce="n0", response="abcdef"\r\nX-Authorization: shown\r\n-------auth$\r\n`;
    const challenge = `MSRP auth 401 No\r\n${paths}WWW-Authenticate: Digest nonce="n0"\r\n-------auth$\r\n`;
    const shown = texts(cut(auth + challenge, 50));
    expect(shown.join("")).not.toContain("n0");
    expect(shown[0]).toMatch(/\r\nAuthorization: \*+\r\nX-Authorization: shown\r\n/);
    expect(shown[0]?.length).toBe(auth.length);
    expect(shown[1]).toMatch(/\r\nWWW-Authenticate: \*+\r\n-------auth\$/);
    expect(texts(cut(auth, 50, { credentials: true }))).toEqual([auth]);
  });

  test("what is no MSRP, and what was cut off, comes out as it is", () => {
    for (const step of [3, 10_000]) {
      const http = `GET / HTTP/1.1\r\n${"x".repeat(3000)}`;
      const pieces = cut(http, step);
      expect(texts(pieces).join("")).toBe(http);
      expect(pieces.every(({ head }) => head === undefined)).toBe(true);
      const half = send("a1b2", "hello").slice(0, -12);
      expect(texts(cut(answer + half, step))).toEqual([answer, half]);
    }
    expect(cut("", 1)).toEqual([]);
  });

  test("passes over the frames of some paths, whole and in pieces, and loses none of the others", () => {
    const other = paths.replaceAll("/bb;", "/cc;");
    const passesOver = ({ to }: FrameHead): boolean => to.includes("/cc;");
    const wanted = [send("a1b2", "hello"), send("long", "z".repeat(5000)), answer];
    const unwanted = [send("n0n0", "hello"), send("nlng", "y".repeat(5000)), answer].map((frame) =>
      frame.replace(paths, other),
    );
    // What begins like a path that is passed over is another one all the same, in whatever order its lines are.
    const extra = send("e0e0", "").replace(paths, `X: y\r\nZ: z\r\n${paths}`);
    const swapped = send("s0s0", "").replace(paths, `X: y\r\nZ: z\r\n${other}`);
    const stream = [...unwanted, ...wanted, swapped, extra, ...unwanted, swapped, ...wanted].join("");
    for (const step of [1, 7, 333, 20_000]) {
      for (const bodies of [true, false]) {
        const pieces = cut(stream, step, { passesOver, bodies });
        const expected = cut([...wanted, extra, ...wanted].join(""), step, { bodies });
        expect(texts(pieces).join("")).toBe(texts(expected).join(""));
        expect(pieces.filter(({ first }) => first).map(({ head }) => head?.transactionId)).toEqual([
          "a1b2",
          "long",
          "a1b2",
          "e0e0",
          "a1b2",
          "long",
          "a1b2",
        ]);
      }
    }
  });
});
