// Composed plugins: stages, single occupants, taps, and the text that shows them.
import { describe, expect, test } from "#test";
import type { MsrpError } from "../../../../core/errors.ts";
import { Pipeline, type PipelineCore } from "../../../../core/node/pipeline.ts";
import {
  type Assembler,
  compose,
  definePlugin,
  type Plugin,
  type PluginHost,
  type Reporter,
} from "../../../../core/node/plugin.ts";
import { ACCEPTED } from "../../../../core/node/verdict.ts";
import type { Session } from "../../../../core/session/session.ts";
import { thrown } from "../../../support/nodes.ts";

const host: PluginHost = { now: () => 0, setTimer: () => () => undefined, error: () => undefined };
const core: PipelineCore<undefined> = {
  request: (c) => c.otherwise,
  chunk: () => ACCEPTED,
  deliver: () => ACCEPTED,
  assembler: () => ({ kind: "core" }) as unknown as Assembler,
  reporter: () => ({ kind: "core" }) as unknown as Reporter,
};
const session = {} as Session;

function pipeline(...plugins: Plugin[]): Pipeline<undefined> {
  return new Pipeline(
    plugins.flatMap((plugin) => plugin.setup(host)),
    core,
    host,
  );
}

describe("a pipeline", () => {
  test("takes its single occupants from plugins, and refuses two of them", () => {
    const assembler = { receive: () => ACCEPTED, wake: () => [], close: () => undefined, deadline: 7 };
    const mine = definePlugin({ name: "mine", assemble: () => assembler as unknown as Assembler });
    const other = definePlugin({
      name: "other",
      assemble: () => ({ kind: "other" }) as unknown as Assembler,
    });
    expect(pipeline(mine).assembler(session).deadline).toBe(7);
    expect(pipeline(mine).reporter(session)).toMatchObject({ kind: "core" });
    const error = thrown<MsrpError>(() => pipeline(mine, other));
    expect(error.code).toBe("stage-occupied");
    expect(error.message.includes("mine and other")).toBe(true);
  });

  test("tells taps in order, adds and removes some, and survives those that throw", () => {
    const log: string[] = [];
    const line = pipeline(
      definePlugin({ name: "a", taps: { oddity: ({ code }) => void log.push(`a ${code}`) } }),
      definePlugin({
        name: "b",
        taps: {
          oddity: () => {
            throw new Error("tap");
          },
          error: ({ plugin, stage }) => {
            log.push(`error of ${plugin} in ${stage}`);
            throw new Error("error tap");
          },
        },
      }),
    );
    const stop = line.tap("oddity", ({ code }) => log.push(`c ${code}`));
    const event = { code: "odd", detail: "", connection: {} as never };
    line.emit("oddity", event);
    stop();
    stop();
    line.emit("oddity", event);
    expect(log).toEqual(["a odd", "error of b in tap oddity", "c odd", "a odd", "error of b in tap oddity"]);
    expect([line.watched("oddity"), line.watched("bound")]).toEqual([true, false]);
    expect(() => line.tap("nothing" as "bound", () => undefined)).toThrow("no such tap");
  });

  test("makes the state of every plugin for a session, and tells them of its end", () => {
    const log: unknown[] = [];
    const line = pipeline(
      definePlugin({ name: "plain" }),
      definePlugin({
        name: "state",
        session: () => ({ count: 1 }),
        ended: (_session, own) => void log.push(own),
      }),
      definePlugin({
        name: "broken",
        session: () => {
          throw new Error("boom");
        },
        ended: () => {
          throw new Error("boom");
        },
      }),
    );
    line.tap("error", ({ plugin, stage }) => log.push(`${plugin} ${stage}`));
    const states = line.states(session);
    expect(states).toEqual([undefined, { count: 1 }, undefined]);
    line.ended(session, states, undefined);
    expect(log).toEqual(["broken session", { count: 1 }, "broken ended"]);
  });

  test("describes itself, composed plugins by their own names", () => {
    const line = pipeline(
      compose(
        definePlugin({ name: "auth", request: (_c, next) => next(), taps: { bound: () => undefined } }),
        definePlugin({ name: "filter", chunk: (_c, next) => next(), message: (_c, next) => next() }),
      ),
      definePlugin({ name: "limit", chunk: (_c, next) => next() }),
    );
    expect(line.describe().split("\n")).toEqual([
      "upgrade   -",
      "connect   -",
      "request   auth",
      "chunk     filter → limit",
      "assemble  (core)",
      "message   filter",
      "deliver   -",
      "forward   -",
      "report    (core)",
      "outgoing  -",
      "taps      bound: auth",
    ]);
  });
});
