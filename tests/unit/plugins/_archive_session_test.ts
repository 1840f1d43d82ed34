// What an archive remembers of one session: a number that says nothing of it, and a bounded number of messages that go out.
// By what a message that comes is known has its connection in it.
import { describe, expect, test } from "#test";
import type { ConnectionHandle, Session } from "../../../core/mod.ts";
import { ArchivedSession, keyOf } from "../../../plugins/_archive_session.ts";

const session = {} as Session;

describe("ArchivedSession", () => {
  test("each has a number of its own", () => {
    const [one, other] = [new ArchivedSession(session), new ArchivedSession(session)];
    expect(one.number).toMatch(/^[0-9a-f]{16}$/);
    expect(one.number === other.number).toBe(false);
  });

  test("follows so many messages, the newest ones", () => {
    const own = new ArchivedSession(session);
    for (let number = 0; number < 5_000; number++) own.follow(`m${number}`, undefined);
    expect([own.outgoing.size, own.outgoing.has("m4999"), own.outgoing.has("m0")]).toEqual([
      4_096,
      true,
      false,
    ]);
  });

  test("two senders of one relayed session may use the same Message-ID", () => {
    const of = (id: number) => keyOf({ connection: { id } as ConnectionHandle, messageId: "m" });
    expect(of(1) === of(2)).toBe(false);
  });
});
