// The relay's own limit of connections stays below that of the system, and is left alone where that is no concern.
import { describe, expect, test } from "#test";
import { handshakesWithin, readOpenFiles, withinDescriptors } from "../../../../server/relay/descriptors.ts";

const limits = (soft: string): string =>
  `Limit                     Soft Limit           Hard Limit           Units
Max processes             15423                15423                processes
Max open files            ${soft}                524288               files
`;

describe("descriptors of a relay", () => {
  test("RFC 4976 §6.5: are what the system permits now, not what it could permit [4976-6.5-03]", () => {
    expect(readOpenFiles(limits("1024"))).toBe(1024);
    expect(readOpenFiles(limits("unlimited"))).toBe(Number.POSITIVE_INFINITY);
    expect(readOpenFiles("")).toBe(Number.POSITIVE_INFINITY);
  });

  test("bound the connections, with some left for everything else [4976-6.5-03] [SEC-18]", async () => {
    expect(await withinDescriptors({ maxDials: 3 }, async () => 1024)).toEqual({
      maxDials: 3,
      maxConnections: 720,
    });
    expect(await withinDescriptors({ maxConnections: 2000 }, async () => 1024)).toEqual({
      maxConnections: 720,
    });
    for (const open of [1_000_000, Number.POSITIVE_INFINITY]) {
      const given = { maxConnections: 2000 };
      expect(await withinDescriptors(given, async () => open)).toBe(given);
    }
    expect((await withinDescriptors({}, async () => 10)).maxConnections).toBe(1);
    expect([10, 1024, 1_000_000, Number.POSITIVE_INFINITY].map(handshakesWithin)).toEqual([
      1, 240, 1024, 1024,
    ]);
  });
});
