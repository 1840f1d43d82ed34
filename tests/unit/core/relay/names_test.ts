// Which URIs a relay takes for its own, and which names a certificate proves.
// Spellings are those of trap T9.
import { describe, expect, test } from "#test";
import type { ConnectionHandle } from "../../../../core/node/context.ts";
import { certificateNames, checkRelayName, OwnNames } from "../../../../core/relay/names.ts";
import { uris } from "../../../support/relay_bench.ts";

describe("a relay's own names", () => {
  const names = new OwnNames(
    ["relay.example", "second.example"],
    uris("msrps://0.0.0.0:2855;tcp", "msrp://0.0.0.0:2856;tcp"),
  );
  const has = (...texts: string[]): boolean[] => uris(...texts).map((uri) => names.has(uri));

  test("RFC 4975 §6.1: are compared by scheme, host, port and transport [4976-6.2-04] [4976-6.4-07]", () => {
    expect(
      has(
        "msrps://relay.example:2855/tok;tcp",
        "MSRPS://alice@RELAY.example:2855/tok;TCP;x=1",
        "msrps://second.example:2855;tcp",
        "msrps://relay.example;tcp",
        "msrp://relay.example:2856/tok;tcp",
        "msrps://relay.example:2856/tok;tcp",
      ),
    ).toEqual([true, true, true, true, true, true]);
    expect(
      has(
        "msrps://other.example:2855/tok;tcp",
        "msrps://relay.example:2857/tok;tcp",
        "msrp://relay.example:2855/tok;tcp",
        "msrps://relay.example:2855/tok;ws",
      ),
    ).toEqual([false, false, false, false]);
  });

  test("RFC 4976 §4.2: are names, not addresses, and can stand in a URI [4976-4.2-01]", () => {
    for (const name of ["localhost", "relay.example", "Relay-1.Example"]) checkRelayName(name);
    const bad = [
      "192.0.2.1",
      "[::1]",
      "::1",
      "",
      "a b",
      "a/b",
      "relay.example:2855",
      "msrps://relay.example",
      "a@b",
    ];
    for (const name of bad) {
      expect(() => checkRelayName(name)).toThrow(RangeError);
      expect(() => new OwnNames(["relay.example", name], [])).toThrow(RangeError);
    }
    expect(() => new OwnNames([], [])).toThrow(RangeError);
  });

  test("RFC 4976 §9.2: a certificate speaks for its DNS names, when it is verified [4976-6.1-02] [4976-9.2-04] [4976-T44] [SEC-28]", () => {
    const subjectAltNames = ["DNS:Inner.example", "IP:192.0.2.1", "URI:sip:a@b", "DNS:two.example"];
    const handle = (secure: boolean, verified: boolean): ConnectionHandle =>
      ({
        secure,
        peerCertificate: { der: new Uint8Array(1), subjectAltNames, verified },
      }) as unknown as ConnectionHandle;
    expect(certificateNames(handle(true, true))).toEqual(["inner.example", "two.example"]);
    expect(certificateNames(handle(true, false))).toEqual([]);
    expect(certificateNames(handle(false, true))).toEqual([]);
    expect(certificateNames({ secure: true } as unknown as ConnectionHandle)).toEqual([]);
  });
});
