// Notifications of one session without a node around it: what it refuses to do.
// What it does is tested with imdn() between two nodes.
import { describe, expect, test } from "#test";
import type { Session } from "../../../core/mod.ts";
import { buildCpim } from "../../../plugins/_cpim_build.ts";
import { CpimMessage } from "../../../plugins/_cpim_message.ts";
import { parseCpim } from "../../../plugins/_cpim_parse.ts";
import { ImdnSession, type ImdnSettings, imdnOf } from "../../../plugins/_imdn_session.ts";
import { ImdnTracker } from "../../../plugins/_imdn_tracker.ts";

const settings: ImdnSettings = {
  request: [],
  from: undefined,
  to: undefined,
  role: "recipient",
  anonymous: false,
  checkRecipient: true,
  policy: undefined,
  notify: undefined,
  onNotification: undefined,
  onFault: undefined,
  wallClock: () => new Date(0),
  maxWaiting: 10,
  limits: {},
};

function sessionOf(state: string): { session: Session; sent: unknown[] } {
  const values = new Map<unknown, unknown>();
  const sent: unknown[] = [];
  const session = {
    state,
    get: (key: unknown) => values.get(key),
    set: (key: unknown, value: unknown) => values.set(key, value),
    send: (body: unknown) => sent.push(body),
  } as unknown as Session;
  return { session, sent };
}

const view = new CpimMessage(
  {} as never,
  parseCpim(
    buildCpim(
      {
        from: "sip:a@b.example",
        to: "sip:c@d.example",
        contentType: "text/plain",
        headers: [
          { namespace: "urn:ietf:params:imdn", name: "Message-ID", value: "id1" },
          { namespace: "urn:ietf:params:imdn", name: "Disposition-Notification", value: "display" },
        ],
      },
      "x",
    ),
  ).head,
);

describe("ImdnSession", () => {
  test("is found by its session", () => {
    const { session } = sessionOf("bound");
    const own = new ImdnSession(session, settings, new ImdnTracker(1));
    expect(imdnOf(session)).toBe(own);
  });

  test("tells nothing of what it does not know, nor over a session that is gone", () => {
    const gone = sessionOf("closed");
    const late = new ImdnSession(gone.session, settings, new ImdnTracker(1));
    expect([late.displayed(undefined), late.displayed("id1"), late.displayed(view)]).toEqual([
      false,
      false,
      false,
    ]);
    const { session, sent } = sessionOf("bound");
    const own = new ImdnSession(session, settings, new ImdnTracker(1));
    expect([own.displayed(view), own.displayed(view), sent.length]).toEqual([true, false, 1]);
    expect(gone.sent.length).toBe(0);
  });
});
