// Type lists: their grammar, what they allow, and which type to pick.
import { describe, expect, test } from "#test";
import {
  allowed,
  covers,
  essence,
  haveCommonType,
  isTypeEntry,
  pickType,
  readTypeList,
} from "../../../../core/sdp/media_type.ts";
import { codeOf } from "./texts.ts";

/** Reads a list strictly. */
function strict(text: string): string[] {
  return readTypeList(text, "bad", (_code, _detail, code) => {
    throw Object.assign(new Error(), { code });
  });
}

/** Reads a list tolerantly. */
function tolerant(text: string): string[] {
  return readTypeList(text, "bad", () => {});
}

describe("type lists", () => {
  test("RFC 4975 §8.6: entries are separated by one blank, but not inside quotes [4975-8.6-15]", () => {
    expect(strict("message/cpim text/* *")).toEqual(["message/cpim", "text/*", "*"]);
    expect(strict('application/x-y;k="a b" text/plain')).toEqual(['application/x-y;k="a b"', "text/plain"]);
    expect(strict('a/b;k="q\\" r";l=m c/d')).toEqual(['a/b;k="q\\" r";l=m', "c/d"]);
    for (const text of [
      "text",
      "text/",
      "/plain",
      "text/plain,text/html",
      "a/b;k",
      "a/b;k=",
      'a/b;k="x',
      "a/b;;c=d",
    ]) {
      expect([text, codeOf(() => strict(text))]).toEqual([text, "bad"]);
      expect([text, codeOf(() => tolerant(text))]).toEqual([text, "bad"]);
    }
  });

  test("RFC 8591 §6: a blank beside the semicolon belongs to the entry", () => {
    expect(strict("application/pkcs7-mime; smime-type=signed-data text/plain")).toEqual([
      "application/pkcs7-mime;smime-type=signed-data",
      "text/plain",
    ]);
    expect(strict("a/b ; c=d")).toEqual(["a/b;c=d"]);
  });

  test("reading tolerantly: blanks around and between, and no entry at all", () => {
    for (const text of [" text/plain", "text/plain ", "text/plain  text/html", ""]) {
      expect([text, codeOf(() => strict(text))]).toEqual([text, "bad"]);
    }
    expect(tolerant(" text/plain   text/html ")).toEqual(["text/plain", "text/html"]);
    expect(tolerant("")).toEqual([]);
  });

  test("a long hostile list costs no more than its length", () => {
    const blanks = `a/b${" ".repeat(60_000)}c/d`;
    expect(tolerant(blanks)).toEqual(["a/b", "c/d"]);
    expect(codeOf(() => tolerant(`a/b;k=${'\\"'.repeat(30_000)}`))).toBe("bad");
    expect(codeOf(() => tolerant(`a/b${";c=d".repeat(15_000)};`))).toBe("bad");
  });

  test("RFC 4975 §8.6: * and type/* are wildcards [4975-8.6-02]", () => {
    expect(covers("*", "video/mp4")).toBe("wildcard");
    expect(covers("*/*", "video/mp4")).toBe("wildcard");
    expect(covers("text/*", "text/html")).toBe("wildcard");
    expect(covers("text/*", "image/png")).toBe("no");
    expect(covers("text/*", "texts/html")).toBe("no");
  });

  test("RFC 4975 §8.6: case and parameters do not matter on either side [4975-8.6-14]", () => {
    expect(covers("Text/Plain;charset=utf-8", "text/plain")).toBe("listed");
    expect(covers("text/plain", "TEXT/plain; charset=iso-8859-1")).toBe("listed");
    expect(essence("Text/Plain ; a=b")).toBe("text/plain");
    expect([isTypeEntry("a/b;c=d"), isTypeEntry("*"), isTypeEntry("a b")]).toEqual([true, true, false]);
  });
});

describe("content rules", () => {
  const cpim = { acceptTypes: ["message/cpim"], acceptWrappedTypes: ["text/plain"] };

  test("RFC 4975 §8.6, RFC 3264 §7: nothing is sent that the peer signalled nowhere [4975-8.6-09] [3264-7-01]", () => {
    expect(allowed(cpim, "message/cpim", ["image/png"])).toBe(false);
    expect(allowed({ acceptTypes: ["text/*"], acceptWrappedTypes: [] }, "image/png")).toBe(false);
  });

  test("RFC 4975 §8.6: wrapped types never open the root [4975-8.6-10] [4975-8.6-06]", () => {
    expect(allowed(cpim, "text/plain")).toBe(false);
    expect(allowed(cpim, "message/cpim", ["text/plain"])).toBe(true);
    expect(allowed({ acceptTypes: ["message/cpim"], acceptWrappedTypes: ["*"] }, "image/png")).toBe(false);
    expect(
      allowed({ acceptTypes: ["message/cpim"], acceptWrappedTypes: ["*"] }, "message/cpim", ["image/png"]),
    ).toBe(true);
  });

  test("RFC 4975 §8.6: containers are listed themselves, and root types may be wrapped [4975-8.6-05]", () => {
    const plain = { acceptTypes: ["text/plain"], acceptWrappedTypes: [] };
    expect(allowed(plain, "multipart/mixed", ["text/plain"])).toBe(false);
    expect(
      allowed({ ...plain, acceptTypes: ["message/cpim", "text/plain"] }, "message/cpim", ["text/plain"]),
    ).toBe(true);
    expect(allowed({ ...plain, acceptTypes: ["*"] }, "multipart/mixed", ["text/plain"])).toBe(true);
  });

  test("RFC 4975 §8.6: listed types are preferred to wildcard ones, in the peer's order [4975-8.6-03]", () => {
    const accepted = { acceptTypes: ["*", "text/html", "text/plain"], acceptWrappedTypes: [] };
    expect(pickType(accepted, ["image/png", "text/plain", "text/html"])).toBe("text/html");
    expect(pickType(accepted, ["image/png", "image/gif"])).toBe("image/png");
    expect(pickType(cpim, ["text/plain"])).toBe(undefined);
  });

  test("two lists have a type in common by name or by wildcard", () => {
    expect(haveCommonType(["text/plain"], ["image/*", "text/*"])).toBe(true);
    expect(haveCommonType(["*"], ["a/b"])).toBe(true);
    expect(haveCommonType(["text/plain"], ["text/html"])).toBe(false);
    expect(haveCommonType([], ["*"])).toBe(false);
  });
});
