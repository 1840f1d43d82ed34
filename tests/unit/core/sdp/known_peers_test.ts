// Fingerprints remembered by peer: first sight, recognition, change, and the limit on their number.
import { describe, expect, test } from "#test";
import { type Fingerprint, KnownPeers } from "../../../../core/sdp/mod.ts";

const print = (value: string): Fingerprint => ({ hash: "sha-256", value });

describe("known peers", () => {
  test("RFC 8122 §7, RFC 6714 §7.7: an unknown peer is told, a changed certificate with old and new [8122-7-02] [6714-7.7-02]", () => {
    const peers = new KnownPeers();
    expect(peers.see("sip:bob@example", [print("AA")])).toEqual({ verdict: "new", before: [] });
    peers.remember("sip:bob@example", [print("AA"), print("BB")]);
    expect(peers.see("sip:bob@example", [print("BB"), print("CC")]).verdict).toBe("known");
    const changed = { verdict: "changed", before: [print("AA"), print("BB")] } as const;
    expect(peers.see("sip:bob@example", [print("CC")])).toEqual(changed);
    expect(peers.see("sip:bob@example", [{ hash: "sha-1", value: "AA" }]).verdict).toBe("changed");
    // Seeing is not believing: the change is remembered only when somebody says so.
    expect(peers.see("sip:bob@example", [print("CC")])).toEqual(changed);
    peers.remember("sip:bob@example", [print("CC")]);
    expect(peers.see("sip:bob@example", [print("CC")]).verdict).toBe("known");
  });

  test("as many peers as the limit allows are remembered, then the oldest makes room", () => {
    const peers = new KnownPeers(2);
    for (const peer of ["a", "b", "a", "c"]) peers.remember(peer, [print("AA")]);
    expect(peers.size).toBe(2);
    expect(["a", "b", "c"].map((peer) => peers.see(peer, [print("AA")]).verdict)).toEqual([
      "known",
      "new",
      "known",
    ]);
    expect(() => new KnownPeers(0)).toThrow(RangeError);
  });
});
