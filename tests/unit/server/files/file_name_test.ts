// Names of received files: whatever a peer proposes, one harmless path segment comes out.
// The proposals are those of RFC 2183, RFC 5547 §6 and RFC 8187, and the usual attacks on them.
import { describe, expect, test } from "#test";
import {
  alternativeName,
  contentDisposition,
  MAX_NAME_BYTES,
  proposedFileName,
  safeFileName,
} from "../../../../server/files/file_name.ts";

describe("safeFileName", () => {
  const cases: readonly (readonly [proposed: string, safe: string])[] = [
    ["photo.png", "photo.png"],
    ["../../etc/passwd", "passwd"],
    ["C:\\Windows\\system32\\evil.dll", "evil.dll"],
    ["/etc/shadow", "shadow"],
    ["..", "id"],
    [".", "id"],
    ["", "id"],
    ["a/", "id"],
    [".bashrc", "bashrc"],
    ["...hidden.txt. ", "hidden.txt"],
    ["a\u0000b\u001b[31m.txt", "ab[31m.txt"],
    ["annexe\u202etxt.exe", "annexetxt.exe"],
    ['a<b>c:d"e|f?g*h.txt', "a_b_c_d_e_f_g_h.txt"],
    ["CON", "_CON"],
    ["nul.txt", "_nul.txt"],
    ["e\u0301.txt", "\u00e9.txt"],
  ];
  for (const [proposed, safe] of cases) {
    test(`RFC 5547 §11: ${JSON.stringify(proposed)} becomes ${JSON.stringify(safe)}`, () => {
      expect(safeFileName(proposed, "id")).toBe(safe);
    });
  }

  test("cuts long names at a character border and keeps the extension", () => {
    const name = safeFileName(`${"ü".repeat(300)}.jpeg`, "id");
    expect(new TextEncoder().encode(name).length <= MAX_NAME_BYTES).toBe(true);
    expect(name.endsWith("ü.jpeg")).toBe(true);
    expect(safeFileName("x".repeat(MAX_NAME_BYTES), "id").length).toBe(MAX_NAME_BYTES);
  });

  test("makes the fallback safe too, and has a last resort", () => {
    expect(safeFileName("..", "../a.b+c")).toBe("a.b+c");
    expect(safeFileName("", "..")).toBe("message");
  });
});

describe("proposedFileName", () => {
  test("RFC 2183 §2.3: reads token and quoted forms", () => {
    expect(proposedFileName('attachment; filename="a \\"b\\".txt"')).toBe('a "b".txt');
    expect(proposedFileName("attachment;filename=a.txt;size=3")).toBe("a.txt");
    expect(proposedFileName("inline")).toBe(undefined);
    expect(proposedFileName(undefined)).toBe(undefined);
  });

  test("RFC 8187 §3.2: the extended form wins and is decoded", () => {
    expect(proposedFileName("attachment; filename=\"x\"; filename*=UTF-8''na%C3%AFve.txt")).toBe("naïve.txt");
  });

  test("RFC 5547 §6: percent-encoding is undone where it is one", () => {
    expect(proposedFileName('attachment; filename="my%20cat.jpg"')).toBe("my cat.jpg");
    expect(proposedFileName('attachment; filename="100%.txt"')).toBe("100%.txt");
  });

  test("contentDisposition is what proposedFileName reads", () => {
    for (const name of ["a.txt", 'quote".txt', "back\\slash", "100%", "naïve ☃.txt", "line\r\nbreak"]) {
      const field = contentDisposition(name);
      expect(/^[\x20-\x7e]*$/.test(field)).toBe(true);
      expect(proposedFileName(field)).toBe(name);
    }
  });
});

describe("alternativeName", () => {
  test("numbers before the extension", () => {
    expect(alternativeName("a.txt", 0)).toBe("a.txt");
    expect(alternativeName("a.txt", 2)).toBe("a (2).txt");
    expect(alternativeName("README", 1)).toBe("README (1)");
  });
});
