// From a negotiated identity to TLS options and to the verdict on a connection, without a handshake.
import { createHash } from "node:crypto";
import { describe, expect, test } from "#test";
import type { ConnectionHandle } from "../../../../core/node/context.ts";
import { namesHost, tlsToward, verifierOf } from "../../../../core/node/negotiator_identity.ts";
import type { PeerCertificate } from "../../../../core/node/transport.ts";
import type { Digest } from "../../../../core/sdp/fingerprint.ts";
import type { NegotiatedMedia, TlsIdentity } from "../../../../core/sdp/negotiated.ts";
import { hexFingerprint } from "../../../../testing/certificates.ts";
import { thrown } from "../../../support/nodes.ts";

const digest: Digest = (hash, octets) =>
  new Uint8Array(createHash(hash.replace("-", "")).update(octets).digest());
const der = new TextEncoder().encode("a certificate");
const fingerprints = [{ hash: "sha-256", value: hexFingerprint(digest("sha-256", der) as Uint8Array) }];
const byFingerprint: TlsIdentity = { by: "fingerprint", fingerprints };
const byName: TlsIdentity = { by: "name", name: "alice.example" };

function media(identity: TlsIdentity | undefined, role: "active" | "passive"): NegotiatedMedia {
  return { identity, role } as NegotiatedMedia;
}

function connection(
  peerCertificate: PeerCertificate | undefined,
  direction: "inbound" | "outbound" = "inbound",
): ConnectionHandle {
  return { peerCertificate, direction } as ConnectionHandle;
}

describe("TLS toward the peer", () => {
  test("without TLS there are no options; by name the name is checked, by fingerprint the certificate", () => {
    const own = { cert: "C", key: "K", serverName: "mine" };
    expect(tlsToward(undefined, own)).toBe(undefined);
    expect(tlsToward(byName, own)).toEqual({ cert: "C", key: "K", serverName: "alice.example" });
    expect(tlsToward(byFingerprint, own)).toEqual({ ...own, fingerprints });
    expect(tlsToward(byName, undefined)).toEqual({ serverName: "alice.example" });
  });
});

describe("the check of a connection", () => {
  test("RFC 8122 §6.2: by fingerprint the certificate must be there and be the one [8122-6.2-02, 8122-5.1-05]", () => {
    const verify = verifierOf(media(byFingerprint, "passive"), digest, false);
    expect(verify?.(connection({ der }))).toBe(true);
    expect(verify?.(connection({ der: new Uint8Array([1]) }))).toBe(false);
    expect(thrown(() => verify?.(connection(undefined))).message).toContain("requestCert");
    expect(thrown(() => verify?.(connection(undefined, "outbound"))).message).toContain("server");
  });

  test("without hash functions a client cannot be checked; a server was, in the handshake", () => {
    const verify = verifierOf(media(byFingerprint, "passive"), undefined, false);
    expect(thrown(() => verify?.(connection({ der }))).message).toContain("hash functions");
    expect(verify?.(connection({ der }, "outbound"))).toBe(true);
  });

  test("RFC 4975 §5.4: by name it is the runtime's for a server, and asked for a client only where that is wished [4975-5.4-10]", () => {
    expect(verifierOf(media(undefined, "passive"), digest, true)).toBe(undefined);
    expect(verifierOf(media(byName, "active"), digest, true)).toBe(undefined);
    expect(verifierOf(media(byName, "passive"), digest, false)).toBe(undefined);
    const verify = verifierOf(media(byName, "passive"), digest, true);
    const names = { der, subjectAltNames: ["DNS:alice.example"] };
    expect(verify?.(connection({ ...names, verified: true }))).toBe(true);
    expect(verify?.(connection(names))).toBe(false);
    expect(verify?.(connection({ der, subjectAltNames: ["DNS:bob.example"], verified: true }))).toBe(false);
    expect(thrown(() => verify?.(connection(undefined))).message).toContain("no certificate");
  });

  test("RFC 8122 §6.1: a certificate names a host whole: no wildcard, no other kind of name [8122-6.1-01]", () => {
    const names = (entries: readonly string[], host: string): boolean =>
      namesHost({ der, subjectAltNames: entries }, host);
    expect(names(["DNS:other.example", "DNS:Alice.Example"], "alice.example.")).toBe(true);
    expect(names(["DNS:*.example"], "alice.example")).toBe(false);
    expect(names(["URI:alice.example", "email:alice.example"], "alice.example")).toBe(false);
    expect(names(["IP:192.0.2.1"], "192.0.2.1")).toBe(true);
    expect(names(["IP:2001:DB8:0:0:0:0:0:1"], "[2001:db8::1]")).toBe(true);
    expect(names([], "alice.example")).toBe(false);
    expect(namesHost({ der }, "alice.example")).toBe(false);
  });
});
