// The page's state as a value: statuses go forward, lost sessions put back what was not delivered, and nothing else.
// Every change leaves the value before as it was.
import { describe, expect, test } from "#test";
import {
  advance,
  type ChatState,
  changeItem,
  emptyState,
  formatSize,
  type Item,
  owed,
  sessionLost,
  sortedContacts,
  unseen,
  unsent,
  withItem,
} from "../../../../../samples/web_chat/client/state.ts";

function own(id: string, status: Item["status"], more: Partial<Item> = {}): Item {
  return { id, peer: "bob", out: true, at: 1, status, text: id, ...more };
}

function stateOf(...items: Item[]): ChatState {
  return items.reduce(withItem, emptyState);
}

const statusOf = (state: ChatState): (string | undefined)[] =>
  (state.items["bob"] ?? []).map(({ status }) => status);

describe("messages", () => {
  test("are known by id and direction", () => {
    const state = stateOf(own("1", "waiting"), own("1", "received", { out: false }), own("1", "sent"));
    expect(statusOf(state)).toEqual(["sent", "received"]);
    expect(statusOf(changeItem(state, "bob", "1", false, { status: "failed" }))).toEqual(["sent", "failed"]);
    expect(statusOf(state)).toEqual(["sent", "received"]);
  });

  test("that are not there, or do not change, leave the state the same", () => {
    const state = stateOf(own("1", "sent"));
    expect(changeItem(state, "bob", "2", true, { status: "failed" })).toBe(state);
    expect(changeItem(state, "bob", "1", true, { status: "sent" })).toBe(state);
    expect(advance(state, "carol", "1", "displayed")).toBe(state);
  });

  test("RFC 5438: notices that overtake one another never turn a tick back", () => {
    let state = stateOf(own("1", "sending"));
    for (const status of ["sent", "displayed", "delivered", "sent"] as const)
      state = advance(state, "bob", "1", status);
    expect(statusOf(state)).toEqual(["displayed"]);
  });
});

describe("a session that is lost", () => {
  test("makes wait again what was not delivered, and nobody types any more", () => {
    const kept = ["delivered", "displayed", "failed", "cancelled"] as const;
    const items = [own("a", "sending"), own("b", "sent"), ...kept.map((status) => own(status, status))];
    const received = own("r", "receiving", { out: false });
    const state = sessionLost({ ...stateOf(...items, received), typing: { bob: true } }, "bob");
    expect(statusOf(state)).toEqual(["waiting", "waiting", ...kept, "receiving"]);
    expect(state.typing["bob"]).toBe(false);
    expect(unsent(state, "bob").map(({ id }) => id)).toEqual(["a", "b"]);
  });
});

test("what is unseen, and what is owed for what was seen", () => {
  const state = stateOf(
    own("new", "received", { out: false }),
    own("seen", "received", { out: false, seen: true }),
    own("owed", "received", { out: false, seen: true, owes: true }),
    own("later", "received", { out: false, owes: true }),
    own("coming", "receiving", { out: false }),
  );
  expect(unseen(state, "bob").map(({ id }) => id)).toEqual(["new", "later"]);
  expect(owed(state, "bob").map(({ id }) => id)).toEqual(["owed"]);
});

test("contacts: whoever spoke last, then who is online, then by name", () => {
  const contacts = ["dora", "bob", "carol", "abe"].map((name) => ({
    name,
    kind: "person" as const,
    online: name === "carol",
  }));
  const state = { ...stateOf(own("1", "sent")), contacts };
  expect(sortedContacts(state).map(({ name }) => name)).toEqual(["bob", "carol", "abe", "dora"]);
});

test("sizes as people say them", () => {
  expect([0, 999, 1000, 123_456, 52_428_800, 2_147_483_648, 5e12].map(formatSize)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "123 kB",
    "52.4 MB",
    "2.1 GB",
    "5000 GB",
  ]);
});
