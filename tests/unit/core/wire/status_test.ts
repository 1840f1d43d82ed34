// Status values and comments.
import { describe, expect, test } from "#test";
import { defaultComment, formatStatus, parseStatus } from "../../../../core/wire/status.ts";

describe("Status", () => {
  test("RFC 4975 §9: namespace, code, optional comment [4975-9-16] [4975-7.1.3-05]", () => {
    expect(parseStatus("000 200 OK")).toEqual({ namespace: 0, status: 200, comment: "OK" });
    expect(parseStatus("000 408")).toEqual({ namespace: 0, status: 408, comment: "" });
    expect(parseStatus("000 200 ")).toEqual({ namespace: 0, status: 200, comment: "" });
    expect(parseStatus("001 200 a b")).toEqual({ namespace: 1, status: 200, comment: "a b" });
    for (const text of [
      "",
      "200 OK",
      "0000 200",
      "000 20",
      "000 2000",
      "000-200 OK",
      "000  200",
      "00 200",
      "000 200OK",
    ]) {
      expect(() => parseStatus(text)).toThrow(/^Cannot parse Status/);
    }
  });

  test("RFC 4975 §10: a comment is never empty, whatever the code [4975-10-xxx]", () => {
    expect(defaultComment(200)).toBe("OK");
    expect(defaultComment(481)).toBe("No Such Session");
    expect(defaultComment(299)).toBe("OK");
    expect(defaultComment(599)).toBe("Failed");
    expect(formatStatus(413)).toBe("000 413 Stop Sending");
    expect(formatStatus(200, "Fine", 7)).toBe("007 200 Fine");
  });
});
