// The inside of a node: letting strangers in, checking peers, limits on sessions, timers without a connection.
import { describe, expect, test } from "#test";
import { FakeClock } from "../../../../adapters/memory.ts";
import type { ConnectionError, MsrpError } from "../../../../core/errors.ts";
import { Msrp } from "../../../../core/node/node.ts";
import { NodeCore } from "../../../../core/node/node_core.ts";
import { definePlugin } from "../../../../core/node/plugin.ts";
import { NodePair, rejection, settle, thrown } from "../../../support/nodes.ts";

describe("sessions that nobody announced", () => {
  test("are let in by URI, path and connection, with settings of their own", async () => {
    const seen: string[] = [];
    const pair = new NodePair({
      server: {
        acceptUnknown: ({ local, remote, connection }) => {
          seen.push(`${local.sessionId} ${remote.length} ${connection.direction}`);
          return local.sessionId === "plainOnly"
            ? { acceptTypes: ["text/plain"] }
            : local.sessionId === "open";
        },
      },
    });
    const plain = await pair.connect({ remote: pair.serverUri("plainOnly") });
    const refused = await rejection<MsrpError & { status: number }>(
      plain.send("x", { contentType: "text/html" }).accepted,
    );
    expect(refused.status).toBe(415);
    const error = await rejection<ConnectionError>(pair.connect({ remote: pair.serverUri("other") }));
    expect(error.code).toBe("no-such-session");
    expect(seen).toEqual(["plainOnly 1 inbound", "other 1 inbound"]);
    await pair.close();
  });

  test("are refused when the decision throws, and above the node's number of sessions", async () => {
    const pair = new NodePair({
      server: {
        maxSessions: 2,
        acceptUnknown: ({ local }) => {
          if (local.sessionId === "throws") throw new Error("boom");
          return true;
        },
      },
    });
    await rejection(pair.connect({ remote: pair.serverUri("throws") }));
    expect(pair.errors.map(({ stage }) => stage)).toEqual(["acceptUnknown"]);
    const [one] = await pair.sessions();
    await pair.connect();
    await rejection(pair.connect());
    expect(pair.server.sessionCount).toBe(2);
    await one.close();
    pair.accepted[0]?.abort();
    await pair.connect();
    await pair.close();
  });

  test("above the connection's number of sessions are refused on that connection alone", async () => {
    const pair = new NodePair({ server: { maxSessionsPerConnection: 2 } });
    await pair.connect();
    await pair.connect();
    expect((await rejection<ConnectionError>(pair.connect())).code).toBe("no-such-session");
    await pair.connect({ reuse: false });
    expect(pair.server.sessionCount).toBe(3);
    await pair.close();
  });
});

describe("onSession", () => {
  test("may fail in both ways without harm", async () => {
    const pair = new NodePair();
    pair.server.onSession(() => {
      throw new Error("now");
    });
    pair.server.onSession(() => Promise.reject(new Error("later")));
    const session = await pair.connect();
    await session.send("x").accepted;
    expect(pair.errors.map(({ stage, error }) => `${stage} ${(error as Error).message}`)).toEqual([
      "onSession now",
      "onSession later",
    ]);
    await pair.close();
  });
});

describe("verifyPeer", () => {
  test("of a session that connects refuses the connection before anything is sent for it", async () => {
    const pair = new NodePair();
    const error = await rejection<ConnectionError>(pair.connect({ verifyPeer: () => false }));
    expect(error.code).toBe("peer-not-verified");
    await settle();
    expect([pair.accepted.length, pair.client.connectionCount]).toEqual([0, 0]);
    await pair.close();
  });
});

describe("timers of plugins", () => {
  test("run on the node's clock, and one that throws is told", async () => {
    const log: string[] = [];
    const clock = new FakeClock();
    const plugin = definePlugin("timing", (host) => {
      host.setTimer(() => log.push(`at ${host.now()}`), 100);
      host.setTimer(() => {
        throw new Error("boom");
      }, 50);
      host.setTimer(() => log.push("cancelled"), 10)();
      return { name: "timing" };
    });
    const app = new Msrp({ clock }).use(plugin);
    app.tap("error", ({ plugin: name, stage }) => log.push(`${name} ${stage}`));
    app.describe();
    await clock.advance(100);
    expect(log).toEqual(["timing timer", "at 100"]);
  });

  test("without a clock never come, and cost nothing", () => {
    const core = new NodeCore({}, [], [], []);
    expect(core.now()).toBe(0);
    core.setTimer(() => undefined, 1)();
    expect(core.drivers.size).toBe(0);
  });
});

test("a node that is made with a wrong limit says which", () => {
  const error = thrown(() => new Msrp({ maxSessions: -1 }).describe());
  expect(error.message.includes("maxSessions")).toBe(true);
});
