// Which names of users and domains a store takes, on both sides of each limit.
import { describe, expect, test } from "#test";
import {
  MAX_REALM_LENGTH,
  MAX_USER_LENGTH,
  nameFault,
  StoreError,
} from "../../../../server/credentials/store.ts";

describe("nameFault()", () => {
  test("takes names as people have them", () => {
    for (const user of ["alice", "zoë", "a.b+c@d", "a b", "x".repeat(MAX_USER_LENGTH)]) {
      expect([user, nameFault(user, "example.com")]).toEqual([user, undefined]);
    }
    expect(nameFault("alice", "r".repeat(MAX_REALM_LENGTH))).toBe(undefined);
  });

  test("RFC 7616 §3.4: no colon, no control character, nothing that a file would read otherwise", () => {
    for (const user of [
      "",
      "a:b",
      "a\nb",
      "a\rb",
      "a\u0000",
      "#alice",
      " a",
      "a ",
      "x".repeat(MAX_USER_LENGTH + 1),
    ]) {
      expect(typeof nameFault(user, "example.com")).toBe("string");
    }
    for (const realm of ["", "a\nb", " r", "r ", "r".repeat(MAX_REALM_LENGTH + 1)]) {
      expect(typeof nameFault("alice", realm)).toBe("string");
    }
  });
});

describe("StoreError", () => {
  test("tells files from the network", () => {
    expect(new StoreError("x").network).toBe(false);
    expect(new StoreError("x", { network: true }).network).toBe(true);
  });
});
