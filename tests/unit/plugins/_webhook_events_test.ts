// Taps as events: only those that were chosen are tapped, and secrets in the words of an error are taken out.
// A webhook is not told of its own failures.
import { describe, expect, test } from "#test";
import type { Session } from "../../../core/mod.ts";
import { type WebhookEvent, WebhookEvents } from "../../../plugins/_webhook_events.ts";

const session = {
  local: { sessionId: "mySecretId" },
  remote: [{ sessionId: "theirSecretId" }],
} as unknown as Session;

describe("WebhookEvents", () => {
  test("taps what was chosen and nothing else", () => {
    const taps = (
      ...names: ConstructorParameters<typeof WebhookEvents>[0] extends Iterable<infer N> ? N[] : never
    ) =>
      Object.keys(
        new WebhookEvents(
          names,
          () => undefined,
          () => 0,
        ).taps(),
      );
    expect(taps()).toEqual([]);
    expect(taps("session-closed")).toEqual(["closed"]);
    expect(taps("message-refused", "message-failed")).toEqual(["settled", "sent"]);
  });

  test("errors are told without session-ids; those of the webhook itself are not", () => {
    const told: WebhookEvent[] = [];
    const { error } = new WebhookEvents(
      ["error"],
      (event) => told.push(event),
      () => 0,
    ).taps();
    const thrown = new Error("no answer from msrp://x.example:1/theirSecretId;tcp for mySecretId");
    error?.({ error: thrown, plugin: "other", stage: "chunk", session });
    error?.({ error: thrown, plugin: "webhook", stage: "webhook", session });
    expect(told.length).toBe(1);
    expect(told[0]).toMatchObject({ event: "error", at: "1970-01-01T00:00:00.000Z", plugin: "other" });
    expect(JSON.stringify(told)).not.toContain("SecretId");
  });
});
