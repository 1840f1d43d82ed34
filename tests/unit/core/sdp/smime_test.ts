// S/MIME in type lists: what is declared, and what a declaration lets us try.
import { describe, expect, test } from "#test";
import { isTypeEntry } from "../../../../core/sdp/media_type.ts";
import { acceptsClearSigned, acceptsSmime, requiresSmime, smimeEntries } from "../../../../core/sdp/mod.ts";

const accepts = (...acceptTypes: string[]): { acceptTypes: string[]; acceptWrappedTypes: string[] } => ({
  acceptTypes,
  acceptWrappedTypes: ["text/plain"],
});

describe("S/MIME types", () => {
  test("RFC 8591 §6: pkcs7-mime without parameter means every kind, else one entry a kind [8591-6-03] [8591-8.3-01]", () => {
    expect(smimeEntries({ kinds: "all" })).toEqual(["application/pkcs7-mime"]);
    const entries = smimeEntries({ kinds: ["signed-data", "auth-enveloped-data"] });
    expect(entries).toEqual([
      "application/pkcs7-mime;smime-type=signed-data",
      "application/pkcs7-mime;smime-type=auth-enveloped-data",
    ]);
    expect(entries.every(isTypeEntry)).toBe(true);
    expect(acceptsSmime(accepts("application/pkcs7-mime"), "compressed-data")).toBe("listed");
    expect(acceptsSmime(accepts(...entries), "signed-data")).toBe("listed");
    expect(acceptsSmime(accepts(...entries), "enveloped-data")).toBe("no");
  });

  test("RFC 8591 §6: application/pkcs7-signature says that clear-signed content is validated [8591-6-02]", () => {
    const entries = smimeEntries({ kinds: [], clearSigned: true });
    expect(entries).toEqual(["multipart/signed", "application/pkcs7-signature"]);
    expect(acceptsClearSigned(accepts(...entries))).toBe(true);
    expect(acceptsClearSigned(accepts("multipart/signed"))).toBe(false);
  });

  test("RFC 8591 §8.3: a peer with a wildcard may be tried [8591-8.3-03]", () => {
    expect(acceptsSmime(accepts("*"), "signed-data")).toBe("wildcard");
    expect(acceptsSmime(accepts("application/*"), "signed-data")).toBe("wildcard");
    expect(acceptsSmime(accepts("*", "application/pkcs7-mime"), "signed-data")).toBe("listed");
    expect(acceptsSmime(accepts("text/*"), "signed-data")).toBe("no");
  });

  test("RFC 8591 §8.3: nothing but S/MIME at the root means that it is required [8591-8.3-02]", () => {
    expect(requiresSmime(accepts("application/pkcs7-mime;smime-type=signed-data", "multipart/signed"))).toBe(
      true,
    );
    expect(requiresSmime(accepts("application/pkcs7-mime", "text/plain"))).toBe(false);
    expect(requiresSmime(accepts("*"))).toBe(false);
    expect(requiresSmime(accepts())).toBe(false);
  });
});
