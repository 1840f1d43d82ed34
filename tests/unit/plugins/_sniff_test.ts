// Declared types against what the octets look like.
// Signatures are those of the formats themselves.
import { describe, expect, test } from "#test";
import { contradiction, isUnspecific, sniff } from "../../../plugins/_sniff.ts";

const png = new Uint8Array([
  0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0,
]);
const text = new TextEncoder().encode("plain words");

describe("what octets look like", () => {
  test("is told by their signature, without parameters", async () => {
    expect(await sniff(png)).toBe("image/png");
    expect(await sniff(new TextEncoder().encode("GIF89a...."))).toBe("image/gif");
    expect(await sniff(text)).toBe(undefined);
    expect(await sniff(new Uint8Array(0))).toBe(undefined);
  });

  test("names of one thing do not contradict", () => {
    const same: [string, string][] = [
      ["image/jpg", "image/jpeg"],
      ["image/svg+xml", "application/xml"],
      ["application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/zip"],
      ["application/msword", "application/x-cfb"],
      ["video/mp4", "audio/mp4"],
      ["video/3gpp", "video/mp4"],
      ["audio/ogg", "application/ogg"],
      ["text/x-vcard", "text/vcard"],
      ["application/octet-stream", "application/x-msdownload"],
    ];
    for (const [declared, found] of same)
      expect([declared, contradiction(declared, "utf-8", found, png)]).toEqual([declared, undefined]);
  });

  test("others do", () => {
    expect(contradiction("text/plain", "utf-8", "image/png", png)).toBe(
      "declared text/plain, looks like image/png",
    );
    expect(contradiction("image/png", "utf-8", "application/zip", png)).toMatch(/looks like/);
    expect(contradiction("image/png", "utf-8", undefined, text)).toBe(
      "declared image/png, does not look like it",
    );
    expect(contradiction("text/plain", "utf-8", undefined, new Uint8Array([0x61, 0]))).toBe(
      "declared text/plain, but is no text",
    );
    expect(contradiction("text/plain", "utf-16le", undefined, new Uint8Array([0x61, 0]))).toBe(undefined);
    expect(contradiction("application/x-own", "utf-8", undefined, text)).toBe(undefined);
    expect([isUnspecific(""), isUnspecific("application/octet-stream"), isUnspecific("text/plain")]).toEqual([
      true,
      true,
      false,
    ]);
  });
});
