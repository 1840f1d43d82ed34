// Plugins in the single-occupant stages, in taps and in the life of a session that throw, reject, never settle or give back
// nonsense: the error tap names them, the other sessions go on, and nothing is left that nobody catches.
import { describe, expect, test } from "#test";
import { FakeClock, settle } from "../../../../adapters/memory.ts";
import { GuardedAssembler, GuardedReporter } from "../../../../core/node/guarded.ts";
import { Msrp } from "../../../../core/node/node.ts";
import { type Assembler, definePlugin, type Hooks, type Reporter } from "../../../../core/node/plugin.ts";
import { tapNames } from "../../../../core/node/tap.ts";
import { ACCEPTED } from "../../../../core/node/verdict.ts";
import type { Session } from "../../../../core/session/session.ts";
import { NodePair } from "../../../../testing/pair.ts";

const boom = (): never => {
  throw new Error("boom");
};
const reject = (): Promise<never> => Promise.reject(new Error("boom"));
const assembler = (wrong: Record<string, unknown>): Assembler =>
  Object.defineProperties(
    {},
    {
      ...Object.getOwnPropertyDescriptors({
        receive: () => ACCEPTED,
        deadline: Number.POSITIVE_INFINITY,
        wake: () => [],
        paused: false,
        close: () => undefined,
      }),
      ...Object.getOwnPropertyDescriptors(wrong),
    },
  ) as Assembler;
const reporter = (wrong: Record<string, unknown>): Reporter =>
  ({ received: () => undefined, delivered: () => undefined, dropped: () => undefined, ...wrong }) as Reporter;

interface Case {
  readonly name: string;
  readonly stage: string;
  readonly hooks: (evil: (session: Session) => boolean) => Record<string, unknown>;
}

function assembling(name: string, make: () => unknown): Case {
  const good = (): Assembler => assembler({});
  return {
    name,
    stage: "assemble",
    hooks: (evil) => ({ assemble: (session: Session) => (evil(session) ? make() : good()) }),
  };
}

function reporting(name: string, make: () => unknown): Case {
  return {
    name,
    stage: "report",
    hooks: (evil) => ({ report: (session: Session) => (evil(session) ? make() : reporter({})) }),
  };
}

const cases: readonly Case[] = [
  assembling("assemble throws", boom),
  assembling("assemble gives a number", () => 7),
  assembling("receive() throws", () => assembler({ receive: boom })),
  assembling("receive() rejects", () => assembler({ receive: reject })),
  assembling("receive() gives a number", () => assembler({ receive: () => 7 })),
  assembling("receive() never settles", () => assembler({ receive: () => new Promise(() => undefined) })),
  assembling("wake() throws", () => assembler({ deadline: 0, wake: boom })),
  assembling("wake() gives a number", () => assembler({ deadline: 0, wake: () => 7 })),
  assembling("deadline throws", () =>
    assembler({
      get deadline() {
        return boom();
      },
    }),
  ),
  assembling("close() throws", () => assembler({ close: boom })),
  reporting("report throws", boom),
  reporting("report gives a number", () => 7),
  reporting("received() throws", () => reporter({ received: boom })),
  reporting("received() rejects", () => reporter({ received: reject })),
  reporting("delivered() throws", () => reporter({ delivered: boom })),
  reporting("a report without fields", () =>
    reporter({ received: (_c: unknown, report: (fields: unknown) => void) => report(undefined) }),
  ),
  {
    name: "session() throws",
    stage: "session",
    hooks: (evil) => ({ session: (s: Session) => evil(s) && boom() }),
  },
  {
    name: "session() gives a promise that rejects",
    stage: "session",
    hooks: (evil) => ({ session: (s: Session) => (evil(s) ? reject() : undefined) }),
  },
  {
    name: "ended() rejects",
    stage: "ended",
    hooks: (evil) => ({ ended: (s: Session) => (evil(s) ? reject() : undefined) }),
  },
  {
    name: "the outgoing stage never settles",
    stage: "outgoing",
    hooks: (evil) => ({
      outgoing: (c: { session: Session }, next: () => unknown) =>
        evil(c.session) ? new Promise(() => undefined) : next(),
    }),
  },
  {
    name: "a chunk's verdict throws when it is looked at",
    stage: "chunk",
    hooks: (evil) => ({
      chunk: (c: { session: Session }, next: () => unknown) =>
        evil(c.session) ? new Proxy({}, { get: boom }) : next(),
    }),
  },
];

const evilSession = (session: Session): boolean => session.local.sessionId?.startsWith("evil") === true;

describe("what a plugin does wrong hurts its session alone, under its name", () => {
  for (const { name, stage, hooks } of cases) {
    test(name, async () => {
      const made = hooks(evilSession) as Omit<Hooks, "name">;
      const pair = new NodePair({ serverPlugins: [definePlugin({ name: "evil", ...made })] });
      pair.server.onMessage((_message, session) => {
        session.send("an answer").accepted.catch(() => undefined);
      });
      const open = (id: string): Promise<Session> =>
        pair.client.connect(
          {
            local: `msrp://client.test:9/${id}c;tcp`,
            remote: `msrp://server.test:2855/${id};tcp`,
            reuse: false,
          },
          pair.network.connect,
        );
      pair.network.listen("server.test", 2855, pair.server.accept);
      const good = await open("good");
      const evil = open("evil")
        .then((session) => session.send("hello", { successReport: true }).accepted)
        .catch(() => undefined);
      for (let second = 0; second < 180; second += 5) await pair.clock.advance(5_000);
      await evil;
      await settle();
      await good.send("hello").accepted;
      await pair.close();
      await settle();
      expect(pair.errors.map((error) => `${error.plugin} ${error.stage}`)).toContain(`evil ${stage}`);
      expect(new Set(pair.errors.map((error) => error.plugin))).toEqual(new Set(["evil"]));
    });
  }

  test("taps that reject are told of like those that throw", async () => {
    const taps = Object.fromEntries(tapNames.map((name) => [name, reject]));
    const pair = new NodePair({ serverPlugins: [definePlugin({ name: "evil", taps })] });
    const [alice] = await pair.sessions();
    await alice.send("hello").accepted;
    await pair.close();
    await settle();
    const stages = new Set(pair.errors.map((error) => `${error.plugin} ${error.stage}`));
    for (const tap of ["connected", "wire", "bound", "settled", "delivered", "closed"])
      expect(stages).toContain(`evil tap ${tap}`);
  });

  test("connect and upgrade: no verdict in time is a refusal", async () => {
    const never = (): Promise<never> => new Promise(() => undefined);
    const clock = new FakeClock();
    const stages: string[] = [];
    const app = new Msrp({ clock }).use(definePlugin({ name: "evil", upgrade: never, connect: never }));
    app.tap("error", ({ plugin, stage }) => stages.push(`${plugin} ${stage}`));
    const asked = app.upgrade({ url: "/", headers: new Map(), remoteAddress: "192.0.2.1", secure: true });
    const dialled = app
      .connect({ local: "msrp://a.test:9/a;tcp", remote: "msrp://b.test:9/b;tcp" }, () => boom())
      .catch((error: { code: string }) => error.code);
    await clock.advance(60_000);
    expect((await asked).verdict.status).toBe(403);
    expect(await dialled).toBe("connect-refused");
    expect(stages.sort()).toEqual(["evil connect", "evil upgrade"]);
  });
});

describe("a guarded occupant", () => {
  test("that is always overdue is woken once a second, and one without a time never", () => {
    const guard = (deadline: number): GuardedAssembler =>
      new GuardedAssembler("p", () => assembler({ deadline }), boom);
    const late = guard(-1);
    late.wake(5_000);
    expect(late.deadline).toBe(6_000);
    expect(guard(Number.NaN).deadline).toBe(Number.POSITIVE_INFINITY);
  });

  test("gives on what the occupant says", () => {
    const calls: string[] = [];
    const guard = new GuardedReporter(
      () => reporter({ dropped: (messageId: string) => calls.push(messageId) }),
      boom,
    );
    guard.dropped("m1");
    expect(calls).toEqual(["m1"]);
  });
});
