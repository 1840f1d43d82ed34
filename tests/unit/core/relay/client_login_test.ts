// Logging in, as calls and answers: what is asked for, and what is made of what comes back.
import { describe, expect, test } from "#test";
import type { MsrpError } from "../../../../core/errors.ts";
import { ClientAuth } from "../../../../core/relay/client_auth.ts";
import { type Granted, login } from "../../../../core/relay/client_login.ts";
import type { RequestResult } from "../../../../core/session/session_options.ts";
import { MsrpUri } from "../../../../core/wire/uri.ts";
import { rejection } from "../../../support/nodes.ts";

type Answer = readonly [status: number, ...headers: (readonly [string, string])[]];
const usePath = ["Use-Path", "msrps://relay.example:2855/t;tcp"] as const;

async function run(
  answers: readonly Answer[],
  expires?: number,
): Promise<{ granted: Promise<Granted>; asked: (string | undefined)[] }> {
  const asked: (string | undefined)[] = [];
  const left = [...answers];
  const granted = login({
    auth: new ClientAuth({ credentials: { username: "alice", password: "secret" } }),
    channel: { secure: true, verified: true },
    relays: [MsrpUri.parse("msrps://relay.example;tcp")],
    expires,
    allowPlain: false,
    now: () => 1000,
    send: async (_toPath, headers): Promise<RequestResult> => {
      asked.push(headers.find(([name]) => name === "Expires")?.[1]);
      const [status, ...fields] = left.shift() ?? [500];
      return { status, comment: undefined, headers: fields };
    },
  });
  granted.catch(() => undefined);
  await granted.catch(() => undefined);
  return { granted, asked };
}

describe("a log-in", () => {
  test("the lifetime that the relay says counts; without one what was asked for, or five minutes [4976-4.6-01]", async () => {
    for (const [fields, expires, at] of [
      [[["Expires", "60"]], 900, 61_000],
      [[], 900, 901_000],
      [[], undefined, 301_000],
      [[["expires", "1.5"]], undefined, 301_000],
      [[["Expires", "99999999999999999999"]], undefined, 1000 + 2 ** 31 * 1000],
    ] as const) {
      const { granted } = await run([[200, usePath, ...fields]], expires);
      expect((await granted).expiresAt).toBe(at);
    }
  });

  test("what has expired already is no path", async () => {
    const { granted } = await run([[200, usePath, ["Expires", "0"]]]);
    expect((await rejection<MsrpError>(granted)).code).toBe("bad-use-path");
  });

  test("RFC 4976 §4.6: after 423 the lifetime lies within both bounds [4976-4.6-05]", async () => {
    for (const [asked, bounds, next] of [
      [30, { "Min-Expires": "60" }, "60"],
      [900, { "Max-Expires": "600" }, "600"],
      [undefined, { "Max-Expires": "600" }, "600"],
      [30, { "Min-Expires": "60", "Max-Expires": "600" }, "60"],
    ] as const) {
      const { granted, asked: sent } = await run(
        [
          [423, ...Object.entries(bounds)],
          [200, usePath],
        ],
        asked,
      );
      await granted;
      expect(sent).toEqual([asked === undefined ? undefined : String(asked), next]);
    }
  });

  test("a 423 without a bound, or with one that was kept, ends it", async () => {
    for (const fields of [[], [["Min-Expires", "30"]], [["Min-Expires", "x"]]] as const) {
      const { granted, asked } = await run([[423, ...fields]], 30);
      expect((await rejection<MsrpError>(granted)).code).toBe("expires-refused");
      expect(asked.length).toBe(1);
    }
  });
});
