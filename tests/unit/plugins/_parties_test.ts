// Who talks, in words that may be stored: never a session-id.
// A user who has logged in counts for more than a URI.
import { describe, expect, test } from "#test";
import { type ConnectionHandle, handshakeUser, MsrpUri, relayUser, type Session } from "../../../core/mod.ts";
import { loginOn, partyOf } from "../../../plugins/_parties.ts";

const holder = (key: unknown, user: unknown, state = "open") =>
  ({ state, get: (asked: unknown) => (asked === key ? user : undefined) }) as unknown;

describe("partyOf()", () => {
  test("is user and host", () => {
    expect(partyOf(MsrpUri.parse("msrps://alice@relay.example:2855/secret;tcp"))).toBe("alice@relay.example");
    expect(partyOf(MsrpUri.parse("msrp://relay.example/secret;tcp"))).toBe("relay.example");
    expect(partyOf(undefined)).toBe("");
  });
});

describe("loginOn()", () => {
  const nobody = holder(undefined, undefined) as ConnectionHandle;

  test("is the user of the session, else of the connection, with the realm", () => {
    const session = holder(handshakeUser, { user: "ann", realm: "x" }) as Session;
    expect(loginOn(session, nobody)).toBe("ann@x");
    expect(loginOn(undefined, holder(relayUser, { user: "bob" }) as ConnectionHandle)).toBe("bob");
    expect(loginOn(undefined, nobody)).toBe(undefined);
  });

  test("RFC 4976: what is relayed is not always sent by the owner of the URI", () => {
    const session = holder(handshakeUser, { user: "owner" }, "idle") as Session;
    expect(loginOn(session, holder(handshakeUser, { user: "sender" }) as ConnectionHandle)).toBe("sender");
  });
});
