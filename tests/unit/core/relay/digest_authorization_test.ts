// Authorization: the exact form that a client writes, and what a relay insists on.
import { describe, expect, test } from "#test";
import { RemoteProtocolError } from "../../../../core/errors.ts";
import {
  formatAuthorization,
  MAX_DIGEST_NAME_LENGTH,
  parseAuthorization,
} from "../../../../core/relay/digest_authorization.ts";

const response = "3e0e6b0536361bc6a69142672dcb3385";
const whole = {
  username: '"alice"',
  realm: '"r"',
  nonce: '"n"',
  qop: "auth",
  nc: "00000001",
  cnonce: '"c"',
  response: `"${response}"`,
};

function text(change: Readonly<Record<string, string | undefined>> = {}): string {
  const parameters = Object.entries({ ...whole, ...change }).filter(([, value]) => value !== undefined);
  return `Digest ${parameters.map(([name, value]) => `${name}=${value}`).join(", ")}`;
}

function refusal(value: string): string {
  try {
    parseAuthorization(value);
  } catch (error) {
    if (error instanceof RemoteProtocolError) return `${error.status} ${error.code}`;
    throw error;
  }
  return "accepted";
}

describe("formatAuthorization()", () => {
  test("RFC 4976 §7: qop, nc and algorithm bare, the others quoted [4976-7-03] [4976-9.1-16] [7616-3.4-01] [4976-9.1-11] [4976-T5]", () => {
    expect(
      formatAuthorization({
        username: "alice",
        realm: "r",
        nonce: "n",
        uri: "msrps://relay.example.com;tcp",
        cnonce: "c",
        nc: "0000000a",
        response,
        opaque: "o",
        algorithm: "MD5",
      }),
    ).toBe(
      'Digest username="alice", realm="r", nonce="n", uri="msrps://relay.example.com;tcp", qop=auth, ' +
        `nc=0000000a, cnonce="c", response="${response}", opaque="o", algorithm=MD5`,
    );
  });
});

describe("parseAuthorization()", () => {
  test("RFC 4976 §7: the form of the RFC, without uri [4976-9.1-17]", () => {
    expect(parseAuthorization(text())).toEqual({
      username: "alice",
      realm: "r",
      nonce: "n",
      cnonce: "c",
      nc: "00000001",
      response,
      algorithm: undefined,
      opaque: undefined,
      uri: undefined,
      userhash: false,
    });
    expect(parseAuthorization(text({ uri: '"msrps://x;tcp"', qop: '"auth"' })).uri).toBe("msrps://x;tcp");
  });

  test("RFC 4976 §9.1: without qop, cnonce or nc nothing is accepted [4976-9.1-12] [7616-3.4-03] [2617-3.2.2-04]", () => {
    for (const name of Object.keys(whole)) {
      expect([name, refusal(text({ [name]: undefined }))]).toEqual([name, "400 digest-parameter"]);
    }
    expect(refusal(text({ qop: "auth-int" }))).toBe("400 digest-parameter");
    expect(refusal(text({ cnonce: '""' }))).toBe("400 digest-parameter");
  });

  test("RFC 7616 §3.5: nc is exactly 8 hex digits [7616-3.4-04]", () => {
    for (const nc of ["1", "0000001", "000000001", "0000000g", "-0000001", '""']) {
      expect([nc, refusal(text({ nc }))]).toEqual([nc, "400 digest-parameter"]);
    }
    expect(parseAuthorization(text({ nc: "0000000A" })).nc).toBe("0000000A");
  });

  test("RFC 7616 §3.2: 32 or 64 hex digits of response, capitals as well [7616-3.2-01]", () => {
    expect(refusal(text({ response: `"${"a".repeat(64)}"` }))).toBe("accepted");
    expect(parseAuthorization(text({ response: `"${response.toUpperCase()}"` })).response).toBe(response);
    for (const wrong of ["", "a".repeat(31), "a".repeat(33), "a".repeat(63), "g".repeat(32)]) {
      expect([wrong, refusal(text({ response: `"${wrong}"` }))]).toEqual([wrong, "400 digest-parameter"]);
    }
  });

  test("RFC 4976 §9.1: Basic and other schemes are not accepted [4976-9.1-03]", () => {
    for (const value of ["Basic YWxpY2U6b3BlbiBzZXNhbWU=", 'Bearer x="y"', "Negotiate YWJj"]) {
      expect([value, refusal(value)]).toEqual([value, "401 not-digest"]);
    }
  });

  test("RFC 7616 §3.4: username and username* exclude each other [7616-3.4-02]", () => {
    const extended = { username: undefined, "username*": "UTF-8''J%C3%A4s%C3%B8n%20Doe" };
    expect(parseAuthorization(text(extended)).username).toBe("Jäsøn Doe");
    expect(refusal(text({ "username*": "UTF-8''alice" }))).toBe("400 digest-parameter");
    for (const wrong of ["ISO-8859-1''a", "UTF-8''%ff", "UTF-8''%0D%0A", "UTF-8''", "alice"]) {
      expect([wrong, refusal(text({ ...extended, "username*": wrong }))]).toEqual([
        wrong,
        "400 digest-parameter",
      ]);
    }
    expect(refusal(text({ ...extended, userhash: "true" }))).toBe("400 digest-parameter");
  });

  test("two sets of credentials are none", () => {
    expect(refusal(`${text()}, ${text()}`)).toBe("400 digest-parameter");
  });

  test(`limit: a name of ${MAX_DIGEST_NAME_LENGTH} characters is read, a longer one is refused`, () => {
    for (const name of ["username", "realm", "nonce", "cnonce"]) {
      expect(refusal(text({ [name]: `"${"a".repeat(MAX_DIGEST_NAME_LENGTH)}"` }))).toBe("accepted");
      expect(refusal(text({ [name]: `"${"a".repeat(MAX_DIGEST_NAME_LENGTH + 1)}"` }))).toBe(
        "400 digest-parameter",
      );
    }
  });
});
