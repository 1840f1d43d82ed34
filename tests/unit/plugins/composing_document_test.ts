// Status documents: written in the order of the schema and read back.
// What is read of others is in the vectors.
import { describe, expect, test } from "#test";
import { buildComposing, parseComposing } from "../../../plugins/_composing_document.ts";
import { thrown } from "../../support/nodes.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("status documents", () => {
  test("RFC 3994 §6.1: state, lastactive, contenttype, refresh, in this order [IC-03]", () => {
    const status = {
      state: "active",
      lastActive: "2024-05-01T10:00:00Z",
      contentType: "text/plain",
      refresh: 90,
    } as const;
    expect(buildComposing(status)).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>active</state><lastactive>2024-05-01T10:00:00Z</lastactive><contenttype>text/plain</contenttype><refresh>90</refresh></isComposing>',
    );
    expect(parseComposing(bytes(buildComposing(status)))).toEqual({
      ...status,
      rawState: "active",
      extensions: 0,
    });
    expect(parseComposing(bytes(buildComposing({ state: "idle" })))).toEqual({
      state: "idle",
      rawState: "idle",
      extensions: 0,
      lastActive: undefined,
      contentType: undefined,
      refresh: undefined,
    });
  });

  test("refresh is a positive whole number, or counts as absent [IC-09]", () => {
    for (const refresh of [0, -1, 1.5, Number.NaN]) {
      expect(() => buildComposing({ state: "active", refresh })).toThrow(RangeError);
    }
    const read = (text: string): number | undefined =>
      parseComposing(
        bytes(
          `<isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><refresh>${text}</refresh><state>idle</state></isComposing>`,
        ),
      ).refresh;
    expect(["60", "+007", "0", "-5", "1e3", "99999999999", ""].map(read)).toEqual([
      60,
      7,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("an empty document is refused, for whoever drops it [IC-31]", () => {
    expect(thrown(() => parseComposing(new Uint8Array(0)))).toMatchObject({
      code: "not-well-formed",
      status: 400,
    });
  });
});
