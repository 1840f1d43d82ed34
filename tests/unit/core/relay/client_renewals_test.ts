// Which paths need another one, and when it is tried.
import { describe, expect, test } from "#test";
import { FakeClock, settle } from "../../../../adapters/memory.ts";
import { ConnectionError, RemoteProtocolError } from "../../../../core/errors.ts";
import { relayClientLimits } from "../../../../core/relay/client_options.ts";
import type { RelayPath } from "../../../../core/relay/client_path.ts";
import { leadMs, Renewals } from "../../../../core/relay/client_renewals.ts";

function setting(): {
  clock: FakeClock;
  renewals: Renewals;
  log: string[];
  faults: Error[];
  path(name: string): RelayPath;
} {
  const clock = new FakeClock();
  const [log, faults]: [string[], Error[]] = [[], []];
  const path = (name: string): RelayPath => ({ toString: () => name }) as unknown as RelayPath;
  let count = 0;
  const limits = relayClientLimits({ relay: "msrps://r.example;tcp", credentials: { username: "a" } });
  const renewals = new Renewals(limits, {
    clock,
    allocate: async () => {
      const fault = faults.shift();
      if (fault !== undefined) throw fault;
      return path(`new${++count}`);
    },
    renewed: (next, replaces, reason) => log.push(`${next} for ${replaces} ${reason}`),
    failed: ({ error, retryInMs }, given) =>
      log.push(`${error.message} ${retryInMs === undefined ? "final" : "retry"} [${given}]`),
  });
  return { clock, renewals, log, faults, path };
}

describe("renewals", () => {
  test("come one after the other, each once", async () => {
    const { renewals, log, path } = setting();
    renewals.want(path("p1"), "expiry");
    renewals.want(path("p2"), "reconnected");
    await settle();
    expect(log).toEqual(["new1 for p1 expiry", "new2 for p2 reconnected"]);
  });

  test("what was dropped meanwhile gets nothing", async () => {
    const { renewals, log, path } = setting();
    const dropped = path("p1");
    renewals.want(dropped, "expiry");
    renewals.drop(dropped);
    await settle();
    expect(log).toEqual(["new1 for undefined expiry"]);
  });

  test("a failure is tried again after a wait, and nothing comes in between", async () => {
    const { clock, renewals, log, faults, path } = setting();
    faults.push(new ConnectionError("connect-failed", "down"));
    renewals.want(path("p1"), "expiry");
    await settle();
    renewals.want(path("p2"), "expiry");
    await clock.advance(499);
    expect(log).toEqual(["down retry []"]);
    await clock.advance(501);
    expect(log.slice(1)).toEqual(["new1 for p1 expiry", "new2 for p2 expiry"]);
  });

  test("what another try would only repeat is given up", async () => {
    const { clock, renewals, log, faults, path } = setting();
    faults.push(new RemoteProtocolError("auth-refused", "no"));
    renewals.want(path("p1"), "expiry");
    await clock.advance(600_000);
    expect(log).toEqual(["no final [p1]"]);
  });

  test("after a loss they wait a moment, and can be stopped", async () => {
    const { clock, renewals, log, path } = setting();
    renewals.wantLater([path("p1"), path("p2")], "reconnected");
    await clock.advance(400);
    expect(log).toEqual([]);
    renewals.stop();
    await clock.advance(600_000);
    expect([log, clock.pending]).toEqual([[], 0]);
  });

  test("a path is replaced a minute before its end, or at three quarters of a short life", () => {
    expect([900_000, 240_000, 60_000, 4000].map(leadMs)).toEqual([60_000, 60_000, 15_000, 1000]);
  });
});
