// Parameter lists: what deployed peers write is read, what is ambiguous is refused, and nothing takes long.
// Faults never repeat the value, because it holds credentials.
import { describe, expect, test } from "#test";
import { LocalProtocolError, RemoteProtocolError } from "../../../../core/errors.ts";
import {
  MAX_DIGEST_FIELDS,
  parseDigestFields,
  parseInfoFields,
  quoted,
} from "../../../../core/relay/digest_fields.ts";

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof RemoteProtocolError || error instanceof LocalProtocolError) return error.code;
    throw error;
  }
  return "none";
}

function fields(text: string): Record<string, string> {
  return Object.fromEntries(parseDigestFields(text)[0]?.values ?? []);
}

describe("parseDigestFields()", () => {
  test("RFC 4976 §7: parameters with or without blanks between them [4976-7-01]", () => {
    const want = { realm: "r", nonce: "n", qop: "auth" };
    expect(fields('Digest realm="r", nonce="n", qop="auth"')).toEqual(want);
    expect(fields('Digest realm="r",nonce="n",qop="auth"')).toEqual(want);
    expect(fields('Digest  realm = "r" ,\tnonce="n" ,, qop=auth,')).toEqual(want);
  });

  test("RFC 2617 §1.2: names and scheme in any letter case, values as they are [2617-1.2-01]", () => {
    const [group] = parseDigestFields('dIGEST REALM="Example.COM", NoNcE="aB"');
    expect(group?.scheme).toBe("dIGEST");
    expect(Object.fromEntries(group?.values ?? [])).toEqual({ realm: "Example.COM", nonce: "aB" });
  });

  test("RFC 7616 §3.3: unquoting removes quotes and escaping backslashes [7616-3.3-05]", () => {
    expect(fields('Digest realm="say \\"hi\\", ok", nonce="a\\\\b"')).toEqual({
      realm: 'say "hi", ok',
      nonce: "a\\b",
    });
  });

  test("RFC 4976 §7: unknown parameters do not disturb [4976-7-07] [2617-3.2.1-08]", () => {
    expect(fields('Digest realm="r", x-new="a, b=c", nonce="n", flag=1')["nonce"]).toBe("n");
  });

  test("RFC 7235 §4.1: several challenges in one value, also of other schemes", () => {
    const groups = parseDigestFields('Basic realm="b", Digest realm="d", nonce="n", Negotiate YWJj=, Bearer');
    expect(groups.map(({ scheme, values }) => [scheme, ...values.keys()])).toEqual([
      ["Basic", "realm"],
      ["Digest", "realm", "nonce"],
      ["Negotiate"],
      ["Bearer"],
    ]);
  });

  test("RFC 7616 §3.3: a parameter that occurs twice is refused", () => {
    expect(codeOf(() => parseDigestFields('Digest realm="a", Realm="b"'))).toBe("digest-syntax");
  });

  test("what is no list is refused, and the fault does not show it", () => {
    for (const text of [
      "",
      " , ",
      'Digest realm="open',
      'Digest realm="a" nonce="b"',
      'realm="a"',
      'Digest realm="a", "b"',
      "Digest realm=a\u0000b",
      "Digest realm=\u007f",
      'Digest realm="a\nb"',
    ]) {
      expect([text, codeOf(() => parseDigestFields(text))]).toEqual([text, "digest-syntax"]);
    }
    try {
      parseDigestFields('Digest response="5ec4e7');
      expect("nothing thrown").toBe("an error");
    } catch (error) {
      expect((error as Error).message).not.toContain("5ec4e7");
    }
  });

  test(`limit: ${MAX_DIGEST_FIELDS} parameters are read, one more is refused`, () => {
    const list = (count: number): string =>
      `Digest ${Array.from({ length: count }, (_, index) => `p${index}=v`).join(", ")}`;
    expect(Object.keys(fields(list(MAX_DIGEST_FIELDS))).length).toBe(MAX_DIGEST_FIELDS);
    expect(codeOf(() => parseDigestFields(list(MAX_DIGEST_FIELDS + 1)))).toBe("digest-syntax");
  });

  test("hostile values of the longest header line are read in linear time", () => {
    for (const text of [
      `Digest a="${"\\".repeat(8000)}`,
      `Digest a="${'\\"'.repeat(4000)}`,
      `Digest ${"a".repeat(8000)}`,
      `Digest a=${" ".repeat(8000)}!`,
      `Digest ${"a ".repeat(4000)}`,
      `Digest a="${"a".repeat(8000)}"b`,
    ]) {
      const began = performance.now();
      codeOf(() => parseDigestFields(text));
      expect(performance.now() - began).toBeLessThan(250);
    }
  });
});

describe("parseInfoFields()", () => {
  test("RFC 4976 §7: Authentication-Info has no scheme", () => {
    expect([...parseInfoFields('nextnonce="n", nc=00000001')]).toEqual([
      ["nextnonce", "n"],
      ["nc", "00000001"],
    ]);
    expect(codeOf(() => parseInfoFields('Digest nextnonce="n"'))).toBe("digest-syntax");
  });
});

describe("quoted()", () => {
  test("escapes what a quoted-string cannot hold, and reading gives it back", () => {
    for (const text of ["", "plain", 'a "b" c', "back\\slash", "zoë ☃", "comma, = ;"]) {
      expect(fields(`Digest realm=${quoted(text)}`)["realm"]).toBe(text);
    }
  });

  test("refuses control characters: no header field can be injected", () => {
    for (const text of ["a\r\nTo-Path: x", "a\tb", "\u0000", "\u007f"]) {
      expect(codeOf(() => quoted(text))).toBe("digest-syntax");
    }
  });
});
