// The place of a relayed session in the pipeline: its chunks, its plugins' state, its end.
// The stage is a function here.
import { describe, expect, test } from "#test";
import { ForwardPlace } from "../../../../core/node/forward_place.ts";
import type { ForwardLink } from "../../../../core/node/forwarding.ts";
import { ACCEPTED, Verdict } from "../../../../core/node/verdict.ts";
import type { Session } from "../../../../core/session/session.ts";
import type { RequestFrame } from "../../../../core/wire/frame.ts";

const session = {} as Session;
const link = { handle: {} } as ForwardLink;
const frame = (id: string): RequestFrame => ({ transactionId: id }) as RequestFrame;

describe("the place of a relayed session", () => {
  test("leads each chunk through the stage to who passes it on", () => {
    const log: string[] = [];
    const place = new ForwardPlace(
      session,
      ["own"],
      (c, own) => {
        log.push(`stage ${c.frame.transactionId} ${String(own[0])} ${c.session === session}`);
        return c.frame.transactionId === "bad" ? new Verdict(403) : place.assemble(c);
      },
      () => undefined,
      () => undefined,
    );
    const forward = (chunk: RequestFrame): Verdict => {
      log.push(`forward ${chunk.transactionId}`);
      return ACCEPTED;
    };
    expect(place.chunk(frame("a"), link, forward)).toBe(ACCEPTED);
    expect((place.chunk(frame("bad"), link, forward) as Verdict).status).toBe(403);
    expect(log).toEqual(["stage a own true", "forward a", "stage bad own true"]);
    expect(place.handOver()).toBe(ACCEPTED);
  });

  test("a context that waits is not used again meanwhile", async () => {
    const seen: unknown[] = [];
    const place = new ForwardPlace(
      session,
      [],
      (c) => {
        seen.push(c);
        return c.frame.transactionId === "slow" ? Promise.resolve(ACCEPTED) : ACCEPTED;
      },
      () => undefined,
      () => undefined,
    );
    const forward = (): Verdict => ACCEPTED;
    place.chunk(frame("a"), link, forward);
    await place.chunk(frame("slow"), link, forward);
    place.chunk(frame("b"), link, forward);
    expect([seen[0] === seen[1], seen[1] === seen[2]]).toEqual([true, false]);
  });

  test("tells of the chunk whose verdict does not come", () => {
    const overdue: string[] = [];
    const place = new ForwardPlace(
      session,
      [],
      (c) => (c.frame.transactionId === "stuck" ? new Promise(() => undefined) : ACCEPTED),
      () => undefined,
      (c) => overdue.push(c.frame.transactionId),
    );
    place.chunk(frame("a"), link, () => ACCEPTED);
    place.overdue();
    place.chunk(frame("stuck"), link, () => ACCEPTED);
    place.overdue();
    expect(overdue).toEqual(["stuck"]);
  });

  test("ends once", () => {
    const ended: unknown[] = [];
    const error = new Error("gone");
    const place = new ForwardPlace(
      session,
      ["own"],
      () => ACCEPTED,
      (own, cause) => ended.push([own, cause]),
      () => undefined,
    );
    place.end(error);
    place.end(undefined);
    expect(ended).toEqual([[["own"], error]]);
  });
});
