// What stands inside containers is told the same way however the octets are cut.
// Expectations are written from RFC 2046 and RFC 3862.
import { describe, expect, test } from "#test";
import { MimeWalker } from "../../../plugins/_mime_walker.ts";

/** The parts of a body as `type[encoding]:text`, fed in pieces of a size. */
function walk(type: string, body: string, size: number): { parts: string[]; fault: string | undefined } {
  const parts: string[] = [];
  let open = "";
  const walker = new MimeWalker(type, {
    container: (inner) => void parts.push(`(${inner})`),
    leaf: (inner, encoding) => {
      open = `${inner}[${encoding}]:`;
    },
    data: (bytes) => {
      open += new TextDecoder("latin1").decode(bytes);
    },
    leafEnd: () => void parts.push(open),
  });
  const bytes = new TextEncoder().encode(body);
  for (let at = 0; at < bytes.length; at += size) walker.feed(bytes.subarray(at, at + size));
  walker.end();
  return { parts, fault: walker.fault };
}

function everyCut(type: string, body: string, expected: string[]): void {
  for (const size of [1, 2, 3, 5, 17, 64, 100_000])
    expect([size, walk(type, body, size).parts]).toEqual([size, expected]);
}

describe("what is inside a container", () => {
  test("RFC 3862 §2: message headers, then the MIME part", () => {
    const body = "From: <im:a@x>\r\n\r\nContent-type: text/html;\r\n charset=utf-8\r\n\r\n--x\r\n\r\n<b>";
    everyCut("message/cpim", body, ["text/html; charset=utf-8[]:--x\r\n\r\n<b>"]);
    everyCut("Message/CPIM", "From: x\n\nSubject: y\n\nhello", ["text/plain[]:hello"]);
  });

  test("RFC 3862 §2: heads without the empty line between them are one", () => {
    const body = "From: <im:a@x>\r\nContent-Type: text/html\r\n\r\n<b>";
    everyCut("message/cpim", body, ["text/html[]:<b>"]);
  });

  test("what two readers would read in two ways is a fault", () => {
    const cpim = (fields: string): string => `From: <im:a@x>\r\n\r\n${fields}\r\n\r\nx`;
    for (const fields of [
      "Content-Type: text/plain\r\nContent-Type: text/html",
      "Content-Type: text/plain\rcontent-type: text/html",
      "Content-Transfer-Encoding: 7bit\r\nX: y\r\nContent-Transfer-Encoding: base64",
    ]) {
      expect(walk("message/cpim", cpim(fields), 3).fault).toBe("a field is there twice");
    }
    for (const type of ["message/cpim", "multipart/mixed;boundary=b"]) {
      const encoded = cpim(`Content-Type: ${type}\r\nContent-Transfer-Encoding: base64`);
      expect(walk("message/cpim", encoded, 3).fault).toBe("an encoded container");
    }
  });

  test("RFC 2046 §5.1: parts between delimiters, without preamble and epilogue", () => {
    const body =
      "pre\r\n--b\r\n\r\none\r\n--bb\r\n--b  \r\nContent-Type: a/b\r\nContent-Transfer-Encoding: BASE64\r\n\r\nAA==\r\n--b--\r\nepilogue";
    everyCut('multipart/mixed; boundary="b"', body, ["text/plain[]:one\r\n--bb\r\n", "a/b[base64]:AA==\r\n"]);
  });

  test("containers in containers; an outer delimiter ends an inner one", () => {
    const inner = "--i\r\nContent-Type: c/d\r\n\r\ntwo\r\n";
    const body = `--o\r\nContent-Type: multipart/x;boundary=i\r\n\r\n${inner}--o\r\nContent-Type: message/cpim\r\n\r\nA: b\r\n\r\nContent-Type: e/f\r\n\r\nthree\r\n--o--`;
    everyCut("multipart/mixed;boundary=o", body, [
      "(multipart/x;boundary=i)",
      "c/d[]:two\r\n",
      "(message/cpim)",
      "e/f[]:three\r\n",
    ]);
  });

  test("RFC 4975 §14.3: of signed content the signature is no content", () => {
    const body =
      "--b\r\nContent-Type: a/b\r\n\r\none\r\n--b\r\nContent-Type: application/pkcs7-signature\r\n\r\nsig\r\n--b--";
    everyCut("multipart/signed;boundary=b", body, ["a/b[]:one\r\n"]);
  });

  test("a part is told at its head, and a head without an end is one", () => {
    expect(walk("multipart/mixed;boundary=b", "--b\r\nContent-Type: a/b", 7).parts).toEqual(["a/b[]:"]);
    expect(walk("multipart/mixed;boundary=b", "--b\r\nContent-Type: a/b\r\n--b--", 7).parts).toEqual([
      "a/b[]:",
    ]);
  });

  test("too many parts, too deep, or a head without end cannot be looked through", () => {
    const part = "--b\r\n\r\nx\r\n";
    expect(walk("multipart/mixed;boundary=b", part.repeat(255), 999).fault).toBe(undefined);
    expect(walk("multipart/mixed;boundary=b", part.repeat(300), 999).fault).toBe(
      "too many parts, or too deep",
    );
    let deep = "";
    for (let depth = 0; depth < 12; depth++)
      deep += `--b${depth}\r\nContent-Type: multipart/mixed;boundary=b${depth + 1}\r\n\r\n`;
    expect(walk("multipart/mixed;boundary=b0", deep, 999).fault).toBe("too many parts, or too deep");
    expect(walk("message/cpim", `A: b\r\n\r\n${"X: y\r\n".repeat(5000)}`, 999).fault).toBe("head too long");
    expect(walk("message/cpim", `A: b\r\n\r\nX: ${"y".repeat(50_000)}`, 999).fault).toBe("head too long");
  });
});
