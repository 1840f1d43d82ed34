// The conformance suite of sessions that come of SDP: offers and answers between real nodes, over any transport. A test
// file calls it with what connects them; the last part needs a transport with TLS.
import { describe } from "#test";
import type { NegotiationSubject } from "../support/negotiation.ts";
import { addressTests } from "./sdp_addresses.ts";
import { contentTests } from "./sdp_content.ts";
import { openingTests } from "./sdp_opening.ts";
import { tlsTests } from "./sdp_tls.ts";
import { tlsFloorTests } from "./sdp_tls_floor.ts";
import { updateTests } from "./sdp_updates.ts";

/** Declares the suite. @param tls whether the transport has TLS */
export function sdpSuite(subject: NegotiationSubject, tls: boolean): void {
  describe(`sessions from SDP: ${subject.name}`, () => {
    describe("opening", () => openingTests(subject));
    describe("what may be sent", () => contentTests(subject));
    describe("new offers", () => updateTests(subject));
    describe("addresses", () => addressTests(subject));
    if (!tls) return;
    describe("TLS", () => tlsTests(subject));
    describe("the floor of TLS", () => tlsFloorTests(subject));
  });
}
