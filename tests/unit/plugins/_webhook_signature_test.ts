// Signatures of webhooks against the HMAC of node:crypto.
// What is changed, old or from somebody else does not pass.
import { createHmac } from "node:crypto";
import { describe, expect, test } from "#test";
import { signWebhook, verifyWebhook } from "../../../plugins/_webhook_signature.ts";

describe("signWebhook()", () => {
  test("RFC 2104: HMAC-SHA-256 over the time, a dot and the body", async () => {
    for (const [secret, body] of [
      ["s", ""],
      ["a longer secret ü", '{"events":[]}'],
      ["x".repeat(200), "Grüße"],
    ] as const) {
      const hex = createHmac("sha256", secret).update(`12.${body}`).digest("hex");
      expect(await signWebhook(secret, 12, body)).toBe(`t=12,v1=${hex}`);
    }
  });
});

describe("verifyWebhook()", () => {
  test("passes what is genuine and new, and nothing else", async () => {
    const [secret, body] = ["s", "{}"];
    const seconds = Math.floor(Date.now() / 1_000);
    const signature = await signWebhook(secret, seconds, body);
    expect(await verifyWebhook({ secret, signature, body })).toBe(true);
    const old = await signWebhook(secret, seconds - 301, body);
    expect(await verifyWebhook({ secret, signature: old, body })).toBe(false);
    expect(await verifyWebhook({ secret, signature: old, body, maxAgeMs: 400_000 })).toBe(true);
    const moved = signature.replace(String(seconds), String(seconds - 1));
    expect(await verifyWebhook({ secret, signature: moved, body })).toBe(false);
  });
});
