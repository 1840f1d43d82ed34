// The filter of one node costs nothing where it has nothing to do: synchronous verdicts, no state.
// What it decides is tested with contentFilter().
import { describe, expect, test } from "#test";
import type { ChunkContext, PluginHost } from "../../../core/mod.ts";
import { Verdict } from "../../../core/mod.ts";
import { ContentFilter, type ContentFilterParts } from "../../../plugins/_content_filter.ts";
import { FilteredSession } from "../../../plugins/_filtered_session.ts";
import { TextRules } from "../../../plugins/_text_rules.ts";
import { TypeRules } from "../../../plugins/_type_rules.ts";

const host: PluginHost = { now: () => 0, setTimer: () => () => undefined, error: () => undefined };
const parts = (more: Partial<ContentFilterParts>): ContentFilterParts => ({
  types: new TypeRules(["text/*"], [], {}),
  sniff: false,
  textRules: undefined,
  textTypes: ["text/*"],
  overlap: 64,
  virus: undefined,
  rewrite: undefined,
  statuses: {},
  onFinding: undefined,
  maxMessages: 64,
  idleMs: 1000,
  host,
  ...more,
});
const chunk = (contentType: string, text: string): ChunkContext => {
  const body = new TextEncoder().encode(text);
  const frame = { bodyLength: body.length, failureReport: "yes" };
  const fields = {
    contentType,
    body,
    frame,
    flag: "$",
    last: true,
    first: true,
    messageId: "m",
    connection: { id: 1 },
  };
  return {
    ...fields,
    session: { state: "bound" },
    reject: (status: number) => new Verdict(status),
  } as unknown as ChunkContext;
};

describe("one node's filter", () => {
  test("decides by type and text without a promise, and remembers nothing of whole messages", () => {
    const textRules = new TextRules([{ words: ["no"] }]);
    for (const filter of [
      new ContentFilter(parts({})),
      new ContentFilter(parts({ textRules: () => textRules })),
    ]) {
      const gate = filter.hooks().chunk as NonNullable<ReturnType<ContentFilter["hooks"]>["chunk"]>;
      const own = new FilteredSession(64, 1000);
      const pass = new Verdict(200);
      expect(gate(chunk("text/plain", "yes"), () => pass, own)).toBe(pass);
      expect((gate(chunk("image/png", "yes"), () => pass, own) as Verdict).status).toBe(415);
      expect(own.messages.size).toBe(0);
    }
  });

  test("an audit that throws hurts nobody", () => {
    const errors: unknown[] = [];
    const audited = parts({
      host: { ...host, error: (error) => void errors.push(error) },
      onFinding: () => {
        throw new Error("audit");
      },
    });
    const verdict = new ContentFilter(audited)
      .hooks()
      .chunk?.(chunk("image/png", "x"), () => new Verdict(200), new FilteredSession(1, 1));
    expect([(verdict as Verdict).status, errors.length]).toEqual([415, 1]);
  });
});
