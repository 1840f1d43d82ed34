// The policy service by itself: what its answers mean, and that what it remembers is bounded.
// Comments go into the first line of a response, so they may hold nothing that ends it.
import { describe, expect, test } from "#test";
import { FakeClock } from "../../../adapters/memory.ts";
import { type PolicyParts, type PolicyQuestion, PolicyService } from "../../../plugins/_webhook_policy.ts";

const question: PolicyQuestion = {
  session: "0011223344556677",
  direction: "in",
  from: "alice.example",
  to: "bob.example",
  user: undefined,
  remoteAddress: "192.0.2.1",
  secure: true,
  message: { messageId: "m", contentType: "text/plain", size: 5 },
};

function service(answer: () => string, options: Partial<PolicyParts> = {}) {
  const asked = { count: 0 };
  const parts: PolicyParts = {
    url: "https://x/",
    secret: undefined,
    headers: {},
    fetch: async () => {
      asked.count++;
      return new Response(answer());
    },
    wallClock: () => 0,
    timeoutMs: 1_000,
    onFailure: "refuse",
    status: 403,
    maxConcurrent: 1,
    maxWaiting: 10,
    cacheMs: 0,
    maxCached: 2,
    problem: () => undefined,
    ...options,
  };
  return { policy: new PolicyService(parts, new FakeClock()), asked };
}

describe("PolicyService", () => {
  test("reads verdict, status and comment, and makes them safe", async () => {
    const cases: readonly (readonly [
      answer: string,
      accept: boolean,
      status: number,
      comment: string | undefined,
    ])[] = [
      ['{"verdict":"accept","status":999}', true, 200, undefined],
      ['{"verdict":"reject"}', false, 403, undefined],
      [
        '{"verdict":"reject","status":415,"comment":"No\\r\\nMSRP x 200 \\u0000OK"}',
        false,
        415,
        "No MSRP x 200 OK",
      ],
      ['{"verdict":"reject","status":200}', false, 403, undefined],
      ['{"verdict":"reject","status":"415","comment":7}', false, 403, undefined],
      [`{"verdict":"reject","comment":"${"x".repeat(500)}"}`, false, 403, "x".repeat(200)],
    ];
    for (const [answer, accept, status, comment] of cases) {
      const verdict = await service(() => answer).policy.ask(question);
      expect(verdict).toEqual({ accept, status, comment, certain: true });
    }
  });

  test("many questions take turns", async () => {
    const { policy, asked } = service(() => '{"verdict":"accept"}');
    const verdicts = await Promise.all(Array.from({ length: 10 }, () => policy.ask(question)));
    expect([verdicts.every(({ accept }) => accept), asked.count]).toEqual([true, 10]);
  });

  test("remembers by sender, recipient, address and type, so many and not their messages", async () => {
    const { policy, asked } = service(() => '{"verdict":"accept"}', { cacheMs: 1_000 });
    const ask = async (fields: Partial<PolicyQuestion>): Promise<number> => {
      await policy.ask({ ...question, ...fields });
      return asked.count;
    };
    expect(await ask({})).toBe(1);
    expect(
      await ask({ session: "other", message: { messageId: "n", contentType: "text/plain", size: 6 } }),
    ).toBe(1);
    expect(await ask({ from: "carol" })).toBe(2);
    expect(await ask({ user: "carol" })).toBe(3);
    expect(await ask({})).toBe(4);
  });
});
