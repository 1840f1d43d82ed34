// Typing indications of one session without a node: its one timer, and what counts as content.
// What goes over the wire is tested with isComposing() between two nodes.
import { describe, expect, test } from "#test";
import { FakeClock } from "../../../adapters/memory.ts";
import type { PluginHost, Session } from "../../../core/mod.ts";
import {
  ComposingSession,
  type ComposingSettings,
  composingOf,
  isContent,
} from "../../../plugins/_composing_session.ts";

const settings: ComposingSettings = {
  idleTimeoutMs: 15_000,
  refreshMs: 120_000,
  minGapMs: 1000,
  defaultRefreshMs: 120_000,
  maxRefreshMs: 3_600_000,
  maxComposers: 100,
  contentType: undefined,
  lastActive: false,
  wrap: "auto",
  from: undefined,
  to: undefined,
  onChange: undefined,
  wallClock: () => new Date(0),
};

describe("ComposingSession", () => {
  test("a thousand keys set one timer [IC-30]", async () => {
    const clock = new FakeClock();
    let timers = 0;
    const host = {
      now: () => clock.now(),
      setTimer: (callback: () => void, delayMs: number) => {
        timers++;
        return clock.setTimer(callback, delayMs);
      },
      error: () => undefined,
    } as PluginHost;
    const sent: unknown[] = [];
    const values = new Map<unknown, unknown>();
    const session = {
      state: "bound",
      get: (key: unknown) => values.get(key),
      set: (key: unknown, value: unknown) => values.set(key, value),
      send: (body: unknown) => sent.push(body),
    } as unknown as Session;
    const own = new ComposingSession(session, settings, host);
    expect(composingOf(session)).toBe(own);
    for (let count = 0; count < 1000; count++) own.typing();
    expect([timers, clock.pending, sent.length]).toEqual([1, 1, 1]);
    await clock.advance(15_000);
    expect([own.state, clock.pending, sent.length]).toEqual(["idle", 0, 2]);
    own.typing();
    own.end();
    expect([clock.pending, own.composing.length]).toEqual([0, 0]);
  });

  test("statuses and notifications are no content", () => {
    const types = ["text/plain", "application/im-iscomposing+xml", "Message/IMDN+xml;a=b", "message/cpim"];
    expect(types.map(isContent)).toEqual([true, false, false, true]);
  });
});
