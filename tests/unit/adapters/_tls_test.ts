// What TLS options mean: the name that is sent, the name that is checked, and who judges the peer.
import { createHash } from "node:crypto";
import { describe, expect, test } from "#test";
import {
  describePeer,
  expectedName,
  fingerprintFault,
  sentName,
  serverFault,
  usesAuthority,
  usesFingerprints,
} from "../../../adapters/_tls.ts";

const at = (host: string): { host: string; port: number; secure: boolean } => ({
  host,
  port: 1,
  secure: true,
});

describe("names", () => {
  test("the host, unless a server name is given; the TLS options' own comes first", () => {
    expect(expectedName(at("a.test"))).toBe("a.test");
    expect(expectedName({ ...at("a.test"), serverName: "b.test" })).toBe("b.test");
    expect(expectedName({ ...at("a.test"), serverName: "b.test", tls: { serverName: "c.test" } })).toBe(
      "c.test",
    );
  });

  test("RFC 4975 §14.2: an address is checked but not sent [4975-14.2-02]", () => {
    expect([sentName(at("127.0.0.1")), expectedName(at("127.0.0.1"))]).toEqual(["", "127.0.0.1"]);
    expect(sentName(at("2001:db8::1"))).toBe("");
    expect(sentName({ ...at("127.0.0.1"), serverName: "b.test" })).toBe("b.test");
  });
});

describe("who judges", () => {
  test("the authority by default, fingerprints instead of it, nobody when told so", () => {
    expect([usesAuthority(undefined), usesFingerprints(undefined)]).toEqual([true, false]);
    expect([usesAuthority({ fingerprints: [] }), usesFingerprints({ fingerprints: [] })]).toEqual([
      false,
      true,
    ]);
    expect(usesAuthority({ rejectUnauthorized: false })).toBe(false);
  });

  test("RFC 4976 §9.2: a server's name is in subjectAltName, unless nobody asks for it [4976-9.2-04]", () => {
    const peer = (names: string | undefined) => describePeer(new Uint8Array([1]), names, true);
    expect(serverFault({}, peer("DNS:a.test"))).toBe(undefined);
    expect(serverFault(undefined, peer("IP Address:192.0.2.1"))).toBe(undefined);
    expect(serverFault({}, peer(undefined))?.message).toContain("subjectAltName");
    expect(serverFault({}, peer("URI:sip:a@b"))?.message).toContain("subjectAltName");
    expect(serverFault({ rejectUnauthorized: false }, peer(undefined))).toBe(undefined);
    expect(serverFault({ fingerprints: [] }, peer("DNS:a.test"))?.message).toContain("fingerprints");
  });

  test("fingerprints: no certificate and a wrong one are faults, an empty list trusts nobody", () => {
    const der = new Uint8Array([1, 2, 3]);
    const value = (createHash("sha256").update(der).digest("hex").match(/../g) ?? []).join(":");
    const right = { fingerprints: [{ hash: "sha-256", value }] };
    expect(fingerprintFault(undefined, undefined)).toBe(undefined);
    expect(fingerprintFault(right, der)).toBe(undefined);
    expect(fingerprintFault(right, undefined)?.message).toContain("no certificate");
    expect(fingerprintFault(right, new Uint8Array([9]))?.message).toContain("none of the fingerprints");
    expect(fingerprintFault({ fingerprints: [] }, der)).toBeInstanceOf(Error);
  });

  test("the certificate that is shown is a copy", () => {
    const pool = new Uint8Array([9, 1, 2, 9]);
    const peer = describePeer(pool.subarray(1, 3), "DNS:a.test", true);
    pool.fill(0);
    expect(peer).toEqual({ der: new Uint8Array([1, 2]), subjectAltNames: ["DNS:a.test"], verified: true });
    expect(describePeer(undefined, undefined, false)).toBe(undefined);
  });
});
