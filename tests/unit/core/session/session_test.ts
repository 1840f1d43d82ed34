// The face of a session: what it shows, values on it, and the for-await loop over a real pair of nodes.
import { describe, expect, test } from "#test";
import { definePlugin } from "../../../../core/node/plugin.ts";
import { defineKey } from "../../../../core/session/key.ts";
import { NodePair } from "../../../support/nodes.ts";

const User = defineKey<{ name: string }>("user");

describe("a session", () => {
  test("shows its ends, role and state, and nothing secret as JSON [4975-3-02]", async () => {
    const pair = new NodePair();
    const [here, there] = await pair.sessions();
    expect([here.role, here.state, there.role, there.state]).toEqual(["active", "bound", "passive", "bound"]);
    expect([here.remote[0]?.text, there.remote[0]?.text]).toEqual([there.local.text, here.local.text]);
    expect(JSON.parse(JSON.stringify(here))).toEqual({ role: "active", state: "bound" });
    await pair.close();
  });

  test("holds values under typed keys for its life, apart from other sessions", async () => {
    const pair = new NodePair();
    const [[one], [two]] = [await pair.sessions(), await pair.sessions()];
    one.set(User, { name: "alice" });
    expect([one.get(User)?.name, two.get(User)]).toEqual(["alice", undefined]);
    one.set(User, undefined);
    expect(one.get(User)).toBe(undefined);
    await pair.close();
  });

  test("ends its loops when it is closed, and those who share them get each message once", async () => {
    const pair = new NodePair();
    const [here, there] = await pair.sessions();
    const got: string[] = [];
    const loop = async (): Promise<void> => {
      for await (const message of there) got.push(await message.text());
    };
    const loops = [loop(), loop()];
    await Promise.all(["a", "b", "c", "d"].map((text) => here.send(text).accepted));
    await there.close();
    await Promise.all(loops);
    expect(got.sort()).toEqual(["a", "b", "c", "d"]);
    await pair.close();
  });

  test("tells how many messages are pending, and when there are fewer", async () => {
    for (const plugins of [[], [definePlugin({ name: "slow", outgoing: async (_c, next) => next() })]]) {
      const pair = new NodePair({ clientPlugins: plugins });
      pair.server.onMessage(() => undefined);
      const [here] = await pair.sessions();
      for (let round = 0; round < 200; round++) {
        await here.whenQueueBelow(10);
        here.send(`message ${round}`);
        if (here.pendingSends > 10) throw new Error(`${here.pendingSends} pending`);
      }
      await here.whenQueueBelow(1);
      expect(here.pendingSends).toBe(0);
      here.send("one more");
      const waiting = here.whenQueueBelow(1);
      here.abort();
      await waiting;
      await pair.close();
    }
  });

  test("sends requests of other methods and reports of its own", async () => {
    const pair = new NodePair();
    const [here, there] = await pair.sessions();
    const result = await here.request("NICKNAME", { headers: [["Use-Nickname", '"al"']] });
    expect([result.status, result.comment]).toEqual([501, "Unknown Method"]);
    const sent = here.send("x", { successReport: true });
    await sent.delivered;
    const reports: string[] = [];
    pair.client.tap("report", ({ messageId, status, matched }) =>
      reports.push(`${messageId} ${status} ${matched}`),
    );
    there.report({ messageId: "m.unknown", status: 413 });
    await here.send("y", { successReport: false }).accepted;
    expect(reports).toEqual(["m.unknown 413 false"]);
    await pair.close();
  });
});
