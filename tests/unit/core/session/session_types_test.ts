// accept-types as they are asked per chunk: wildcards, case, parameters.
import { describe, expect, test } from "#test";
import { AcceptTypes, essence } from "../../../../core/session/session_types.ts";

describe("RFC 4975 §8.6: accept-types [4975-8.6-02, 4975-8.6-14]", () => {
  test("match exactly, by family or everything, without case and parameters", () => {
    const list = new AcceptTypes(["text/plain;charset=utf-8", "IMAGE/*", "message/cpim"]);
    const accepted = ["Text/Plain", "text/plain ; x=y", "image/png", "message/cpim"];
    const refused = ["text/html", "imagery/png", "message/cpim2", "text", "", "video/mp4"];
    expect(accepted.filter((type) => !list.accepts(type))).toEqual([]);
    expect(refused.filter((type) => list.accepts(type))).toEqual([]);
    for (const all of ["*", "*/*"]) expect(new AcceptTypes([all]).accepts("x/y")).toBe(true);
    expect(new AcceptTypes([]).accepts("text/plain")).toBe(false);
  });

  test("answer the same the second time", () => {
    const list = new AcceptTypes(["a/b"]);
    expect(["a/b", "a/b", "c/d", "c/d", "a/b"].map((type) => list.accepts(type))).toEqual([
      true,
      true,
      false,
      false,
      true,
    ]);
    expect(essence(" A/B ; c=d")).toBe("a/b");
  });
});
