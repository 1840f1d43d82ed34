// reports() in a node: one report for each message or for each chunk, and only for who asked.
// The sender's tap shows what came back.
import { describe, expect, test } from "#test";
import type { ByteRange } from "../../../core/mod.ts";
import { type ReportsOptions, reports } from "../../../plugins/reports.ts";
import { nodePair } from "./_pair.ts";

async function rangesOf(options: ReportsOptions, successReport: boolean): Promise<(ByteRange | undefined)[]> {
  const pair = nodePair([reports(options)]);
  const ranges: (ByteRange | undefined)[] = [];
  pair.sender.tap("report", ({ byteRange, status }) => {
    expect(status).toBe(200);
    ranges.push(byteRange);
  });
  const session = await pair.connect();
  const sent = session.send(new Uint8Array(10), { contentType: "a/b", successReport, chunkBytes: 4 });
  await sent.accepted;
  if (successReport) await sent.delivered;
  await pair.close();
  return ranges;
}

describe("reports()", () => {
  test("refuses options that are unknown or wrong", () => {
    expect(() => reports({ per: "hour" } as unknown as ReportsOptions)).toThrow(
      'Cannot make plugin "reports": per',
    );
    expect(() => reports({ every: 1 } as unknown as ReportsOptions)).toThrow("every");
  });

  test("RFC 4975 §7.1.3: one report for the whole message [4975-7.1.3-01]", async () => {
    expect(await rangesOf({}, true)).toEqual([{ start: 1, end: 10, total: 10 }]);
  });

  test("RFC 4975 §7.1.3: one report for each chunk [4975-7.1.3-02]", async () => {
    expect(await rangesOf({ per: "chunk" }, true)).toEqual([
      { start: 1, end: 4, total: 10 },
      { start: 5, end: 8, total: 10 },
      { start: 9, end: 10, total: 10 },
    ]);
  });

  test("RFC 4975 §7.1.3: none for a sender that did not ask [4975-7.1.3-07]", async () => {
    expect(await rangesOf({}, false)).toEqual([]);
    expect(await rangesOf({ per: "chunk" }, false)).toEqual([]);
  });
});
