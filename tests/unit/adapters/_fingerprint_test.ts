// Fingerprints by RFC 8122, and the reading of subjectAltName that follows from trusting it.
import { createHash } from "node:crypto";
import { describe, expect, test } from "#test";
import { matchesFingerprint, parseSubjectAltNames } from "../../../adapters/_fingerprint.ts";

const der = new TextEncoder().encode("a certificate");
const hex = (hash: string): string =>
  (createHash(hash).update(der).digest("hex").match(/../g) ?? []).join(":");
const wrong = "00:".repeat(31).concat("00");

describe("fingerprints", () => {
  test("RFC 8122 §5: a hash over the DER certificate, any case of name and value [8122-5-03]", () => {
    expect(matchesFingerprint(der, [{ hash: "sha-256", value: hex("sha256").toUpperCase() }])).toBe(true);
    expect(matchesFingerprint(der, [{ hash: "SHA-256", value: hex("sha256") }])).toBe(true);
    expect(matchesFingerprint(der, [{ hash: "sha-1", value: hex("sha1") }])).toBe(true);
    expect(matchesFingerprint(der, [{ hash: "sha-512", value: hex("sha512") }])).toBe(true);
    expect(matchesFingerprint(der, [{ hash: "sha-256", value: wrong }])).toBe(false);
    expect(matchesFingerprint(der, [{ hash: "sha-256", value: hex("sha256").slice(3) }])).toBe(false);
  });

  test("RFC 8122 §5: MD5 and MD2 are known and never trusted [8122-5-04]", () => {
    expect(matchesFingerprint(der, [{ hash: "md5", value: hex("md5") }])).toBe(false);
    expect(matchesFingerprint(der, [])).toBe(false);
  });

  test("RFC 8122 §5.1: one of several of the same hash is enough [8122-5.1-01]", () => {
    const offered = [
      { hash: "sha-256", value: wrong },
      { hash: "sha-256", value: hex("sha256") },
    ];
    expect(matchesFingerprint(der, offered)).toBe(true);
  });

  test("RFC 8122 §5.1: only the strongest hash offered counts [8122-5.1-04]", () => {
    const right = { hash: "sha-1", value: hex("sha1") };
    expect(matchesFingerprint(der, [{ hash: "sha-256", value: wrong }, right])).toBe(false);
    expect(matchesFingerprint(der, [right, { hash: "sha-512", value: hex("sha512") }])).toBe(true);
    expect(matchesFingerprint(der, [{ hash: "md5", value: wrong }, right])).toBe(true);
  });
});

describe("subjectAltName", () => {
  test("entries as OpenSSL writes them", () => {
    expect(
      parseSubjectAltNames("DNS:localhost, DNS:*.msrp.test, IP Address:127.0.0.1, URI:sip:a@b.test"),
    ).toEqual(["DNS:localhost", "DNS:*.msrp.test", "IP:127.0.0.1", "URI:sip:a@b.test"]);
    expect(parseSubjectAltNames("")).toEqual([]);
    expect(parseSubjectAltNames(undefined)).toEqual([]);
  });

  test("a comma inside a quoted value makes no second name", () => {
    const entries = parseSubjectAltNames('DNS:"good.test, DNS:evil.test", DNS:other.test');
    expect(entries).toEqual(['DNS:"good.test, DNS:evil.test"', "DNS:other.test"]);
  });
});
