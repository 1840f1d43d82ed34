// The computations of Digest against values that others have published; the vectors hold many more.
// Comparisons of secrets take the same path whatever they compare.
import { describe, expect, test } from "#test";
import {
  createHa1,
  createSessionHa1,
  createUserhash,
  type DigestParts,
  digestResponse,
  digestRspauth,
  equalDigests,
} from "../../../../core/relay/digest.ts";

const mufasa: DigestParts = {
  algorithm: "MD5",
  nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
  cnonce: "0a4f113b",
  nc: "00000001",
  qop: "auth",
};

describe("digestResponse()", () => {
  test("RFC 2617 §3.5: the printed example [2617-3.2.2.1-01] [2617-3.2.2.4-01]", () => {
    const ha1 = createHa1("MD5", "Mufasa", "testrealm@host.com", "Circle Of Life");
    expect(ha1).toBe("939e7578ed9e3c518a452acee763bce9");
    expect(digestResponse(mufasa, ha1, "GET", "/dir/index.html")).toBe("6629fae49393a05397450978507c4ef1");
  });

  test("RFC 7616 §3.9.1: the printed SHA-256 example", () => {
    const parts: DigestParts = {
      algorithm: "SHA-256",
      nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
      cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
      nc: "00000001",
      qop: "auth",
    };
    const ha1 = createHa1("SHA-256", "Mufasa", "http-auth@example.org", "Circle of Life");
    expect(digestResponse(parts, ha1, "GET", "/dir/index.html")).toBe(
      "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
    );
  });

  test("RFC 4976 §9.1: A2 is AUTH and the URI octet for octet, so another spelling is another response [4976-9.1-13] [4976-T2]", () => {
    const ha1 = createHa1("MD5", "alice", "relay.example.com", "correct horse battery");
    const responses = [
      "msrps://relay.example.com;tcp",
      "MSRPS://Relay.Example.COM;TCP",
      "msrps://relay.example.com:2855;tcp",
      "msrps://alice@relay.example.com;tcp",
    ].map((uri) => digestResponse(mufasa, ha1, "AUTH", uri));
    expect(new Set(responses).size).toBe(4);
  });

  test("RFC 2617 §3.2.2.2: A1 is made of the unquoted values [2617-3.2.2.2-01]", () => {
    // The value of vector MSRP-MD5-12.
    expect(createHa1("MD5", "alice", 'say "hi", ok', "correct horse battery")).toBe(
      "24b349afa7518c53125b391ba9ec8bc2",
    );
  });

  test("RFC 2617 §3.2.2.2: the -sess forms hash the hex text of HA1 [2617-3.2.2.2-02] [7616-3.4.2-01]", () => {
    // The value of vector MSRP-MD5-sess-01.
    expect(createSessionHa1("MD5", "bc4f54f1e9bf890fa70c9d47113f51b4", "bm9uY2UtMDAwMQ==", "c0ffee00")).toBe(
      "bac6305a92e3089aa156c4dc5f2e3310",
    );
  });
});

describe("digestRspauth()", () => {
  test("RFC 2617 §3.2.3: A2 of the relay's proof has no method [2617-3.2.3-05]", () => {
    const ha1 = "939e7578ed9e3c518a452acee763bce9";
    expect(digestRspauth(mufasa, ha1, "/dir/index.html")).toBe("376602cfd2f4e8e5e78b948a85263e85");
  });
});

describe("createUserhash()", () => {
  test("RFC 7616 §3.9.2, erratum 4897: the hash of user and realm [4976-T6]", () => {
    expect(createUserhash("SHA-512-256", "Jäsøn Doe", "api@example.org")).toBe(
      "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b",
    );
  });
});

describe("equalDigests()", () => {
  test("is equality, for equal and for different lengths", () => {
    const hash = "939e7578ed9e3c518a452acee763bce9";
    expect(equalDigests(hash, hash)).toBe(true);
    expect(equalDigests("", "")).toBe(true);
    for (const other of ["", "9", hash.slice(1), `${hash}0`, hash.replace("9", "a"), hash.toUpperCase()]) {
      expect([other, equalDigests(hash, other), equalDigests(other, hash)]).toEqual([other, false, false]);
    }
    expect(equalDigests(hash.slice(0, -1), hash)).toBe(false);
    // A missing character must not count as U+0000.
    expect(equalDigests("a\u0000", "a")).toBe(false);
  });
});
