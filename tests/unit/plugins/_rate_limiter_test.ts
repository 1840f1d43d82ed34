// The limits of one node as seen from inside: what fits is decided without a promise.
// rateLimit() has what senders see.
import { expect, test } from "#test";
import { type ChunkContext, type PluginHost, Verdict } from "../../../core/mod.ts";
import { RateLimiter, type RateLimiterParts } from "../../../plugins/_rate_limiter.ts";

const parts: RateLimiterParts = {
  perSession: { messages: { perSecond: 1, burst: 2 } },
  perUser: {},
  perAddress: { bytes: { perSecond: 1000 } },
  maxDelayMs: 5000,
  status: 413,
  comment: "no",
  userOf: undefined,
  maxKeys: 10,
};

test("a chunk that fits is passed on at once, one that does not gives a promise, and too much a refusal", () => {
  let now = 0;
  const host: PluginHost = { now: () => now, setTimer: () => () => undefined, error: () => undefined };
  const hooks = new RateLimiter(parts, host).hooks();
  const connection = { remoteAddress: "192.0.2.1", direction: "inbound", get: () => undefined };
  const own = hooks.session?.({} as never) as NonNullable<ReturnType<NonNullable<typeof hooks.session>>>;
  const pass = new Verdict(200);
  const send = (bodyLength: number, flag = "$") => {
    const fields = {
      frame: { bodyLength },
      body: new Uint8Array(0),
      flag,
      first: true,
      last: true,
      messageId: "m",
    };
    const c = {
      ...fields,
      connection,
      session: { state: "bound" },
      reject: (status: number) => new Verdict(status),
    };
    return hooks.chunk?.(c as unknown as ChunkContext, () => pass, own);
  };
  expect([send(10), send(10)]).toEqual([pass, pass]);
  expect(send(10)).toBeInstanceOf(Promise);
  now = 10_000;
  expect(send(10)).toBe(pass);
  expect(send(1000)).toBeInstanceOf(Promise);
  expect(send(1000)).toBeInstanceOf(Promise);
  expect((send(100_000) as Promise<Verdict> | Verdict) instanceof Promise).toBe(true);
  expect((send(1) as Verdict).status).toBe(413);
});
