// Handshakes that were read: which are for MSRP, what a 101 says besides, and where a client is that came through a proxy.
// The rules of RFC 6455 itself are tested with the octets of a request, in _ws_request_test.ts.
import { describe, expect, test } from "#test";
import { httpStatus, isField, notUpgrade, peerOf, policyFault } from "../../../adapters/_ws_handshake.ts";

describe("a handshake", () => {
  test("RFC 7977 §4.1: offers msrp, by that name [7977-4.1-03]", () => {
    const statusOf = (protocols: string, origin?: string): number | undefined =>
      policyFault(
        new Map([
          ["sec-websocket-protocol", protocols],
          ...(origin === undefined ? [] : ([["origin", origin]] as const)),
        ]),
        ["https://ok.test"],
      )?.status;
    expect(["msrp", "sip,msrp", "a, msrp ,b", "MSRP", "msrpx", ""].map((offer) => statusOf(offer))).toEqual([
      undefined,
      undefined,
      undefined,
      400,
      400,
      400,
    ]);
    expect(statusOf("msrp", "https://ok.test")).toBe(undefined);
    expect(statusOf("msrp", "https://OK.test")).toBe(403);
  });

  test("comes from where a trusted proxy says, or from the connection", () => {
    const seen = { remoteAddress: "10.0.0.1", secure: false };
    const headers = new Map([
      ["x-forwarded-for", "6.6.6.6, 192.0.2.1"],
      ["x-forwarded-proto", "https"],
    ]);
    expect(peerOf(seen, headers, undefined)).toEqual(seen);
    expect(peerOf(seen, headers, true)).toEqual({ remoteAddress: "192.0.2.1", secure: true });
    expect(peerOf(seen, new Map(), true)).toEqual(seen);
  });

  test("where the runtime has looked at it already, only the wish for a WebSocket is asked for; statuses are HTTP's", () => {
    expect(notUpgrade(new Map([["upgrade", "WebSocket"]]))).toBe(undefined);
    expect(notUpgrade(new Map())?.status).toBe(426);
    expect([101, 300, 401, 599, 600, 799].map(httpStatus)).toEqual([403, 300, 401, 599, 403, 403]);
  });

  test("fields cannot bring lines with them", () => {
    expect(
      [["X-A", "b"] as const, ["X A", "b"] as const, ["X-A", "b\r\nX-C: d"] as const].map(isField),
    ).toEqual([true, false, false]);
  });
});
