// Authentication-Info: the form of RFC 4976 §7, written exactly and read in any order.
import { describe, expect, test } from "#test";
import { formatAuthenticationInfo, parseAuthenticationInfo } from "../../../../core/relay/digest_info.ts";

describe("Authentication-Info", () => {
  test("RFC 4976 §7, §9.1: no scheme, commas, nc and qop bare [4976-7-04] [4976-9.1-19] [7616-3.5-01]", () => {
    const info = { nextnonce: "n2", rspauth: "ab", cnonce: "c", nc: "00000001", qop: "auth" };
    expect(formatAuthenticationInfo(info)).toBe(
      'nextnonce="n2", qop=auth, rspauth="ab", cnonce="c", nc=00000001',
    );
    expect(parseAuthenticationInfo(formatAuthenticationInfo(info))).toEqual(info);
    expect(formatAuthenticationInfo({ ...info, nextnonce: undefined })).toBe(
      'qop=auth, rspauth="ab", cnonce="c", nc=00000001',
    );
  });

  test("RFC 4976 §7: any order, any spacing, unknown parameters, a quoted qop [4976-7-04]", () => {
    expect(parseAuthenticationInfo('NC=0000000b,x=y,qop="auth",  cnonce="c" ,rspauth="ab"')).toEqual({
      nextnonce: undefined,
      rspauth: "ab",
      cnonce: "c",
      nc: "0000000b",
      qop: "auth",
    });
  });
});
