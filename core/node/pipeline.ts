/**
 * The plugins of one node, composed: a chain for each stage, the single occupants, and the taps. Made once, when the
 * first connection or session needs it.
 */
import { LocalProtocolError } from "../errors.ts";
import type { Session } from "../session/session.ts";
import { Chain, type ChainError, type Step, type Terminal } from "./chain.ts";
import type { ConnectionHandle } from "./context.ts";
import type {
  NodeChunkContext,
  NodeConnectContext,
  NodeMessageContext,
  NodeOutgoingContext,
  NodeRequestContext,
} from "./contexts.ts";
import { thenable } from "./fault.ts";
import { GuardedAssembler, GuardedReporter } from "./guarded.ts";
import {
  type Assembler,
  type Hooks,
  type Middleware,
  named,
  type PluginHost,
  type Reporter,
  stageNames,
} from "./plugin.ts";
import { type TapEvents, type TapName, tapNames } from "./tap.ts";
import type { NodeUpgradeContext } from "./upgrade.ts";
import { ACCEPTED, type MaybeVerdict } from "./verdict.ts";

/** What stands inside the stages, and what a session gets when no plugin takes the place. */
export interface PipelineCore<Seat> {
  readonly request: Terminal<NodeRequestContext>;
  readonly chunk: Terminal<NodeChunkContext<Seat>>;
  readonly deliver: Terminal<NodeMessageContext<Seat>>;
  readonly assembler: (session: Session, host: PluginHost) => Assembler;
  readonly reporter: (session: Session, host: PluginHost) => Reporter;
}

/** What stands behind the chunks of a session: a seat of the node, or what a forwarder passes on. */
export interface Place {
  /** States of the plugins for the session. */
  readonly own: readonly unknown[];
  assemble(c: NodeChunkContext<Place>): MaybeVerdict;
  handOver(c: NodeMessageContext<Place>): MaybeVerdict;
}

/** What is in the gate of a session. */
export interface Gated<Seat> {
  readonly request?: NodeRequestContext | undefined;
  readonly chunk?: NodeChunkContext<Seat> | undefined;
  readonly message?: NodeMessageContext<Seat> | undefined;
}

interface TapEntry {
  readonly plugin: string;
  readonly call: (event: never) => unknown;
}

const single = ["assemble", "report", "forward"] as const;

/** The composed plugins of a node. */
export class Pipeline<Seat> {
  readonly upgrade: Chain<NodeUpgradeContext>;
  readonly connect: Chain<NodeConnectContext>;
  readonly request: Chain<NodeRequestContext>;
  readonly chunk: Chain<NodeChunkContext<Seat>>;
  readonly message: Chain<NodeMessageContext<Seat>>;
  readonly deliver: Chain<NodeMessageContext<Seat>>;
  readonly outgoing: Chain<NodeOutgoingContext>;
  readonly #hooks: readonly Hooks<never>[];
  readonly #core: PipelineCore<Seat>;
  readonly #host: PluginHost;
  readonly #taps: ReadonlyMap<TapName, TapEntry[]>;
  readonly #wire: readonly TapEntry[];

  /** @throws {LocalProtocolError} `stage-occupied`: two plugins for a stage that takes one */
  constructor(hooks: readonly Hooks<never>[], core: PipelineCore<Seat>, host: PluginHost) {
    this.#hooks = hooks;
    this.#core = core;
    this.#host = host;
    for (const stage of single) {
      const occupants = hooks.filter((entry) => entry[stage] !== undefined).map((entry) => entry.name);
      if (occupants.length > 1) {
        throw new LocalProtocolError(
          "stage-occupied",
          `Cannot use ${occupants.join(" and ")} together: stage "${stage}" takes one plugin`,
        );
      }
    }
    const onError: ChainError<object> = (error, plugin, stage, c) =>
      this.error(error, plugin, stage, (c as { session?: Session } | undefined)?.session);
    const chain = <C extends object>(stage: StageName, terminal: Terminal<C>): Chain<C> =>
      new Chain(stage, steps<C>(hooks, stage), terminal, onError as ChainError<C>);
    this.upgrade = chain("upgrade", () => ACCEPTED);
    this.connect = chain("connect", () => ACCEPTED);
    this.request = chain("request", core.request);
    this.chunk = chain("chunk", core.chunk);
    this.deliver = chain("deliver", core.deliver);
    this.message = chain("message", (c: NodeMessageContext<Seat>) => this.deliver.run(c, this.#own(c)));
    this.outgoing = chain("outgoing", () => ACCEPTED);
    this.#taps = new Map(tapNames.map((name) => [name, tapsOf(hooks, name)]));
    this.#wire = this.#taps.get("wire") as TapEntry[];
  }

  /** Finds the plugins' states for the session of a message; set by the node, which knows its seats. */
  ownOf: (seat: Seat) => readonly unknown[] = () => [];

  #own(c: NodeMessageContext<Seat>): readonly unknown[] {
    return this.ownOf(c.chunk.owner);
  }

  /** New states of all plugins for a session, in the order of `use()`. */
  states(session: Session): unknown[] {
    return this.#hooks.map((hooks) => {
      try {
        const state: unknown = hooks.session?.(session);
        if (thenable(state)) this.#watch(state, hooks.name, "session", session);
        return state;
      } catch (error) {
        this.error(error, hooks.name, "session", session);
        return undefined;
      }
    });
  }

  /** Tells the plugins that a session is over. */
  ended(session: Session, own: readonly unknown[], error: Error | undefined): void {
    this.#hooks.forEach((hooks, index) => {
      try {
        const result: unknown = hooks.ended?.(session, own[index] as never, error);
        if (thenable(result)) this.#watch(result, hooks.name, "ended", session);
      } catch (thrown) {
        this.error(thrown, hooks.name, "ended", session);
      }
    });
  }

  /** A new assembler for a session. */
  assembler(session: Session): Assembler {
    const hooks = this.#assembling;
    if (hooks?.assemble === undefined) return this.#core.assembler(session, this.#host);
    const { name, assemble } = hooks;
    return new GuardedAssembler(
      name,
      () => assemble(session, this.#hostOf(name)),
      (error) => this.error(error, name, "assemble", session),
    );
  }

  /** A new writer of success reports for a session. */
  reporter(session: Session): Reporter {
    const hooks = this.#hooks.find((entry) => entry.report !== undefined);
    if (hooks?.report === undefined) return this.#core.reporter(session, this.#host);
    const { name, report } = hooks;
    return new GuardedReporter(
      () => report(session, this.#hostOf(name)),
      (error) => this.error(error, name, "report", session),
    );
  }

  get #assembling(): Hooks<never> | undefined {
    return this.#hooks.find((hooks) => hooks.assemble !== undefined);
  }

  // Errors say which plugin is at fault.
  #hostOf(name: string): PluginHost {
    return named(this.#host, name);
  }

  /** What makes the node's forwarder, when a plugin takes the place. */
  get forward(): Hooks["forward"] {
    return this.#hooks.find((hooks) => hooks.forward !== undefined)?.forward;
  }

  /** True when somebody watches; events need not be made otherwise. */
  watched(name: TapName): boolean {
    return (this.#taps.get(name) as TapEntry[]).length > 0;
  }

  /** Adds a tap of the application. */
  tap<Name extends TapName>(name: Name, call: (event: TapEvents[Name]) => void): () => void {
    const list = this.#taps.get(name);
    if (list === undefined) throw new TypeError(`Cannot tap "${name}": there is no such tap`);
    const entry: TapEntry = { plugin: "(application)", call: call as (event: never) => void };
    list.push(entry);
    return () => {
      const index = list.indexOf(entry);
      if (index >= 0) list.splice(index, 1);
    };
  }

  /** Tells the `wire` tap, if anybody listens. */
  wire(
    connection: ConnectionHandle,
    direction: "received" | "transmitted",
    bytes: Uint8Array,
    at: number,
  ): void {
    if (this.#wire.length > 0) this.emit("wire", { connection, direction, bytes, at });
  }

  /** Tells the taps of a name. Never throws. */
  emit<Name extends TapName>(name: Name, event: TapEvents[Name]): void {
    const list = this.#taps.get(name) as TapEntry[];
    // One that listens once takes itself out while it is called; a copy for one alone would be waste.
    for (const entry of list.length > 1 ? [...list] : list) {
      try {
        const result: unknown = entry.call(event as never);
        if (result !== undefined && thenable(result))
          this.#watch(result, entry.plugin, `tap ${name}`, undefined);
      } catch (error) {
        // An error tap that throws has nobody left to tell.
        if (name !== "error") this.error(error, entry.plugin, `tap ${name}`, undefined);
      }
    }
  }

  // Nobody awaits what these give; a rejection would end the process.
  #watch(promise: PromiseLike<unknown>, plugin: string, stage: string, session: Session | undefined): void {
    Promise.resolve(promise).catch((error: unknown) => {
      if (stage !== "tap error") this.error(error, plugin, stage, session);
    });
  }

  /** Tells the error tap. */
  error(error: unknown, plugin: string, stage: string, session: Session | undefined): void {
    this.emit("error", { error, plugin, stage, session });
  }

  /** Tells the error tap whose verdict on what is in a gate was awaited for too long. */
  overdue(gate: Gated<Seat>, session: Session): void {
    const { chunk, message, request } = gate;
    const held: readonly (readonly [string, string | undefined])[] = [
      ["request", request && this.request.awaited(request)],
      ["deliver", message && this.deliver.awaited(message)],
      ["message", message && this.message.awaited(message)],
      ["chunk", chunk && this.chunk.awaited(chunk)],
    ];
    const occupant = this.#assembling?.name;
    const [stage, plugin = "(node)"] = held.find(([, name]) => name !== undefined) ?? ["assemble", occupant];
    this.late(stage, plugin, session);
  }

  /** Tells the error tap that a plugin's verdict did not come in time. */
  late(stage: string, plugin: string = "(node)", session: Session | undefined = undefined): void {
    const error = new LocalProtocolError("gate-timeout", `No verdict came in time in stage "${stage}"`);
    this.error(error, plugin, stage, session);
  }

  /** The pipeline as text, one line per stage. */
  describe(): string {
    const names = (key: keyof Hooks): string[] =>
      this.#hooks.filter((hooks) => hooks[key] !== undefined).map((hooks) => hooks.name);
    const lines = stageNames.map((stage) => {
      const plugins = names(stage);
      const rest = stage === "assemble" || stage === "report" ? ["(core)"] : ["-"];
      return `${stage.padEnd(9)} ${(plugins.length > 0 ? plugins : rest).join(" → ")}`;
    });
    const taps = tapNames
      .filter((name) => this.watched(name))
      .map(
        (name) => `${name}: ${(this.#taps.get(name) as TapEntry[]).map((entry) => entry.plugin).join(", ")}`,
      );
    return [...lines, `taps      ${taps.length > 0 ? taps.join("; ") : "-"}`].join("\n");
  }
}

type StageName = "upgrade" | "connect" | "request" | "chunk" | "message" | "deliver" | "outgoing";

function steps<C>(hooks: readonly Hooks<never>[], stage: StageName): Step<C>[] {
  return hooks.flatMap((entry, index) => {
    const middleware = entry[stage] as Middleware<C, never> | undefined;
    return middleware === undefined ? [] : [{ plugin: entry.name, index, middleware }];
  });
}

function tapsOf(hooks: readonly Hooks<never>[], name: TapName): TapEntry[] {
  return hooks.flatMap((entry) => {
    const call = entry.taps?.[name] as ((event: never) => void) | undefined;
    return call === undefined ? [] : [{ plugin: entry.name, call }];
  });
}
