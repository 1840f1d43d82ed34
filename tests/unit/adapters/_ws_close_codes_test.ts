// Which close code tells a peer why the core gives it up (RFC 6455 §7.4.1).
// The codes on the wire are tested with the transports.
import { describe, expect, test } from "#test";
import { closeCodeFor, closeCodes, finishClose } from "../../../adapters/_ws_close_codes.ts";
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

  test("RFC 6455 §5.5.1: a close is answered with its code; none with 1000, and on a socket that is gone nothing happens", () => {
    const codes: number[] = [];
    const close = (code: number): void => {
      if (code === 1006) throw new Error("InvalidAccessError");
      codes.push(code);
    };
    for (const code of [1000, 1001, 4000, 1005, 1006]) finishClose({ close }, code);
    expect(codes).toEqual([1000, 1001, 4000, 1000]);
  });
});
