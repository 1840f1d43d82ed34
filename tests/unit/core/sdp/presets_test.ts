// The ready type lists: legal entries, and the messages that each world sends.
import { describe, expect, test } from "#test";
import { isTypeEntry } from "../../../../core/sdp/media_type.ts";
import { allowed, type Preset, presets } from "../../../../core/sdp/mod.ts";

const names = Object.keys(presets) as Preset[];

describe("presets", () => {
  test("RFC 4975 §8.6: entries are legal and wrapped types repeat no root type", () => {
    for (const name of names) {
      const { acceptTypes, acceptWrappedTypes } = presets[name];
      expect([...acceptTypes, ...acceptWrappedTypes].every(isTypeEntry)).toBe(true);
      expect(acceptWrappedTypes.filter((type) => acceptTypes.includes(type))).toEqual([]);
    }
    expect(names).toEqual(["general", "rcs", "ims", "ng911", "blink", "room"]);
  });

  test("RFC 4975 §8.6: the default covers the formats that every endpoint takes [4975-8.6-04]", () => {
    for (const type of [
      "message/cpim",
      "multipart/mixed",
      "multipart/alternative",
      "multipart/signed",
      "text/plain",
    ]) {
      expect(presets.general.acceptTypes).toContain(type);
      expect(allowed(presets.ims, type)).toBe(true);
      expect(allowed(presets.ng911, type)).toBe(true);
    }
    expect(allowed(presets.general, "video/mp4")).toBe(true);
  });

  test("RFC 5438, RFC 3994: no world loses notices or typing for a missing type", () => {
    for (const name of ["rcs", "ims", "ng911", "room"] as const) {
      expect([name, allowed(presets[name], "message/cpim", ["message/imdn+xml"])]).toEqual([name, true]);
    }
    for (const name of ["rcs", "ims", "ng911", "blink", "room"] as const) {
      expect([name, allowed(presets[name], "message/cpim", ["application/im-iscomposing+xml"])]).toEqual([
        name,
        true,
      ]);
    }
  });

  test("RFC 7701 §6, GSMA RCC.07: rooms and phones take text in CPIM only", () => {
    for (const name of ["rcs", "room"] as const) {
      expect(allowed(presets[name], "text/plain")).toBe(false);
      expect(allowed(presets[name], "message/cpim", ["text/plain"])).toBe(true);
    }
    expect(allowed(presets.blink, "text/html")).toBe(true);
  });
});
