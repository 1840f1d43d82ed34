// Tokens: signed with a password, valid for a time, and gone when they are revoked.
// What is changed in one makes it nobody's.
import { describe, expect, test } from "#test";
import { sameText, Tokens } from "../../../../samples/web_chat/tokens.ts";

describe("tokens", () => {
  const make = (users: Record<string, string> = { alice: "a", zoë: "z" }, now = () => 1000) =>
    new Tokens(users, 60_000, now);

  test("name their person, on another server with the same people too", () => {
    expect(make().userOf(make().issue("alice"))).toBe("alice");
    expect(make().userOf(make().issue("zoë"))).toBe("zoë");
    const tokens = make();
    expect(new Set([tokens.issue("alice"), tokens.issue("alice")]).size).toBe(2);
  });

  test("end with their time, with the password, and with the person", () => {
    const token = make().issue("alice");
    expect(make({ alice: "a" }, () => 61_000).userOf(token)).toBe("alice");
    expect(make({ alice: "a" }, () => 61_001).userOf(token)).toBe(undefined);
    expect(make({ alice: "new" }).userOf(token)).toBe(undefined);
    expect(make({}).userOf(token)).toBe(undefined);
  });

  test("cannot be made up", () => {
    const token = make().issue("alice");
    const [name, end, nonce, mac] = token.split(".") as [string, string, string, string];
    const later = (Number.parseInt(end, 36) + 1).toString(36);
    for (const made of [
      "",
      "...",
      "alice",
      `${name}.${later}.${nonce}.${mac}`,
      `${name}.${end}.${nonce}.`,
      `${token}0`,
    ]) {
      expect(make().userOf(made)).toBe(undefined);
    }
  });

  test("are nobody's once they are revoked", () => {
    const tokens = make();
    const [one, other] = [tokens.issue("alice"), tokens.issue("alice")];
    tokens.revoke(one);
    tokens.revoke("nonsense");
    expect([tokens.userOf(one), tokens.userOf(other)]).toEqual([undefined, "alice"]);
  });
});

test("sameText compares texts of any length", () => {
  expect([
    sameText("abc", "abc"),
    sameText("abc", "abd"),
    sameText("abc", "ab"),
    sameText("", "x"),
    sameText("x", ""),
  ]).toEqual([true, false, false, false, false]);
});
