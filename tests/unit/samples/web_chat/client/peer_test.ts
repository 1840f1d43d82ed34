// The way to one contact when the contact changes in the middle of a call: nothing that is wanted may be forgotten.
// The relay's path and the rendezvous are given; what they do comes at the moment that a test chooses.
import { describe, expect, test } from "#test";
import { type Connector, Msrp, MsrpUri } from "../../../../../mod.ts";
import type { Line } from "../../../../../samples/web_chat/client/call.ts";
import { Peer, type PeerHost } from "../../../../../samples/web_chat/client/peer.ts";
import type { Contact, Signal } from "../../../../../samples/web_chat/protocol.ts";

const uri = (id: string): MsrpUri => MsrpUri.parse(`msrps://client.example:2855/${id};tcp`);

function lineOf(): Line {
  const local = uri("local");
  const path = { local, stream: { uri: local, usePath: [uri("relay")] }, release: () => undefined };
  const connector: Connector = () => Promise.reject(new Error("nobody is there"));
  return { app: new Msrp(), relay: { path: async () => path }, connector } as unknown as Line;
}

function bobAt(instance: string): Contact {
  return { name: "bob", kind: "person", online: true, instance };
}

/** Offers that a peer makes; `during` runs while the first one is on its way. */
async function offersOf(count: number, during: (peer: Peer) => boolean): Promise<Signal[]> {
  const offers: Signal[] = [];
  await new Promise<void>((resolve) => {
    const line = lineOf();
    const host: PeerHost = {
      user: "alice",
      line: async () => line,
      signal: async (_to, signal) => {
        offers.push(signal);
        if (offers.length === count) {
          peer.close();
          resolve();
        }
        return offers.length > 1 || during(peer);
      },
      held: async () => [],
      wanted: () => true,
      routed: () => undefined,
      opened: () => undefined,
      lost: () => undefined,
      problem: () => undefined,
    };
    const peer = new Peer(host, "bob");
    peer.contact(bobAt("one"));
  });
  return offers;
}

describe("the way to a contact", () => {
  test("who has another page while a call is made gets another call", async () => {
    const offers = await offersOf(2, (peer) => {
      peer.contact(bobAt("two"));
      return true;
    });
    expect(offers.map(({ kind }) => kind)).toEqual(["offer", "offer"]);
    expect(offers[0]?.call === offers[1]?.call).toBe(false);
  });

  test("who is said to be away, and is still among the contacts, is called again", async () => {
    const offers = await offersOf(2, () => false);
    expect(offers.map(({ kind }) => kind)).toEqual(["offer", "offer"]);
  });
});
