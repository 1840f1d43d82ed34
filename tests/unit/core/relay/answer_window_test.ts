// What a way may have unanswered on a link between relays: both sides of the bound, and who counts as sharing the link.
// How sessions fare with it is in flow_queue_test.ts.
import { describe, expect, test } from "#test";
import { AnswerWindow } from "../../../../core/relay/answer_window.ts";
import type { RelayHop } from "../../../../core/relay/hop.ts";
import type { RelayCore } from "../../../../core/relay/relay_core.ts";
import type { RelayedSend } from "../../../../core/relay/relayed_request.ts";
import { Sharing } from "../../../../core/relay/sharing.ts";

const relay = { limits: { maxUnansweredBytes: 1000 } } as RelayCore;
const hop = (shared: boolean, mayForward = true): RelayHop =>
  ({ shared, sharing: new Sharing(), link: { mayForward } }) as unknown as RelayHop;
const sent = (length: number): RelayedSend => ({ length, counted: 0 }) as RelayedSend;

describe("the window of answers", () => {
  test("is closed from its bound on, where others share a link between relays, and there alone", () => {
    const [window, other] = [new AnswerWindow(relay), new AnswerWindow(relay)];
    const link = hop(true);
    window.use(link);
    // 512 octets for what a short one costs beside its body.
    window.wrote(sent(488));
    expect([window.admits(link), window.admits(hop(false))]).toEqual([true, true]);
    other.use(link);
    expect([window.admits(link), other.admits(link), window.admits(hop(false))]).toEqual([false, true, true]);
    window.answered(1);
    expect(window.admits(link)).toBe(true);
    expect(other.admits(hop(true, false))).toBe(false);
  });

  test("who waits for answers keeps the link shared until one comes", () => {
    const window = new AnswerWindow(relay);
    const link = hop(true);
    window.use(link);
    const send = sent(2000);
    window.wrote(send);
    expect(send.counted).toBe(2512);
    window.await(link);
    window.await(link);
    expect([link.sharing.awaiting, link.sharing.many]).toEqual([1, true]);
    window.answered(send.counted);
    expect([link.sharing.awaiting, link.sharing.many]).toEqual([0, false]);
  });

  test("a way counts once, on the link that it uses last, and no more when it is over", () => {
    const window = new AnswerWindow(relay);
    const [first, second] = [hop(true), hop(true)];
    for (const link of [first, first, second, second]) window.use(link);
    expect([first.sharing.outgoing, second.sharing.outgoing]).toEqual([0, 1]);
    window.await(second);
    window.close();
    window.use(second);
    window.await(second);
    expect([second.sharing.outgoing, second.sharing.awaiting]).toEqual([0, 0]);
  });
});
