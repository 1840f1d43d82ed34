// What is handed to the layer that opens sessions: paths, target, identity of the peer, direction.
import { describe, expect, test } from "#test";
import { pathTarget } from "../../../../core/sdp/cema.ts";
import type { MsrpMedia } from "../../../../core/sdp/mod.ts";
import { negotiated, type Outcome } from "../../../../core/sdp/negotiated.ts";
import { newStream, pathsKey } from "../../../../core/sdp/stream.ts";
import { MsrpUri } from "../../../../core/wire/uri.ts";
import { media } from "./texts.ts";

const value = new Array(32).fill("CA").join(":");
const print = `a=fingerprint:sha-256 ${value}`;
const tls = "TCP/TLS/MSRP";
const relay = MsrpUri.parse("msrps://relay.example:2855/B;tcp");

/** An outcome over this peer, active and trusted unless told otherwise. */
function outcome(remote: MsrpMedia, changes: Partial<Outcome> = {}): Outcome {
  const stream = newStream({ host: "192.0.2.1", port: 7, direction: "sendrecv" }, "A");
  return {
    stream,
    remote,
    role: "active",
    target: pathTarget(remote),
    cema: false,
    signallingTrusted: true,
    ...changes,
  };
}

describe("a negotiated stream", () => {
  test("RFC 6714 §4.4: CEMA moves the connection only, the paths stay [6714-4.4-04]", () => {
    const remote = media();
    const target = { host: "203.0.113.200", port: 40_100, tls: false, transport: "tcp" };
    const settled = negotiated(outcome(remote, { target, cema: true }));
    expect(settled.connectTo).toEqual(target);
    expect(settled.toPath).toEqual(remote.path);
    expect(settled.remotePath).toEqual(remote.path);
  });

  test("RFC 4145 §4.1: the passive side connects nowhere, the active side where the peer listens [4145-4.1-03] [4145-4.1-04]", () => {
    expect(negotiated(outcome(media({ port: 9 }), { role: "passive" })).connectTo).toBe(undefined);
    expect(negotiated(outcome(media())).connectTo).toMatchObject({ host: "192.0.2.10", port: 7313 });
  });

  test("RFC 6135 §4.5: behind a relay one always connects to the relay, and the role says who sends first [6135-4.5-01]", () => {
    const stream = newStream({ host: "192.0.2.1", usePath: [relay] }, "A");
    for (const role of ["active", "passive"] as const) {
      const settled = negotiated(outcome(media({ proto: tls, more: [print] }), { stream, role }));
      expect(settled.connectTo).toEqual({ host: "relay.example", port: 2855, tls: true, transport: "tcp" });
      expect(settled.toPath.map(({ sessionId }) => sessionId)).toEqual(["B", "Ks83nqPz0w2LmA"]);
      // A relay never saw the SDP, so its certificate is checked by name.
      expect(settled.identity).toEqual({ by: "name", name: "relay.example" });
      expect(settled.role).toBe(role);
    }
  });

  test("RFC 8122 §5, RFC 6135 §4.3: a peer with a fingerprint is known by it, in both roles [8122-5-01] [6135-4.3-02] [4975-14.4-01]", () => {
    const remote = media({ proto: tls, more: [print] });
    for (const role of ["active", "passive"] as const) {
      expect(negotiated(outcome(remote, { role })).identity).toEqual({
        by: "fingerprint",
        fingerprints: [{ hash: "sha-256", value }],
      });
    }
  });

  test("RFC 4975 §5.4: without a fingerprint the peer is known by the host of its URI", () => {
    const remote = media({ proto: tls, path: "msrps://Bob.example:7313/K;tcp" });
    expect(negotiated(outcome(remote)).identity).toEqual({ by: "name", name: "bob.example" });
    expect(negotiated(outcome(media())).identity).toBe(undefined);
    const behind = media({
      proto: tls,
      path: "msrps://relay.example:1/R;tcp msrps://b.example:9/K;tcp",
      more: [print],
    });
    expect(negotiated(outcome(behind)).identity).toEqual({ by: "name", name: "relay.example" });
  });

  test("RFC 6714 §7.7, RFC 8122 §6.1, RFC 4145 §9: unprotected SDP: no fingerprint, the c= address [6714-7.7-01] [8122-6.1-01] [4145-9-01]", () => {
    const settled = negotiated(outcome(media({ proto: tls, more: [print] }), { signallingTrusted: false }));
    expect(settled.fingerprints).toEqual([]);
    expect(settled.identity).toEqual({ by: "name", name: "192.0.2.10" });
  });

  test("RFC 4975 §8.4: unchanged paths mean that the session goes on", () => {
    const base = outcome(media());
    expect(negotiated(base).continued).toBe(false);
    const stream = { ...base.stream, agreed: pathsKey(base.stream, base.remote) };
    expect(negotiated({ ...base, stream }).continued).toBe(true);
    expect(
      negotiated({ ...base, stream, remote: media({ path: "msrp://192.0.2.10:7313/new;tcp" }) }).continued,
    ).toBe(false);
  });

  test("direction is seen from here, and both sides' types and sizes are told", () => {
    const remote = media({
      types: "message/cpim",
      more: ["a=sendonly", "a=max-size:5", "a=accept-wrapped-types:text/plain"],
    });
    expect(negotiated(outcome(remote))).toMatchObject({
      direction: "recvonly",
      peerMaxSize: 5,
      peerAcceptTypes: ["message/cpim"],
      peerAcceptWrappedTypes: ["text/plain"],
      maxSize: undefined,
      acceptWrappedTypes: [],
      setup: "actpass",
      index: 0,
    });
  });
});
