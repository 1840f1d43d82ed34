// The rendezvous: who may sign in, who is online, and mailboxes that lose nothing while a stream is cut off.
// Time stands still unless a test moves it.
import { describe, expect, test } from "#test";
import type { RendezvousEvent, Signal } from "../../../../samples/web_chat/protocol.ts";
import {
  type NumberedEvent,
  Rendezvous,
  type RendezvousOptions,
} from "../../../../samples/web_chat/rendezvous.ts";

const users = { alice: "wonderland", bob: "builder", carol: "singer" };
const offer: Signal = { kind: "offer", call: "c1", sdp: "v=0", held: [] };

function make(options: Partial<RendezvousOptions> = {}): Rendezvous {
  return new Rendezvous({ users, graceMs: 5, ...options });
}

/** A client that notes its events. */
function attend(rendezvous: Rendezvous, user: string, instance: string, after = 0) {
  const events: NumberedEvent[] = [];
  const waiting: (() => void)[] = [];
  const leave = rendezvous.attend(user, instance, after, (event) => {
    events.push(event);
    for (const wake of waiting.splice(0)) wake();
  });
  const next = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
  const last = <T extends RendezvousEvent["type"]>(type: T) =>
    events.map(({ event }) => event).findLast((event) => event.type === type) as Extract<
      RendezvousEvent,
      { type: T }
    >;
  return { events, leave, next, last };
}

describe("signing in", () => {
  test("needs the password of somebody who is known", () => {
    const rendezvous = make();
    const token = rendezvous.signIn("alice", "wonderland");
    expect(rendezvous.userOf(token)).toBe("alice");
    expect(rendezvous.signIn("alice", "wonderlan")).toBe("refused");
    expect(rendezvous.signIn("alice", "")).toBe("refused");
    expect(rendezvous.signIn("nobody", "wonderland")).toBe("refused");
    expect(rendezvous.signIn("toString", "wonderland")).toBe("refused");
    rendezvous.signOut(token);
    expect(rendezvous.userOf(token)).toBe(undefined);
  });

  test("maxFailures: after so many failures in a minute even the right password waits", () => {
    let now = 1000;
    const rendezvous = make({ maxFailures: 2, now: () => now });
    for (let i = 0; i < 2; i++) expect(rendezvous.signIn("bob", "wrong")).toBe("refused");
    expect(rendezvous.signIn("bob", "builder")).toBe("too-many-failures");
    expect(rendezvous.userOf(rendezvous.signIn("alice", "wonderland"))).toBe("alice");
    now += 60_001;
    expect(rendezvous.userOf(rendezvous.signIn("bob", "builder"))).toBe("bob");
  });
});

describe("presence", () => {
  test("everybody else is told who comes, and the echo is always there", () => {
    const rendezvous = make({ echo: true });
    const alice = attend(rendezvous, "alice", "a1");
    expect(alice.last("contacts").contacts).toEqual([
      { name: "bob", kind: "person", online: false, instance: undefined },
      { name: "carol", kind: "person", online: false, instance: undefined },
      { name: "echo", kind: "echo", online: true, instance: "echo" },
    ]);
    attend(rendezvous, "bob", "b1");
    expect(alice.last("contacts").contacts[0]).toEqual({
      name: "bob",
      kind: "person",
      online: true,
      instance: "b1",
    });
  });

  test("a page that reloads is another instance, and nobody sees it offline in between", () => {
    const rendezvous = make({ graceMs: 60_000 });
    const alice = attend(rendezvous, "alice", "a1");
    const bob = attend(rendezvous, "bob", "b1");
    bob.leave();
    attend(rendezvous, "bob", "b2");
    const seen = alice.events.flatMap(({ event }) => (event.type === "contacts" ? [event.contacts[0]] : []));
    expect(seen.map((contact) => [contact?.online, contact?.instance])).toEqual([
      [false, undefined],
      [true, "b1"],
      [true, "b2"],
    ]);
  });

  test("graceMs: one whose stream stays away is offline", async () => {
    const rendezvous = make();
    const alice = attend(rendezvous, "alice", "a1");
    const bob = attend(rendezvous, "bob", "b1");
    const told = alice.next();
    bob.leave();
    expect(alice.last("contacts").contacts[0]?.online).toBe(true);
    await told;
    expect(alice.last("contacts").contacts[0]?.online).toBe(false);
    expect(rendezvous.send("bob", "alice", "a1", offer)).toBe(false);
  });

  test("a second client of one person replaces the first, which cannot take the chat back by itself", () => {
    const rendezvous = make();
    const first = attend(rendezvous, "alice", "a1");
    const second = attend(rendezvous, "alice", "a2");
    expect(first.events.at(-1)?.event).toEqual({ type: "replaced" });
    const again = attend(rendezvous, "alice", "a1");
    expect(again.events).toEqual([{ event: { type: "replaced" } }]);
    rendezvous.send("alice", "bob", "b1", offer);
    expect(second.last("signal").from).toBe("bob");
  });
});

describe("signals", () => {
  test("go to the one who is meant, with sender and instance", () => {
    const rendezvous = make();
    const bob = attend(rendezvous, "bob", "b1");
    attend(rendezvous, "carol", "c1");
    expect(rendezvous.send("bob", "alice", "a1", offer)).toBe(true);
    expect(bob.events.at(-1)).toEqual({
      id: 1,
      event: { type: "signal", from: "alice", instance: "a1", signal: offer },
    });
    expect(rendezvous.send("dave", "alice", "a1", offer)).toBe(false);
  });

  test("what came while a stream was cut off is given to the next one of the same client, once", () => {
    const rendezvous = make({ graceMs: 60_000 });
    const bob = attend(rendezvous, "bob", "b1");
    rendezvous.send("bob", "alice", "a1", offer);
    bob.leave();
    rendezvous.send("bob", "alice", "a1", { ...offer, call: "c2" });
    const again = attend(rendezvous, "bob", "b1", 1);
    expect(again.events.flatMap(({ id }) => (id === undefined ? [] : [id]))).toEqual([2]);
    expect(attend(rendezvous, "bob", "b2").events.some(({ id }) => id !== undefined)).toBe(false);
  });

  test("maxWaiting: of more signals the oldest are dropped", () => {
    const rendezvous = make({ graceMs: 60_000, maxWaiting: 2 });
    attend(rendezvous, "bob", "b1").leave();
    for (const call of ["c1", "c2", "c3"]) rendezvous.send("bob", "alice", "a1", { ...offer, call });
    const again = attend(rendezvous, "bob", "b1");
    expect(again.events.flatMap(({ id }) => (id === undefined ? [] : [id]))).toEqual([2, 3]);
  });
});
