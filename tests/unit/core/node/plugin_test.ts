// Defining plugins: by hooks or by a function per node, joined to one, and shared by two nodes without sharing state.
import { describe, expect, test } from "#test";
import { Msrp } from "../../../../core/node/node.ts";
import {
  compose,
  definePlugin,
  type Hooks,
  type Plugin,
  type PluginHost,
} from "../../../../core/node/plugin.ts";
import { NodePair, settle } from "../../../support/nodes.ts";

const host: PluginHost = { now: () => 0, setTimer: () => () => undefined, error: () => undefined };

describe("definePlugin", () => {
  test("takes hooks as they are", () => {
    const hooks: Hooks = { name: "plain", chunk: (_c, next) => next() };
    expect(definePlugin(hooks).setup(host)).toEqual([hooks]);
    expect(definePlugin(hooks).name).toBe("plain");
  });

  test("makes hooks anew for each node", () => {
    let made = 0;
    const plugin = definePlugin("counting", () => ({ name: `counting ${++made}` }));
    expect([plugin.setup(host)[0]?.name, plugin.setup(host)[0]?.name]).toEqual(["counting 1", "counting 2"]);
  });

  test("infers the state that its hooks get", () => {
    const plugin = definePlugin({
      name: "typed",
      session: () => ({ chunks: 0 }),
      chunk: (_c, next, own) => {
        own.chunks += 1;
        return next();
      },
    });
    expect(plugin.setup(host).length).toBe(1);
  });

  test("refuses a name without hooks", () => {
    expect(() => definePlugin("nothing", undefined as never)).toThrow("nothing");
  });
});

test("compose() is a plugin whose parts keep their order", () => {
  const both = compose(
    definePlugin({ name: "a" }),
    compose(definePlugin({ name: "b" }), definePlugin({ name: "c" })),
  );
  expect(both.name).toBe("a+b+c");
  expect(both.setup(host).map(({ name }) => name)).toEqual(["a", "b", "c"]);
});

test("one plugin object in two nodes keeps state per node and per session", async () => {
  const seen: string[] = [];
  let nodes = 0;
  const plugin = definePlugin<{ chunks: number }>("counter", () => {
    const node = ++nodes;
    return {
      name: "counter",
      session: () => ({ chunks: 0 }),
      chunk: (c, next, own) => {
        if (c.body !== undefined) seen.push(`node ${node} chunk ${++own.chunks}`);
        return next();
      },
    };
  });
  const pair = new NodePair({ serverPlugins: [plugin], clientPlugins: [plugin] });
  const [one, oneThere] = await pair.sessions();
  const [two] = await pair.sessions();
  await one.send("a").accepted;
  await one.send("b").accepted;
  await two.send("c").accepted;
  await oneThere.send("d").accepted;
  await settle();
  const counts = seen.map((entry) => entry.slice("node ".length)).sort();
  const nodeOf = (text: string): string => text.split(" ")[0] ?? "";
  expect(new Set(counts.map(nodeOf)).size).toBe(2);
  expect(counts.map((text) => text.slice(2)).sort()).toEqual(["chunk 1", "chunk 1", "chunk 1", "chunk 2"]);
  await pair.close();
});

test("what a plugin tells of, or throws in a timer, names it, also within compose()", async () => {
  const noisy = definePlugin("noisy", (host) => ({
    name: "noisy",
    session: () => {
      host.error(new Error("told"), "session");
      host.setTimer(() => {
        throw new Error("thrown");
      }, 10);
    },
  }));
  const pair = new NodePair({ serverPlugins: [compose(definePlugin({ name: "quiet" }), noisy)] });
  await pair.sessions();
  await pair.clock.advance(10);
  await settle();
  expect(pair.errors.map(({ plugin, stage }) => [plugin, stage])).toEqual([
    ["noisy", "session"],
    ["noisy", "timer"],
  ]);
  await pair.close();
});

describe("definePlugin() with something wrong", () => {
  const define = definePlugin as unknown as (...args: unknown[]) => Plugin;
  const wrong: readonly (readonly [name: string, hooks: unknown, says: string])[] = [
    ["no hooks", undefined, "hooks with a name"],
    ["no name", { chunk: () => undefined }, "hooks with a name"],
    ["a stage that is none", { name: "mine", chnk: () => undefined }, '"mine": there is no stage "chnk"'],
    ["a stage that is no function", { name: "mine", chunk: 7 }, '"mine": "chunk" is no function'],
    [
      "a tap that is none",
      { name: "mine", taps: { eror: () => undefined } },
      '"mine": there is no tap "eror"',
    ],
    ["a tap that is no function", { name: "mine", taps: { error: 7 } }, '"mine": tap "error" is no function'],
  ];
  for (const [name, hooks, says] of wrong) {
    test(`${name}: a TypeError that says so`, () => {
      expect(() => define(hooks)).toThrow(says);
      expect(() => new Msrp().use(define("mine", () => hooks)).describe()).toThrow(TypeError);
    });
  }
});
