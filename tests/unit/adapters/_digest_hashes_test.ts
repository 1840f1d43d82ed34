// A runtime's own hashes must be those of the portable functions, octet for octet: a farm may mix runtimes, and the
// vectors of the RFCs hold for both.
import { describe, expect, test } from "#test";
import { digestHashes } from "../../../adapters/_digest_hashes.ts";
import { type DigestHashes, portableHashes } from "../../../core/mod.ts";

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);

for (const [name, hashes] of Object.entries({ digestHashes, portableHashes }) as [string, DigestHashes][]) {
  describe(`hashes of Digest: ${name}`, () => {
    test("RFC 1321 §A.5: MD5", () => {
      expect(hashes.hash("MD5", "message digest")).toBe("f96b697d7cb7938d525a2f31aaf161d0");
      expect(hashes.hash("MD5", "")).toBe("d41d8cd98f00b204e9800998ecf8427e");
    });

    test("FIPS 180-2 §B.1 and §C.1: SHA-256; SHA-512/256", () => {
      expect(hashes.hash("SHA-256", "abc")).toBe(
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      );
      expect(hashes.hash("SHA-512-256", "abc")).toBe(
        "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23",
      );
    });

    test("RFC 7616 §3.4: text is hashed as UTF-8", () => {
      for (const algorithm of ["MD5", "SHA-256", "SHA-512-256"] as const) {
        expect(hashes.hash(algorithm, "Jäsøn 😀")).toBe(portableHashes.hash(algorithm, "Jäsøn 😀"));
      }
    });

    test("RFC 4231 §4.3: HMAC-SHA-256, the same key more than once", () => {
      const mac = hashes.hmac(octets("Jefe"));
      const expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
      expect(mac(octets("what do ya want for nothing?"))).toBe(expected);
      expect(mac(octets("another"))).not.toBe(expected);
      expect(mac(octets("what do ya want for nothing?"))).toBe(expected);
    });
  });
}
