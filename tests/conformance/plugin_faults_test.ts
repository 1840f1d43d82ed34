// A plugin that throws, rejects, returns the wrong thing, is slow or never settles: it hurts the session that it met,
// nobody else, and the error event says whose fault it was. In an endpoint, in an echo and in a relay.
import { describe, expect, test } from "#test";
import { settle } from "../../adapters/memory.ts";
import {
  type ChunkContext,
  definePlugin,
  type Hooks,
  type MaybeVerdict,
  type Message,
  type Next,
  type Plugin,
  type Session,
} from "../../core/mod.ts";
import { NodePair } from "../../testing/pair.ts";
import { RelayScene } from "../../testing/relay_scene.ts";

/** What only the victim's messages carry. */
const poison = "text/x-poison";
const gateTimeoutMs = 60_000;

type Stage = "chunk" | "message" | "deliver";
type Fault = (next: Next) => MaybeVerdict;

const immediate: readonly (readonly [name: string, fault: Fault])[] = [
  [
    "throws",
    () => {
      throw new Error("broken");
    },
  ],
  ["rejects", () => Promise.reject(new Error("broken"))],
  ["returns nothing", () => undefined as never],
  ["returns the wrong thing", () => "200" as never],
  ["resolves with the wrong thing", () => Promise.resolve(200 as never)],
  [
    "asks twice",
    (next) => {
      void next();
      return next();
    },
  ],
  [
    "throws after it has asked",
    (next) => {
      void next();
      throw new Error("broken");
    },
  ],
];

/** A plugin that has the fault, for poisoned messages alone. */
function faulty(stage: Stage, fault: Fault): Plugin {
  const step = (c: { readonly contentType: string | undefined }, next: Next): MaybeVerdict =>
    c.contentType === poison ? fault(next) : next();
  return definePlugin({ name: "culprit", [stage]: step } as Hooks);
}

/** Plugins around it that are right, so that the name in the event is no accident. */
function among(culprit: Plugin): Plugin[] {
  const bystander = (name: string): Plugin =>
    definePlugin({
      name,
      chunk: (_c, next) => next(),
      message: async (_c, next) => await next(),
      deliver: (_c, next) => next(),
    });
  return [bystander("outer"), culprit, bystander("inner")];
}

/** Two sessions through the plugins; the first is the victim's. */
interface Scene {
  readonly victim: Session;
  readonly other: Session;
  readonly errors: readonly { readonly plugin: string; readonly stage: string }[];
  readonly heard: string[];
  readonly clock: { advance(ms: number): Promise<void> };
  close(): Promise<void>;
}

async function sceneOf(place: "endpoint" | "echo" | "relay", plugins: Plugin[]): Promise<Scene> {
  const heard: string[] = [];
  const hear = async (message: Message): Promise<void> => void heard.push(await message.text());
  const whole = place === "relay" ? await RelayScene.open(plugins) : new NodePair({ serverPlugins: plugins });
  const sessions: Session[] = [];
  for (let count = 0; count < 2; count++) {
    const [client, server] = await whole.sessions();
    if (place === "echo") {
      server.onMessage((message) => {
        void server.send(message.body, { contentType: "text/plain", successReport: false });
      });
    }
    (place === "echo" ? client : server).onMessage(hear);
    sessions.push(client);
  }
  const [victim, other] = sessions as [Session, Session];
  return { victim, other, errors: whole.errors, heard, clock: whole.clock, close: () => whole.close() };
}

/** The status that a poisoned message comes to. */
function poisoned(session: Session): Promise<number> {
  const sent = session.send("poison", { contentType: poison, successReport: false });
  return sent.accepted.then(
    () => 200,
    (error: { readonly status: number }) => error.status,
  );
}

const stagesOf = {
  endpoint: ["chunk", "message", "deliver"],
  echo: ["chunk", "message"],
  relay: ["chunk"],
} as const;

for (const place of ["endpoint", "echo", "relay"] as const) {
  describe(`a plugin's fault in ${place === "relay" ? "a" : "an"} ${place}`, () => {
    for (const stage of stagesOf[place]) {
      for (const [name, fault] of immediate) {
        test(`stage ${stage}: one that ${name} refuses the message, is named, and hurts nobody else`, async () => {
          const scene = await sceneOf(place, among(faulty(stage, fault)));
          expect(await poisoned(scene.victim)).toBe(403);
          expect(scene.errors.map((error) => [error.plugin, error.stage])).toEqual([["culprit", stage]]);
          await scene.other.send("fine", { successReport: false }).accepted;
          await scene.victim.send("again", { successReport: false }).accepted;
          await settle(300);
          expect(scene.heard.filter((text) => text !== "poison")).toEqual(["fine", "again"]);
          await scene.close();
        });
      }

      test(`stage ${stage}: one that never settles holds back its own session only, and is given up and named`, async () => {
        const scene = await sceneOf(place, among(faulty(stage, () => new Promise(() => undefined))));
        const stuck = poisoned(scene.victim);
        await settle(300);
        const waiting = scene.victim.send("behind it", { successReport: false }).accepted;
        await scene.other.send("fine", { successReport: false }).accepted;
        await settle(300);
        expect(scene.heard).toEqual(["fine"]);
        expect(scene.errors).toEqual([]);
        // RFC 4975 §5.3: answered in time, refused by a REPORT when the gate is given up.
        await scene.clock.advance(11_000);
        expect(await stuck).toBe(200);
        await scene.clock.advance(gateTimeoutMs);
        expect(scene.errors.map((error) => [error.plugin, error.stage])).toEqual([["culprit", stage]]);
        await waiting;
        await settle(300);
        expect(scene.heard).toEqual(["fine", "behind it"]);
        await scene.close();
      });

      test(`stage ${stage}: one that is slow delays its own session only`, async () => {
        let release: () => void = () => undefined;
        const slow: Fault = async (next) => {
          await new Promise<void>((resolve) => {
            release = resolve;
          });
          return await next();
        };
        const scene = await sceneOf(place, among(faulty(stage, slow)));
        const late = poisoned(scene.victim);
        await settle(300);
        await scene.other.send("fine", { successReport: false }).accepted;
        await settle(300);
        expect(scene.heard).toEqual(["fine"]);
        release();
        expect(await late).toBe(200);
        await settle(300);
        expect([scene.heard, scene.errors]).toEqual([["fine", "poison"], []]);
        await scene.close();
      });
    }

    test("state that cannot be made and taps that throw are named, and messages pass", async () => {
      const broken = (): never => {
        throw new Error("broken");
      };
      const plugin = definePlugin({
        name: "culprit",
        session: broken,
        ended: broken,
        chunk: (c: ChunkContext, next) => (c.contentType === poison ? c.reject(415) : next()),
        taps: { settled: broken },
      });
      const scene = await sceneOf(place, [plugin]);
      await scene.other.send("fine", { successReport: false }).accepted;
      expect(await poisoned(scene.victim)).toBe(415);
      await settle(300);
      expect(scene.heard).toEqual(["fine"]);
      expect(new Set(scene.errors.map(({ plugin: name }) => name))).toEqual(new Set(["culprit"]));
      expect(scene.errors.map((error) => error.stage)).toContain("session");
      await scene.close();
    });
  });
}
