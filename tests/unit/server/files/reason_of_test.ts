// The reasons of system errors in words.
// What has no words of ours keeps its own.
import { describe, expect, test } from "#test";
import { reasonOf } from "../../../../server/files/reason_of.ts";

describe("reasonOf", () => {
  test("has words for the usual codes, and falls back to the error's own", () => {
    const denied = Object.assign(new Error("EACCES: permission denied, open '/x'"), { code: "EACCES" });
    expect(reasonOf(denied)).toBe("permission denied");
    expect(reasonOf(Object.assign(new Error("too many"), { code: "EMFILE" }))).toBe("too many");
    expect(reasonOf(new Error("odd"))).toBe("odd");
  });
});
