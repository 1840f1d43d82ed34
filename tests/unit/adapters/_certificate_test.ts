// Fingerprints of own certificates, compared with what the certificate library computes, and DER that is cut or odd.
import { beforeAll, describe, expect, test } from "#test";
import { certificateFingerprints, digest, signatureHashOf } from "../../../adapters/_certificate.ts";
import type { MsrpError } from "../../../core/errors.ts";
import { type Certificates, hexFingerprint, makeCertificates } from "../../../testing/certificates.ts";
import { thrown } from "../../support/nodes.ts";

/** DER of a certificate as far as its signature algorithm; `identifier` is the content of the OID. */
function certificateWith(identifier: readonly number[], tbsLength = 200): Uint8Array {
  const wrap = (tag: number, content: readonly number[]): number[] =>
    content.length < 128
      ? [tag, content.length, ...content]
      : [tag, 0x82, content.length >> 8, content.length & 0xff, ...content];
  const tbs = wrap(
    0x30,
    Array.from({ length: tbsLength }, () => 0),
  );
  return new Uint8Array(wrap(0x30, [...tbs, ...wrap(0x30, wrap(0x06, identifier)), 0x03, 1, 0]));
}

const ecdsa = (last: number): number[] => [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, last];
const rsa = (last: number): number[] => [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, last];

describe("the fingerprints of a certificate", () => {
  let certificates: Certificates;
  beforeAll(async () => {
    certificates = await makeCertificates();
  });

  test("RFC 8122 §5: the hash is over the DER [8122-5-03]", async () => {
    const { cert, der, fingerprint } = certificates.selfSigned;
    expect(certificateFingerprints(cert)).toEqual([{ hash: "sha-256", value: fingerprint }]);
    const sha512 = new Uint8Array(await crypto.subtle.digest("SHA-512", der as Uint8Array<ArrayBuffer>));
    expect(hexFingerprint(digest("SHA-512", der) ?? new Uint8Array())).toBe(hexFingerprint(sha512));
  });

  test("of a chain the first certificate counts", () => {
    const { cert, fingerprint } = certificates.server;
    expect(certificateFingerprints(`${cert}${certificates.ca}`)[0]?.value).toBe(fingerprint);
  });

  test("RFC 8122 §5: MD5 and MD2 are not there [8122-5-04]", () => {
    const octets = new Uint8Array(3);
    expect([digest("md5", octets), digest("md2", octets), digest("toString", octets)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(
      ["sha-1", "sha-224", "sha-256", "sha-384", "sha-512"].map((name) => digest(name, octets)?.length),
    ).toEqual([20, 28, 32, 48, 64]);
  });

  test("RFC 8122 §5.1: the hash of the signature is read from the certificate [8122-5.1-02]", () => {
    expect(signatureHashOf(certificates.selfSigned.der)).toBe("sha-256");
    expect([1, 2, 3, 4].map((last) => signatureHashOf(certificateWith(ecdsa(last))))).toEqual([
      "sha-224",
      "sha-256",
      "sha-384",
      "sha-512",
    ]);
    expect([5, 11, 12, 13, 14].map((last) => signatureHashOf(certificateWith(rsa(last), 20)))).toEqual([
      "sha-1",
      "sha-256",
      "sha-384",
      "sha-512",
      "sha-224",
    ]);
    // Ed25519 hashes by itself.
    expect(signatureHashOf(certificateWith([0x2b, 0x65, 0x70]))).toBe(undefined);
    const der = certificateWith(ecdsa(3));
    const pem = `-----BEGIN CERTIFICATE-----\n${btoa(String.fromCharCode(...der))}\n-----END CERTIFICATE-----`;
    expect(certificateFingerprints(pem).map(({ hash }) => hash)).toEqual(["sha-256", "sha-384"]);
  });

  test("a certificate that is cut at any octet is no trap", () => {
    const der = certificateWith(ecdsa(2), 20);
    for (let end = 0; end < der.length - 3; end++)
      expect(signatureHashOf(der.subarray(0, end))).toBe(undefined);
    expect(thrown<MsrpError>(() => certificateFingerprints("no PEM")).code).toBe("bad-certificate");
  });
});
