// Which content a direction lets out: ordinary content only where this side sends, control protocols always.
import { describe, expect, test } from "#test";
import type { MsrpError } from "../../../../core/errors.ts";
import { checkDirection } from "../../../../core/session/session_direction.ts";
import type { ContentDirection } from "../../../../core/session/session_options.ts";
import { thrown } from "../../../support/nodes.ts";

const all: readonly ContentDirection[] = ["sendrecv", "sendonly", "recvonly", "inactive"];

function passes(direction: ContentDirection, contentType: string, control?: boolean): boolean {
  try {
    checkDirection(direction, contentType, control);
    return true;
  } catch {
    return false;
  }
}

describe("the direction of a session", () => {
  test("RFC 4975 §8.9: ordinary content goes where this side sends [4975-8.9-01]", () => {
    expect(all.map((direction) => passes(direction, "text/plain"))).toEqual([true, true, false, false]);
    const error = thrown<MsrpError>(() => checkDirection("recvonly", "text/plain", undefined));
    expect([error.code, error.message.includes("recvonly")]).toEqual(["not-sending", true]);
  });

  test("RFC 4975 §8.9: notifications and typing go on whatever it is; in CPIM the caller says so [4975-8.9-01]", () => {
    for (const type of ["message/imdn+xml", "Application/IM-isComposing+XML; charset=utf-8"])
      expect(all.map((direction) => passes(direction, type))).toEqual([true, true, true, true]);
    expect(passes("inactive", "message/cpim")).toBe(false);
    expect(passes("inactive", "message/cpim", true)).toBe(true);
    expect(passes("inactive", "message/imdn+xml", false)).toBe(false);
    expect(passes("sendrecv", "message/imdn+xml", false)).toBe(true);
  });
});
