// Sessions as Effects and Streams, over the memory adapter: real nodes, real sessions, no sockets and no time.
// The adapter that is given to `msrpkit/effect` has the two functions that every adapter has.
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import * as Stream from "effect/Stream";
import { describe, expect, test } from "#test";
import { connect, listen, messages, octets, send } from "../../../adapters/effect.ts";
import { MemoryNetwork } from "../../../adapters/memory.ts";
import { type ConnectOptions, DeliveryError, type Message, Msrp, type Session } from "../../../core/mod.ts";
import { reassembly } from "../../../plugins/mod.ts";

/** A network with a listening node, and the adapter over it. */
class World {
  readonly network = new MemoryNetwork();
  readonly server: Msrp = new Msrp({ acceptUnknown: () => true });
  readonly client = new Msrp();
  listeners = 0;
  readonly adapter = {
    listen: (app: Msrp, uri: string, _options?: object): Promise<{ uri: string; close(): Promise<void> }> => {
      const stop = this.network.listen("server", 2855, app.accept);
      this.listeners += 1;
      const close = (): Promise<void> => {
        this.listeners -= 1;
        stop();
        return Promise.resolve();
      };
      return Promise.resolve({ uri, close });
    },
    connect: (app: Msrp, options: ConnectOptions): Promise<Session> =>
      app.connect(options, this.network.connect),
  };
  readonly options: ConnectOptions = {
    local: "msrp://client:9/here;tcp",
    remote: "msrp://server:2855/there;tcp",
  };
}

const serving = (world: World): Effect.Effect<unknown, Error, import("effect/Scope").Scope> =>
  listen(world.adapter, world.server, "msrp://server:2855;tcp");

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 10_000; turn++) {
    if (holds()) return;
    await Promise.resolve();
  }
  throw new Error("it never came");
}

describe("scoped listeners and sessions", () => {
  test("live as long as their scope: the session is drained, the listener stops", async () => {
    const world = new World();
    const got: string[] = [];
    world.server.onMessage(async (message) => {
      got.push(await message.text());
    });
    const program = Effect.gen(function* () {
      yield* serving(world);
      const session = yield* connect(world.adapter, world.client, world.options);
      session.send("not awaited");
      return session;
    });
    const session = await Effect.runPromise(Effect.scoped(program));
    expect([session.state, got, world.listeners]).toEqual(["closed", ["not awaited"], 0]);
  });

  test("a scope that fails aborts the session", async () => {
    const world = new World();
    let session: Session | undefined;
    const program = Effect.gen(function* () {
      yield* serving(world);
      session = yield* connect(world.adapter, world.client, world.options);
      return yield* Effect.fail("enough");
    });
    expect(await Effect.runPromise(Effect.flip(Effect.scoped(program)))).toBe("enough");
    expect(session?.state).toBe("failed");
  });

  test("no listener is a typed ConnectionError", async () => {
    const world = new World();
    const error = await Effect.runPromise(
      Effect.flip(Effect.scoped(connect(world.adapter, world.client, world.options))),
    );
    expect([error.name, error.code]).toEqual(["ConnectionError", "connect-failed"]);
  });

  test("interruption while connecting leaves no session behind", async () => {
    const world = new World();
    let signal: AbortSignal | undefined;
    const adapter = {
      connect: (_app: Msrp, options: ConnectOptions): Promise<Session> => {
        signal = options.signal;
        return new Promise(() => undefined);
      },
    };
    const fiber = Effect.runFork(Effect.scoped(connect(adapter, world.client, world.options)));
    await until(() => signal !== undefined);
    await Effect.runPromise(Fiber.interrupt(fiber));
    expect(signal?.aborted).toBe(true);
  });
});

describe("send", () => {
  test("gives a Delivery: accepted by default, delivered with successReport", async () => {
    const world = new World();
    const program = Effect.gen(function* () {
      yield* serving(world);
      const session = yield* connect(world.adapter, world.client, world.options);
      const first = yield* send(session, "hi", { messageId: "first.1" });
      const second = yield* send(session, "hi", { messageId: "second.2", successReport: true });
      return [first, second];
    });
    expect(await Effect.runPromise(Effect.scoped(program))).toEqual([
      { messageId: "first.1", confirmed: "accepted" },
      { messageId: "second.2", confirmed: "delivered" },
    ]);
  });

  test("RFC 4975 §10.6: a refusal is a typed DeliveryError with its status", async () => {
    const world = new World();
    const picky = new Msrp({ acceptUnknown: () => ({ acceptTypes: ["text/plain"] }) });
    const program = Effect.gen(function* () {
      yield* listen(world.adapter, picky, "msrp://server:2855;tcp");
      const session = yield* connect(world.adapter, world.client, world.options);
      return yield* Effect.flip(send(session, new Uint8Array(3), { contentType: "image/png" }));
    });
    const error = await Effect.runPromise(Effect.scoped(program));
    expect(error).toBeInstanceOf(DeliveryError);
    expect([error.code, (error as DeliveryError).status]).toEqual(["refused", 415]);
  });

  test("a Stream is sent as it comes; its failure is the message's, with the cause", async () => {
    const world = new World();
    const got: string[] = [];
    world.server.onMessage(async (message) => {
      got.push(await message.text());
    });
    const pieces = Stream.fromIterable(
      ["one ", "two ", "three"].map((text) => new TextEncoder().encode(text)),
    );
    const broken = Stream.concat(pieces, Stream.fail(new Error("source broke")));
    const program = Effect.gen(function* () {
      yield* serving(world);
      const session = yield* connect(world.adapter, world.client, world.options);
      yield* send(session, pieces, { contentType: "text/plain" });
      return yield* Effect.flip(send(session, broken, { contentType: "text/plain" }));
    });
    const error = await Effect.runPromise(Effect.scoped(program));
    expect([error.code, got]).toEqual(["aborted", ["one two three"]]);
  });

  test("RFC 4975 §7.1: interruption aborts the message with #", async () => {
    const world = new World();
    const flags: string[] = [];
    world.server.tap("settled", ({ frame }) => flags.push(frame.flag));
    world.server.use(reassembly({ mode: "stream" }));
    const endless = Stream.concat(Stream.succeed(new Uint8Array(200_000)), Stream.never);
    const program = Effect.gen(function* () {
      yield* serving(world);
      const session = yield* connect(world.adapter, world.client, world.options);
      const begun = new Promise<Message>((resolve) => {
        world.server.onMessage((message) => resolve(message));
      });
      const fiber = yield* Effect.forkChild(send(session, endless));
      const message = yield* Effect.promise(() => begun);
      yield* Fiber.interrupt(fiber);
      return yield* Effect.flip(Stream.runDrain(octets(message)));
    });
    const error = await Effect.runPromise(Effect.scoped(program));
    expect(error.code).toBe("aborted");
    await until(() => flags.includes("#"));
  });

  test("a wrong argument is a defect, not an error", async () => {
    const world = new World();
    const program = Effect.gen(function* () {
      yield* serving(world);
      const session = yield* connect(world.adapter, world.client, world.options);
      return yield* send(session, 7 as never);
    });
    const exit = await Effect.runPromiseExit(Effect.scoped(program));
    expect(Exit.isFailure(exit) && Exit.hasDies(exit)).toBe(true);
  });
});

describe("messages", () => {
  test("come as a Stream, in order, and end with the session", async () => {
    const world = new World();
    const program = Effect.gen(function* () {
      yield* serving(world);
      const inbound = new Promise<Session>((resolve) => {
        world.server.onSession(resolve);
      });
      const session = yield* connect(world.adapter, world.client, world.options);
      const peer = yield* Effect.promise(() => inbound);
      for (const text of ["a", "b", "c"]) peer.send(text);
      const firstTwo = yield* Stream.runCollect(Stream.take(messages(session), 2));
      yield* Effect.promise(() => peer.close());
      yield* Effect.promise(() => session.close());
      const rest = yield* Stream.runCollect(messages(session));
      return yield* Effect.promise(() =>
        Promise.all([...firstTwo, ...rest].map((message) => message.text())),
      );
    });
    expect(await Effect.runPromise(Effect.scoped(program))).toEqual(["a", "b", "c"]);
  });
});
