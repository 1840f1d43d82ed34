// Where the policy decides: a SEND without content asks nobody, and what is remembered of one session is bounded.
// Messages whose chunks come mixed each have a verdict of their own.
import { describe, expect, test } from "#test";
import type { ChunkContext } from "../../../core/mod.ts";
import { GatedSession, PolicyGate } from "../../../plugins/_webhook_gate.ts";
import type { PolicyService, PolicyVerdict } from "../../../plugins/_webhook_policy.ts";

function scene(per: "message" | "session", accept = true) {
  let asked = 0;
  const verdict: PolicyVerdict = { accept, status: 403, comment: undefined, certain: true };
  const ask = (): PolicyVerdict => {
    asked++;
    return verdict;
  };
  const service = { ask } as unknown as PolicyService;
  const gate = new PolicyGate(service, per, () => "0");
  const own = new GatedSession();
  const send = (messageId: string, flag: "+" | "$" | "#", bodyLength = 5): string => {
    const c = {
      frame: { bodyLength, fromPath: [], toPath: [] },
      connection: { id: 1, get: () => undefined },
      session: { state: "open", get: () => undefined },
      contentType: bodyLength === 0 ? undefined : "text/plain",
      messageId,
      flag,
      last: true,
      reject: () => "refused",
    };
    return gate.chunk(c as unknown as ChunkContext, () => "passed" as never, own) as unknown as string;
  };
  return { send, own, asked: () => asked };
}

describe("PolicyGate", () => {
  test("asks once for each message, whatever comes in between, and forgets what has ended", () => {
    const { send, own, asked } = scene("message");
    for (const id of ["a", "b", "a", "b"]) expect(send(id, "+")).toBe("passed");
    expect([asked(), own.verdicts.size]).toEqual([2, 2]);
    send("a", "$");
    send("b", "#");
    send("c", "$");
    expect([asked(), own.verdicts.size]).toEqual([3, 0]);
  });

  test("asks nobody about a SEND without content", () => {
    const { send, asked } = scene("message", false);
    expect([send("a", "$", 0), asked()]).toEqual(["passed", 0]);
    expect(send("a", "$")).toBe("refused");
  });

  test("per session once, and per message so many that a stranger fills nothing", () => {
    const session = scene("session", false);
    for (let number = 0; number < 100; number++) session.send(`m${number}`, "$");
    expect([session.asked(), session.own.verdicts.size]).toEqual([1, 1]);
    const message = scene("message");
    for (let number = 0; number < 1_000; number++) message.send(`m${number}`, "+");
    expect(message.own.verdicts.size).toBe(64);
  });
});
