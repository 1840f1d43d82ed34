// Which close code tells a peer why the core gives it up (RFC 6455 §7.4.1).
// The codes on the wire are tested with the transports.
import { describe, expect, test } from "#test";
import { closeCodeFor, closeCodes } from "../../../adapters/_ws_close_codes.ts";
import { ConnectionError, LocalProtocolError, RemoteProtocolError } from "../../../core/mod.ts";

describe("close codes", () => {
  test("RFC 6455 §7.4.1: 1002 for the peer's faults, 1008 for policy, 1001 for our own end, none for bugs [6455-7.4-01]", () => {
    expect(closeCodeFor(new RemoteProtocolError("x", "x"))).toBe(closeCodes.protocolError);
    expect(closeCodeFor(new ConnectionError("too-many-connections", "x"))).toBe(closeCodes.policy);
    expect(closeCodeFor(new ConnectionError("node-closed", "x"))).toBe(closeCodes.goingAway);
    expect(closeCodeFor(new LocalProtocolError("x", "x"))).toBe(closeCodes.goingAway);
    expect(closeCodeFor(new Error("x"))).toBe(undefined);
    expect(closeCodeFor(undefined)).toBe(undefined);
  });
});
