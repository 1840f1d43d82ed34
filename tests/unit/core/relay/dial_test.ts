// Connections that are opened: shared, bounded, and left alone for a while after a failure.
// Nothing is really dialled here.
import { describe, expect, test } from "#test";
import { settle } from "../../../../adapters/memory.ts";
import { Dial, Dials } from "../../../../core/relay/dial.ts";
import type { Flow } from "../../../../core/relay/flow.ts";
import type { RelayHop } from "../../../../core/relay/hop.ts";
import type { MsrpUri } from "../../../../core/wire/uri.ts";
import { uris } from "../../../support/relay_bench.ts";

function setup(limits: { maxDials?: number; maxPerTarget?: number } = {}) {
  let now = 0;
  const asked: { uri: string; open: (hop: RelayHop) => void; fail: () => void }[] = [];
  const dials = new Dials({
    maxDials: limits.maxDials ?? 10,
    redialMs: 1000,
    maxPerTarget: limits.maxPerTarget ?? 10,
    now: () => now,
    open: (uri) =>
      new Promise<RelayHop>((open, reject) =>
        asked.push({ uri: uri.text, open, fail: () => reject(new Error("refused")) }),
      ),
  });
  const hop = (): RelayHop => ({ link: { open: true }, onEnded: undefined }) as unknown as RelayHop;
  return { dials, asked, hop, at: (time: number) => void (now = time) };
}

const [one, same, other] = uris(
  "msrp://peer.example:9000/a;tcp",
  "msrp://PEER.example:9000/b;tcp",
  "msrps://peer.example:9000/c;tcp",
) as [MsrpUri, MsrpUri, MsrpUri];

const flow = (told: unknown[]): Flow =>
  ({ dialled: (target: unknown) => told.push(target) }) as unknown as Flow;

describe("dials", () => {
  test("RFC 4976 §6.4.2: who wants to go to one place waits for one connection [4976-6.4.2-03] [4976-6.4.2-04]", async () => {
    const { dials, asked, hop } = setup();
    const dial = dials.begin(one);
    if (typeof dial === "number") throw new Error(`${dial}`);
    const told: unknown[] = [];
    expect(dials.existing(same)).toBe(dial);
    expect(dials.existing(other)).toBe(undefined);
    dial.wait(flow(told));
    dial.wait(flow(told));
    const opened = hop();
    asked[0]?.open(opened);
    await settle();
    expect([told, dials.existing(same), dials.pending]).toEqual([[opened, opened], opened, 0]);
    opened.onEnded?.();
    expect(dials.existing(same)).toBe(undefined);
  });

  test("a failure is told to all, and remembered for a while [SEC-04]", async () => {
    const { dials, asked, at } = setup();
    const dial = dials.begin(one);
    if (typeof dial === "number") throw new Error(`${dial}`);
    const told: unknown[] = [];
    dial.wait(flow(told));
    asked[0]?.fail();
    await settle();
    expect([told, dials.begin(same)]).toEqual([[undefined], 408]);
    at(1000);
    expect(dials.begin(same)).toBeInstanceOf(Dial);
  });

  test("attempts, and connections to one place, are bounded [SEC-04] [SEC-05]", async () => {
    const few = setup({ maxDials: 1 });
    expect(few.dials.begin(one)).toBeInstanceOf(Dial);
    expect(few.dials.begin(other)).toBe(403);
    const { dials, asked, hop } = setup({ maxPerTarget: 1 });
    expect(dials.begin(one)).toBeInstanceOf(Dial);
    expect(dials.begin(other)).toBe(403);
    const opened = hop();
    asked[0]?.open(opened);
    await settle();
    expect(dials.begin(other)).toBe(403);
    opened.onEnded?.();
    expect(dials.begin(other)).toBeInstanceOf(Dial);
  });
});
