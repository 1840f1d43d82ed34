/**
 * The suite of plugins: what a plugin owes to every service that installs it, whatever it does. It runs in an endpoint,
 * in an echo, in front of a session and in a relay, in memory and without waiting.
 */
import { settle } from "../adapters/memory.ts";
import { type Message, type Plugin, type SendOptions, type Session, when } from "../core/mod.ts";
import type { TestFramework } from "./framework.ts";
import { NodePair } from "./pair.ts";
import { RelayScene } from "./relay_scene.ts";

/** A message to send to the plugin under test. */
export interface PluginSample {
  /** For the name of the test. */
  readonly name: string;
  readonly body: string | Uint8Array | undefined;
  readonly options?: SendOptions;
}

/** What a plugin under test does with messages. */
export interface PluginExpectations {
  /** What it must let through, octet for octet. @default text, octets of all values, an empty body, and many chunks */
  readonly passes?: readonly PluginSample[];
  /** What it must refuse, and how. @default nothing */
  readonly refuses?: readonly (PluginSample & { readonly status: number })[];
  /** Where it is used. @default "endpoint", "echo", "relay" */
  readonly places?: readonly PluginPlace[];
  /** True when it changes what it lets through: contents are then not compared. @default false */
  readonly rewrites?: boolean;
}

/** Where a plugin can be installed. */
export type PluginPlace = "endpoint" | "echo" | "relay";

const placeNames: Readonly<Record<PluginPlace, string>> = {
  endpoint: "an endpoint",
  echo: "an echo",
  relay: "a relay",
};

// In this time a plugin should be done with a session that has ended.
const afterwardsMs = 300_000;

// Each octet takes a turn of its own.
const maxByOctet = 4_096;

const everyOctet = Uint8Array.from({ length: 1_024 }, (_, index) => index % 256);
const long = Uint8Array.from({ length: 150_000 }, (_, index) => (index * 7) % 251);
const usual: readonly PluginSample[] = [
  { name: "a text", body: "Hello, MSRP" },
  { name: "octets of all values", body: everyOctet },
  { name: "an empty body", body: new Uint8Array() },
  { name: "many chunks", body: long, options: { chunkBytes: 2_048 } },
];

/** A session through the plugin, and what came of it. */
interface Scene {
  readonly errors: readonly { readonly plugin: string }[];
  /** Opens the session. */
  dial(): Promise<void>;
  /** Ends it, and lets pass what time its plugins may take over it. */
  hangUp(): Promise<void>;
  /** The status of the refusal, or what arrived. */
  send(sample: PluginSample): Promise<number | Uint8Array>;
  close(): Promise<void>;
}

/**
 * Declares the tests of one plugin.
 *
 * ```ts
 * import * as framework from "bun:test";
 * import { testPlugin } from "msrpkit/testing";
 *
 * testPlugin(() => shortTexts(100), framework, {
 *   passes: [{ name: "a short text", body: "hello" }],
 *   refuses: [{ name: "a long text", body: "x".repeat(101), status: 413 }],
 * });
 * ```
 *
 * @param make makes the plugin; called anew for every test
 */
export function testPlugin(
  make: () => Plugin,
  { describe, test, expect }: TestFramework,
  expectations: PluginExpectations = {},
): void {
  const { passes = usual, refuses = [], rewrites = false } = expectations;
  const places = expectations.places ?? ["endpoint", "echo", "relay"];

  const passesAll = async (scene: Scene, samples = passes): Promise<void> => {
    for (const sample of samples) {
      const fate = fateOf(sample, await scene.send(sample));
      const wanted = rewrites && fate === "changed" ? "changed" : "unchanged";
      expect([sample.name, fate]).toEqual([sample.name, wanted]);
    }
  };
  const refusesAll = async (scene: Scene): Promise<void> => {
    for (const sample of refuses) {
      expect([sample.name, fateOf(sample, await scene.send(sample))]).toEqual([sample.name, sample.status]);
    }
  };

  describe(`plugin ${make().name}`, () => {
    for (const place of places) {
      test(`in ${placeNames[place]} lets through what it should, refuses what it should, and goes on`, async () => {
        const scene = await open(place, [make()]);
        await passesAll(scene);
        await refusesAll(scene);
        await passesAll(scene);
        expect(scene.errors).toEqual([]);
        await scene.close();
      });
    }

    test("lets through what comes an octet at a time", async () => {
      const scene = await open("endpoint", [make()], 1);
      await passesAll(
        scene,
        passes.filter(({ body }) => (body?.length ?? 0) <= maxByOctet),
      );
      await refusesAll(scene);
      await scene.close();
    });

    test("one object in two nodes shares nothing", async () => {
      const plugin = make();
      const [one, other] = [await open("endpoint", [plugin]), await open("endpoint", [plugin])];
      await refusesAll(one);
      await passesAll(other);
      await one.close();
      await passesAll(other);
      await refusesAll(other);
      expect([...one.errors, ...other.errors]).toEqual([]);
      await other.close();
    });

    test("leaves nothing of a session behind: no error, no timer", async () => {
      const timers = new Set<symbol>();
      const scene = await open("endpoint", [counted(make(), timers)]);
      await passesAll(scene);
      await scene.hangUp();
      const before = timers.size;
      await scene.dial();
      await passesAll(scene);
      await scene.hangUp();
      expect([timers.size, scene.errors]).toEqual([before, []]);
      await scene.close();
    });

    test("bears a session that is cut in the middle of a message", async () => {
      const pair = new NodePair({ serverPlugins: [make()] });
      const [client] = await pair.sessions();
      const cut = client.send(endless(), { contentType: "text/plain", total: 10_000_000 });
      const lost = cut.accepted.catch(() => "lost");
      await settle(200);
      client.abort(new Error("cut"));
      expect(await lost).toBe("lost");
      await settle(200);
      expect(pair.errors).toEqual([]);
      await pair.close();
    });

    test("can be named, grouped and made conditional", async () => {
      const plugin = make();
      const pair = new NodePair({ serverPlugins: [plugin] });
      // One that was composed of several shows these.
      for (const name of plugin.name.split("+")) expect(pair.server.describe()).toContain(name);
      await pair.close();
      const never = await open("endpoint", [when(() => false, make())]);
      for (const sample of refuses) expect(fateOf(sample, await never.send(sample))).toBe("unchanged");
      await never.close();
    });
  });
}

/** The plugin, with the timers that it has set and that have neither rung nor been cancelled. */
function counted(plugin: Plugin, timers: Set<symbol>): Plugin {
  const setup: Plugin["setup"] = (host) =>
    plugin.setup({
      now: () => host.now(),
      error: (error, stage) => host.error(error, stage),
      setTimer: (callback, delayMs) => {
        const timer = Symbol("timer");
        timers.add(timer);
        const over = (): void => void timers.delete(timer);
        const cancel = host.setTimer(() => {
          over();
          callback();
        }, delayMs);
        return () => {
          over();
          cancel();
        };
      },
    });
  return { ...plugin, setup };
}

/** In one word, because a framework takes seconds to compare long arrays. */
function fateOf({ body }: PluginSample, got: number | Uint8Array): number | "unchanged" | "changed" {
  if (typeof got === "number") return got;
  const wanted = typeof body === "string" ? new TextEncoder().encode(body) : (body ?? new Uint8Array());
  const same = got.length === wanted.length && got.every((octet, index) => octet === wanted[index]);
  return same ? "unchanged" : "changed";
}

function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(4_096).fill(0x61)),
  });
}

async function open(place: PluginPlace, plugins: Plugin[], maxSegmentBytes?: number): Promise<Scene> {
  const network = maxSegmentBytes === undefined ? {} : { maxSegmentBytes };
  const places: Record<PluginPlace, () => Promise<TwoEnds> | TwoEnds> = {
    endpoint: () => new NodePair({ serverPlugins: plugins, network }),
    echo: () => echoing(new NodePair({ serverPlugins: plugins, network })),
    relay: () => RelayScene.open(plugins, network),
  };
  const ends = await places[place]();
  let dialled: readonly Session[] = [];
  let arrived = new Mailbox();
  const scene: Scene = {
    errors: ends.errors,
    hangUp: async () => {
      // MSRP has no way to say good-bye: each end closes its session.
      for (const end of dialled) await end.close();
      await settle(200);
      await ends.clock.advance(afterwardsMs);
    },
    dial: async () => {
      dialled = await ends.sessions();
      const [caller, called] = dialled as [Session, Session];
      arrived = new Mailbox();
      (place === "echo" ? caller : called).onMessage((message) => arrived.put(message));
    },
    send: async (sample) => await outcome(dialled[0] as Session, arrived, sample),
    close: () => ends.close(),
  };
  await scene.dial();
  return scene;
}

/** What a pair and a relay have in common. */
interface TwoEnds {
  readonly errors: readonly { readonly plugin: string }[];
  readonly clock: { advance(ms: number): Promise<void> };
  sessions(): Promise<[client: Session, server: Session]>;
  close(): Promise<void>;
}

function echoing(pair: NodePair): NodePair {
  pair.server.onMessage((message, session) => {
    const { contentType } = message;
    void session
      .send(message.stream(), { contentType, total: message.total, successReport: false })
      .accepted.catch(() => undefined);
  });
  return pair;
}

/** Messages in the order in which they came. */
class Mailbox {
  readonly #letters: Message[] = [];
  #waiting: ((message: Message) => void) | undefined;

  put(message: Message): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#letters.push(message);
    else waiting(message);
  }

  async next(): Promise<Message> {
    return (
      this.#letters.shift() ??
      (await new Promise((resolve) => {
        this.#waiting = resolve;
      }))
    );
  }
}

async function outcome(
  client: Session,
  arrived: Mailbox,
  sample: PluginSample,
): Promise<number | Uint8Array> {
  const sent = client.send(sample.body, { successReport: false, ...sample.options });
  const refused = await sent.accepted.then(
    () => undefined,
    (error: { readonly status?: number }) => error.status ?? 0,
  );
  return refused ?? (await (await arrived.next()).bytes());
}
