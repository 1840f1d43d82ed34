// Fingerprints: grammar, the hash over a certificate, and which of several count.
import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "#test";
import {
  type Digest,
  type Fingerprint,
  fingerprintOf,
  fingerprintsOf,
  formatFingerprint,
  matchesFingerprint,
  readFingerprint,
} from "../../../../core/sdp/fingerprint.ts";
import { type Certificates, makeCertificates } from "../../../../testing/certificates.ts";
import { codeOf } from "./texts.ts";

const digest: Digest = (hash, octets) =>
  new Uint8Array(createHash(hash.replace("-", "")).update(octets).digest());
const der = new TextEncoder().encode("not really a certificate");
const wrong = (hash: string, octets: number): Fingerprint => ({
  hash,
  value: new Array(octets).fill("00").join(":"),
});
let certificates: Certificates;

beforeAll(async () => {
  certificates = await makeCertificates();
});

/** Reads strictly. */
function strict(text: string): Fingerprint {
  return readFingerprint(text, (_code, _detail, code) => {
    throw Object.assign(new Error(), { code });
  });
}

describe("a=fingerprint", () => {
  test("RFC 8122 §5: hash name in any case, then capital hex pairs of the hash's length [8122-5-02]", () => {
    const value = wrong("sha-1", 20).value;
    expect(strict(`SHA-1 ${value}`)).toEqual({ hash: "sha-1", value });
    expect(formatFingerprint({ hash: "sha-1", value })).toBe(`sha-1 ${value}`);
    const bad = [
      `sha-256 ${value}`,
      `sha-1 ${value}:00`,
      `sha-1 ${value.replaceAll(":", "")}`,
      `sha-1  ${value}`,
      `sha-1 ${value} x`,
      "sha-1",
      "",
      `sha-1 ${value.slice(0, -1)}`,
      `sha-1 ${value.replace("00", "0G")}`,
      `s(a ${value}`,
    ];
    for (const text of bad) expect([text, codeOf(() => strict(text))]).toEqual([text, "bad-fingerprint"]);
  });

  test("RFC 8122 §5: small letters are refused strictly and taken tolerantly", () => {
    const text = `sha-1 ${new Array(20).fill("ab").join(":")}`;
    expect(codeOf(() => strict(text))).toBe("bad-fingerprint");
    expect(readFingerprint(text, () => {}).value).toBe(new Array(20).fill("AB").join(":"));
  });

  test("RFC 8122 §5: the hash is over the DER certificate, here against the certificate maker's own [8122-5-03]", () => {
    const { der: octets, fingerprint } = certificates.selfSigned;
    expect(fingerprintOf(octets, "SHA-256", digest)).toEqual({ hash: "sha-256", value: fingerprint });
  });

  test("RFC 8122 §5: MD5 and MD2 are recognised, but neither made nor trusted [8122-5-04]", () => {
    const md5: Fingerprint = {
      hash: "md5",
      value: createHash("md5")
        .update(der)
        .digest("hex")
        .toUpperCase()
        .replace(/..(?=.)/g, "$&:"),
    };
    expect(strict(formatFingerprint(md5))).toEqual(md5);
    expect(codeOf(() => strict("md5 00"))).toBe("bad-fingerprint");
    expect(matchesFingerprint([md5], der, digest)).toBe(false);
    expect(matchesFingerprint([md5], der, digest, ["md5"])).toBe(false);
    for (const hash of ["md5", "md2", "nothing"])
      expect(codeOf(() => fingerprintOf(der, hash, digest))).toBe("bad-hash");
  });
});

describe("own fingerprints", () => {
  test("RFC 8122 §5.1: SHA-256 and the hash of the certificate's signature [8122-5.1-02]", () => {
    const hashes = (signatureHash?: string): string[] =>
      fingerprintsOf([{ der, signatureHash }], digest).map(({ hash }) => hash);
    expect(hashes("SHA-384")).toEqual(["sha-256", "sha-384"]);
    expect(hashes("SHA-256")).toEqual(["sha-256"]);
    expect(hashes("md5")).toEqual(["sha-256"]);
    expect(hashes()).toEqual(["sha-256"]);
  });

  test("RFC 8122 §5.1: the same hashes for each of several certificates [8122-5.1-03]", () => {
    const made = fingerprintsOf([{ der, signatureHash: "sha-512" }, { der: der.subarray(1) }], digest);
    expect(made.map(({ hash }) => hash)).toEqual(["sha-256", "sha-512", "sha-256", "sha-512"]);
    expect(new Set(made.map(({ value }) => value)).size).toBe(4);
  });
});

describe("checking a certificate", () => {
  const right = (hash: string): Fingerprint => fingerprintOf(der, hash, digest);

  test("RFC 8122 §5.1: only the strongest offered hash counts, so a right SHA-1 saves nothing [8122-5.1-04]", () => {
    expect(matchesFingerprint([wrong("sha-256", 32), right("sha-1")], der, digest)).toBe(false);
    expect(matchesFingerprint([wrong("sha-1", 20), right("sha-256")], der, digest)).toBe(true);
    expect(matchesFingerprint([right("sha-256"), wrong("sha-512", 64)], der, digest)).toBe(false);
  });

  test("RFC 8122 §5.1: one match among several certificates is enough, no match is none [8122-5.1-05]", () => {
    expect(matchesFingerprint([wrong("sha-256", 32), right("sha-256")], der, digest)).toBe(true);
    expect(matchesFingerprint([wrong("sha-256", 32)], der, digest)).toBe(false);
    expect(matchesFingerprint([], der, digest)).toBe(false);
    expect(
      matchesFingerprint([{ hash: "sha-256", value: right("sha-256").value.slice(0, -1) }], der, digest),
    ).toBe(false);
  });

  test("a hash that the runtime lacks, or that nobody trusts, is passed over", () => {
    const lacking: Digest = (hash, octets) => (hash === "sha-512" ? undefined : digest(hash, octets));
    expect(matchesFingerprint([wrong("sha-512", 64), right("sha-256")], der, lacking)).toBe(true);
    expect(matchesFingerprint([{ hash: "blake3", value: "00" }], der, digest)).toBe(false);
    expect(matchesFingerprint([right("sha-1")], der, digest, ["sha-256"])).toBe(false);
  });
});
