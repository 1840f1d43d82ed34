// The o= line of our own descriptions: unique, and a new version exactly for a new text.
import { describe, expect, test } from "#test";
import { OriginLine } from "../../../../core/sdp/origin.ts";
import { codeOf } from "./texts.ts";

const body = (text: string) => (origin: string) => `${origin}|${text}`;

describe("o=", () => {
  test("RFC 3264 §8: the version grows by one when the text changes, else all octets stay [3264-8-01] [3264-8-02]", () => {
    const line = new OriginLine({ host: "192.0.2.10", originId: "5" });
    expect(line.stamp(body("a"))).toBe("- 5 1 IN IP4 192.0.2.10|a");
    expect(line.stamp(body("a"))).toBe("- 5 1 IN IP4 192.0.2.10|a");
    expect(line.stamp(body("b"))).toBe("- 5 2 IN IP4 192.0.2.10|b");
    expect(line.stamp(body("a"))).toBe("- 5 3 IN IP4 192.0.2.10|a");
  });

  test("RFC 8866 §5.2: a user name without blanks, a unique id, an address that may be another one [8866-5.2-01] [8866-5.2-02]", () => {
    const line = new OriginLine({
      host: "192.0.2.10",
      originHost: "anonymous.invalid",
      username: "bob",
      originId: "5",
    });
    expect(line.stamp((origin) => origin)).toBe("bob 5 1 IN IP4 anonymous.invalid");
    for (const username of ["", "a b", "a\r\nx"]) {
      expect(codeOf(() => new OriginLine({ host: "a.example", username }))).toBe("bad-origin");
    }
    const ids = new Set(
      Array.from({ length: 200 }, () => new OriginLine({ host: "::1" }).stamp((origin) => origin)),
    );
    expect(ids.size).toBe(200);
  });

  test("RFC 3264 §5: the first numbers stay below 2^62-1 [3264-5-02]", () => {
    const largest = String(2n ** 62n - 2n);
    expect(
      new OriginLine({ host: "::1", originId: largest, originVersion: largest }).stamp((origin) => origin),
    ).toBe(`- ${largest} ${largest} IN IP6 ::1`);
    for (const number of [String(2n ** 62n - 1n), "-1", "x", "1e3", ""]) {
      expect(codeOf(() => new OriginLine({ host: "::1", originId: number }))).toBe("bad-origin");
      expect(codeOf(() => new OriginLine({ host: "::1", originVersion: number }))).toBe("bad-origin");
    }
  });
});
