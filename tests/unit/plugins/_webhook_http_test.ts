// A POST, its answer, and how long a service asks to wait.
// Answers are bounded, whatever their length field says.
import { describe, expect, test } from "#test";
import { discard, type PostOptions, post, readAnswer, retryAfter } from "../../../plugins/_webhook_http.ts";

describe("post()", () => {
  test("sends JSON once, signed when there is a secret, and follows nobody", async () => {
    const seen: unknown[] = [];
    const options: PostOptions = {
      url: "https://x/",
      secret: undefined,
      headers: { "x-own": "1" },
      fetch: async (url, init) => {
        seen.push([url, init.method, init.redirect, init.headers, init.body]);
        return new Response("");
      },
      wallClock: () => 5_000,
    };
    const { signal } = new AbortController();
    await post(options, "{}", { "x-more": "2" }, signal);
    const headers = { "x-own": "1", "content-type": "application/json", "x-more": "2" };
    expect(seen).toEqual([["https://x/", "POST", "error", headers, "{}"]]);
    await post({ ...options, secret: "s" }, "{}", {}, signal);
    expect(JSON.stringify(seen[1])).toMatch(/"msrpkit-signature":"t=5,v1=[0-9a-f]{64}"/);
  });
});

describe("readAnswer()", () => {
  test("reads so much and no more", async () => {
    expect(await readAnswer(new Response("Grüße"), 7)).toBe("Grüße");
    await expect(readAnswer(new Response("Grüße"), 6)).rejects.toThrow("more than 6 octets");
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1_000)),
      cancel: () => {
        cancelled = true;
      },
    });
    await expect(readAnswer(new Response(endless), 10_000)).rejects.toThrow("octets");
    expect(cancelled).toBe(true);
    expect(await readAnswer({ status: 200, headers: new Headers(), text: async () => "x" }, 1)).toBe("x");
  });

  test("discard() lets go of an answer, also of one that is being read", () => {
    const response = new Response("x");
    response.body?.getReader();
    discard(response);
    discard(new Response(null));
    expect(response.body?.locked).toBe(true);
  });
});

describe("retryAfter()", () => {
  test("RFC 9110 §10.2.3: seconds, or a date; nothing else", () => {
    const of = (value: string | undefined) =>
      retryAfter(
        new Response("", value === undefined ? {} : { headers: { "retry-after": value } }),
        Date.parse("2026-11-23T10:00:00Z"),
      );
    expect([of("120"), of("Mon, 23 Nov 2026 10:01:00 GMT"), of("Mon, 23 Nov 2026 09:00:00 GMT")]).toEqual([
      120_000, 60_000, 0,
    ]);
    expect([of(undefined), of("soon"), of("")]).toEqual([undefined, undefined, undefined]);
  });
});
