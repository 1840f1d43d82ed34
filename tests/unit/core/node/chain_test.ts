// The onion: order, synchronous and asynchronous, and every way to misuse next().
import { describe, expect, test } from "#test";
import type { MsrpError } from "../../../../core/errors.ts";
import { Chain, type Step } from "../../../../core/node/chain.ts";
import { ACCEPTED, type MaybeVerdict, Verdict } from "../../../../core/node/verdict.ts";

interface Probe {
  log: string[];
}
type Run = Step<Probe>["middleware"];

const teapot = new Verdict(403, "teapot");

function chain(
  middlewares: Run[],
  terminal: (c: Probe) => MaybeVerdict = (c) => {
    c.log.push("core");
    return ACCEPTED;
  },
): { stage: Chain<Probe>; errors: { error: MsrpError; plugin: string; stage: string }[] } {
  const errors: { error: MsrpError; plugin: string; stage: string }[] = [];
  const steps = middlewares.map((middleware, index) => ({ plugin: `p${index}`, index, middleware }));
  const stage = new Chain<Probe>("chunk", steps, terminal, (error, plugin, name) =>
    errors.push({ error: error as MsrpError, plugin, stage: name }),
  );
  return { stage, errors };
}

const around =
  (name: string): Run =>
  (c, next) => {
    c.log.push(`${name}>`);
    const verdict = next();
    c.log.push(`<${name}`);
    return verdict;
  };

describe("a chain", () => {
  test("without middlewares is its core", () => {
    const { stage } = chain([]);
    const c = { log: [] };
    expect(stage.run(c, [])).toBe(ACCEPTED);
    expect(c.log).toEqual(["core"]);
  });

  test("wraps: code before and after next() runs around what is inside", () => {
    const { stage } = chain([around("a"), around("b")]);
    const c = { log: [] };
    expect(stage.run(c, [])).toBe(ACCEPTED);
    expect(c.log).toEqual(["a>", "b>", "core", "<b", "<a"]);
  });

  test("stays synchronous, and its core does not run after a refusal", () => {
    const { stage } = chain([around("a"), () => teapot, around("c")]);
    const c = { log: [] };
    expect(stage.run(c, [])).toBe(teapot);
    expect(c.log).toEqual(["a>", "<a"]);
  });

  test("gives each middleware the state of its plugin", () => {
    const seen: unknown[] = [];
    const { stage } = chain([
      (_c, next, own) => {
        seen.push(own);
        return next();
      },
      (_c, next, own) => {
        seen.push(own);
        return next();
      },
    ]);
    stage.run({ log: [] }, ["first", "second"]);
    expect(seen).toEqual(["first", "second"]);
  });

  test("turns into a promise where a middleware does, and stays in order", async () => {
    const { stage } = chain([
      around("a"),
      async (c, next) => {
        await Promise.resolve();
        c.log.push("b>");
        const verdict = await next();
        c.log.push("<b");
        return verdict;
      },
      around("c"),
    ]);
    const c = { log: [] as string[] };
    const verdict = stage.run(c, []);
    expect(verdict instanceof Promise).toBe(true);
    expect(await verdict).toBe(ACCEPTED);
    expect(c.log).toEqual(["a>", "<a", "b>", "c>", "core", "<c", "<b"]);
  });

  test("keeps runs apart that wait at the same time, and nested ones", async () => {
    const gates: (() => void)[] = [];
    const { stage } = chain([
      (c, next) =>
        c.log[0] === "slow" ? new Promise<void>((go) => gates.push(go)).then(() => next()) : next(),
    ]);
    const slow = [{ log: ["slow", "1"] }, { log: ["slow", "2"] }];
    const waiting = slow.map((c) => stage.run(c, []));
    const nested = chain([
      (c, next) => {
        stage.run({ log: c.log }, []);
        return next();
      },
    ]);
    const fast = { log: [] as string[] };
    expect(nested.stage.run(fast, [])).toBe(ACCEPTED);
    expect(fast.log).toEqual(["core", "core"]);
    for (const go of gates.reverse()) go();
    expect(await Promise.all(waiting)).toEqual([ACCEPTED, ACCEPTED]);
    expect(slow.map(({ log }) => log.at(-1))).toEqual(["core", "core"]);
  });
});

describe("a chain fails closed", () => {
  test("when next() is called twice: 403, and the plugin is named", () => {
    const { stage, errors } = chain([
      around("a"),
      (_c, next) => {
        next();
        return next();
      },
    ]);
    const c = { log: [] as string[] };
    expect((stage.run(c, []) as Verdict).status).toBe(403);
    expect(c.log.filter((entry) => entry === "core").length).toBe(1);
    expect(errors.map(({ error, plugin, stage: name }) => `${error.code} ${plugin} ${name}`)).toEqual([
      "next-called-twice p1 chunk",
    ]);
    expect(stage.run({ log: [] }, []) === ACCEPTED).toBe(false);
  });

  test("also when the second call's error is swallowed, or comes in a promise", async () => {
    const swallowing = chain([
      (_c, next) => {
        const verdict = next();
        try {
          next();
        } catch {}
        return verdict;
      },
    ]);
    expect((swallowing.stage.run({ log: [] }, []) as Verdict).status).toBe(403);
    const late = chain([
      async (_c, next) => {
        await next();
        return next();
      },
    ]);
    expect((await late.stage.run({ log: [] }, [])).status).toBe(403);
    expect([...swallowing.errors, ...late.errors].map(({ error }) => error.code)).toEqual([
      "next-called-twice",
      "next-called-twice",
    ]);
  });

  test("when next() is called after the verdict: it throws, and the next run is unharmed", () => {
    let kept: (() => unknown) | undefined;
    const { stage, errors } = chain([
      (_c, next) => {
        kept = next;
        return teapot;
      },
    ]);
    expect(stage.run({ log: [] }, [])).toBe(teapot);
    expect(() => kept?.()).toThrow("after the verdict");
    expect(stage.run({ log: [] }, [])).toBe(teapot);
    expect(errors.map(({ error, plugin }) => `${error.code} ${plugin}`)).toEqual(["next-called-late p0"]);
  });

  for (const [name, wrong] of [
    ["nothing", undefined],
    ["true", true],
    ["a look-alike", { status: 200 }],
    ["a promise of nothing", Promise.resolve(undefined)],
  ] as const) {
    test(`when a middleware returns ${name} instead of a verdict`, async () => {
      const { stage, errors } = chain([around("a"), (() => wrong) as unknown as Run]);
      expect((await stage.run({ log: [] }, [])).status).toBe(403);
      expect(errors.map(({ error, plugin, stage: at }) => `${error.name} ${plugin} ${at}`)).toEqual([
        "TypeError p1 chunk",
      ]);
    });
  }

  test("when a middleware or the core throws or rejects: the outer ones see a verdict", async () => {
    const seen: number[] = [];
    const watch: Run = (_c, next) => {
      const verdict = next();
      if (verdict instanceof Verdict) seen.push(verdict.status);
      return verdict;
    };
    const boom = new Error("boom");
    const throwing = chain([
      watch,
      () => {
        throw boom;
      },
    ]);
    const rejecting = chain([watch, () => Promise.reject(boom)]);
    const core = chain([watch], () => {
      throw boom;
    });
    expect((throwing.stage.run({ log: [] }, []) as Verdict).cause).toBe(boom);
    expect((await rejecting.stage.run({ log: [] }, [])).status).toBe(403);
    expect((core.stage.run({ log: [] }, []) as Verdict).status).toBe(403);
    expect(seen).toEqual([403, 403]);
    expect([throwing, rejecting, core].map(({ errors }) => errors[0]?.plugin)).toEqual([
      "p1",
      "p1",
      "(node)",
    ]);
  });

  test("but an error that is an answer is no news", () => {
    const { stage, errors } = chain([
      () => {
        throw Object.assign(new Error("too big"), { status: 413 });
      },
    ]);
    expect((stage.run({ log: [] }, []) as Verdict).status).toBe(413);
    expect(errors).toEqual([]);
  });
});

describe("a chain that waits", () => {
  const never: Promise<Verdict> = new Promise(() => undefined);
  const hangs: Run = () => never;
  const waits: Run = async (_c, next) => await next();

  test("tells whose verdict it waits for: the innermost that has been asked and has not decided", () => {
    const c: Probe = { log: [] };
    const { stage } = chain([waits, around("b"), hangs, waits]);
    expect(stage.awaited(c)).toBe(undefined);
    void stage.run(c, []);
    expect([stage.awaited(c), stage.awaited({ log: [] })]).toEqual(["p2", undefined]);
  });

  test("also when those inside have decided, at once or later", async () => {
    const askedFirst: Run = async (_c, next) => {
      await next();
      return await never;
    };
    for (const inner of [around("b"), waits]) {
      const c: Probe = { log: [] };
      const { stage } = chain([waits, askedFirst, inner]);
      void stage.run(c, []);
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      expect(stage.awaited(c)).toBe("p1");
    }
  });

  test("and nobody when what stands inside is asked, or all have decided", async () => {
    const c: Probe = { log: [] };
    const inside = chain([waits], () => never);
    void inside.stage.run(c, []);
    expect(inside.stage.awaited(c)).toBe(undefined);
    const decided = chain([waits]);
    await decided.stage.run(c, []);
    expect(decided.stage.awaited(c)).toBe(undefined);
  });
});

describe("a refusal names", () => {
  const refuses: Run = () => new Verdict(415);
  const later: Run = async () => new Verdict(415);
  const throws: Run = () => {
    throw new Error("bug");
  };
  const changes: Run = (_c, next) => ((next() as Verdict).accepted ? new Verdict(413) : next());
  const name = async (middlewares: Run[], terminal?: (c: Probe) => MaybeVerdict): Promise<unknown> =>
    (await chain(middlewares, terminal).stage.run({ log: [] }, [])).plugin;

  test("the plugin that refused, at once, later, by throwing, or after it had asked further", async () => {
    expect(await name([around("a"), refuses])).toBe("p1");
    expect(await name([around("a"), later, refuses])).toBe("p1");
    expect(await name([throws, refuses])).toBe("p0");
    expect(await name([around("a"), changes, around("b")])).toBe("p1");
  });

  test("the node when it was what stands inside, and nobody when it was accepted", async () => {
    expect(await name([around("a")], () => new Verdict(413))).toBe("(node)");
    expect(await name([], async () => new Verdict(413))).toBe("(node)");
    expect(await name([around("a")])).toBe(undefined);
  });

  test("names whose comment or header field cannot be written, and keeps the status", () => {
    const rude = [
      new Verdict(413, "no\r\nway"),
      new Verdict(423, undefined, [["Min-Expires", "5\r\nX: y"]]),
      new Verdict(200, undefined, [["a b", "c"]]),
    ];
    for (const verdict of rude) {
      const { stage, errors } = chain([around("a"), () => verdict]);
      expect(stage.run({ log: [] }, [])).toMatchObject({
        status: verdict.status,
        comment: undefined,
        headers: undefined,
      });
      expect(errors.map(({ plugin, error }) => [plugin, error.code])).toEqual([["p1", "bad-header"]]);
    }
  });
});
