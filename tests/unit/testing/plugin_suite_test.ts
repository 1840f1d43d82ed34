// The suite of plugins, run over a plugin that is right, and over some that are wrong in each way it looks for.

import * as framework from "#test";
import { describe, expect, test } from "#test";
import { definePlugin, type Plugin } from "../../../core/mod.ts";
import { reassembly, reports } from "../../../plugins/mod.ts";
import type { TestFramework } from "../../../testing/framework.ts";
import { type PluginExpectations, testPlugin } from "../../../testing/plugin_suite.ts";

const shortTexts = (): Plugin =>
  definePlugin({
    name: "short-texts",
    chunk: (c, next) => ((c.byteRange?.total ?? 0) > 100 ? c.reject(413) : next()),
  });
const limits: PluginExpectations = {
  passes: [{ name: "a short text", body: "hello" }],
  refuses: [{ name: "a long text", body: "x".repeat(101), status: 413 }],
};

testPlugin(shortTexts, framework, limits);
testPlugin(() => reassembly(), framework);
testPlugin(() => reassembly({ mode: "stream" }), framework, { places: ["endpoint", "echo"] });
testPlugin(() => reports({ per: "chunk" }), framework);

/** Runs the suite without a framework and gives the names of the tests that failed. */
async function failures(make: () => Plugin, expectations: PluginExpectations = {}): Promise<string[]> {
  const bodies: [string, () => void | Promise<void>][] = [];
  const collect: TestFramework = {
    ...framework,
    describe: (_name, body) => body(),
    test: (name, body) => bodies.push([name, body]),
  };
  testPlugin(make, collect, expectations);
  const failed: string[] = [];
  for (const [name, body] of bodies) {
    try {
      await body();
    } catch {
      failed.push(name);
    }
  }
  return failed;
}

describe("testPlugin", () => {
  test("finds nothing in a plugin that is right", async () => {
    expect(await failures(shortTexts, limits)).toEqual([]);
  });

  test("finds what is refused but should not be, and the other way round", async () => {
    expect((await failures(shortTexts)).some((name) => name.startsWith("in an endpoint"))).toBe(true);
    const lax = await failures(() => definePlugin({ name: "lax" }), limits);
    expect(lax.some((name) => name.startsWith("in a relay"))).toBe(true);
  });

  test("finds octets that are changed", async () => {
    const spoils = (): Plugin =>
      definePlugin({
        name: "spoils",
        chunk: (c, next) => {
          if (c.body !== undefined && c.body.length > 0) c.body[0] = 0x21;
          return next();
        },
      });
    expect((await failures(spoils)).some((name) => name.startsWith("in an endpoint"))).toBe(true);
  });

  test("finds state that two nodes share", async () => {
    const shared = (): Plugin => {
      let angry = false;
      return definePlugin({
        name: "shared",
        chunk: (c, next) => {
          angry ||= (c.byteRange?.total ?? 0) > 100;
          return angry ? c.reject(413) : next();
        },
      });
    };
    expect(await failures(shared, limits)).toContain("one object in two nodes shares nothing");
  });

  test("finds timers that stay, and errors", async () => {
    const ticks = (): Plugin =>
      definePlugin("ticks", (host) => ({
        name: "ticks",
        session: () => {
          host.setTimer(() => undefined, 3_600_000);
          return undefined;
        },
      }));
    expect(await failures(ticks)).toContain("leaves nothing of a session behind: no error, no timer");
    const throws = (): Plugin =>
      definePlugin({
        name: "throws",
        taps: {
          closed: () => {
            throw new Error("closed");
          },
        },
      });
    expect(await failures(throws)).toContain("leaves nothing of a session behind: no error, no timer");
  });
});
