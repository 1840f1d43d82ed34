/**
 * What a plugin is: middleware for some of the fixed stages of a node, taps, and state per session. The order of
 * `use()` matters only inside a stage.
 */

import type { MessageFailure } from "../session/inbox_result.ts";
import type { Message } from "../session/message.ts";
import type { Session } from "../session/session.ts";
import type { ByteRange } from "../wire/byte_range.ts";
import type {
  ChunkContext,
  ConnectContext,
  MessageContext,
  OutgoingContext,
  RequestContext,
  UpgradeContext,
} from "./context.ts";
import { thenable } from "./fault.ts";
import type { Forwarder, ForwardHost } from "./forwarding.ts";
import { type TapName, type Taps, tapNames } from "./tap.ts";
import type { MaybeVerdict, Verdict } from "./verdict.ts";

/** Asks the middlewares further inside; may be called once, and before the middleware's own verdict. */
export type Next = () => MaybeVerdict;

/** One step of a stage. `own` is the plugin's state for the session; undefined where there is no session (yet). */
export type Middleware<C, State = undefined> = (c: C, next: Next, own: State) => MaybeVerdict;

/** Hands a message to the `message` and `deliver` stages; the verdict is theirs. */
export type DeliverMessage = (message: Message) => MaybeVerdict;

/** Puts the chunks of one session together: what the single occupant of the `assemble` stage makes for each session. */
export interface Assembler {
  /**
   * Takes one chunk that passed the `chunk` stage. Calls `deliver` when a message is there (or begins, when it
   * streams, or is a duplicate) and returns that verdict; returns `c.accept()` when more must come, `c.reject(413)` when it is too much.
   */
  receive(c: ChunkContext, deliver: DeliverMessage): MaybeVerdict;
  /** A chunk was refused before it came here, or after: the message will not become whole, free what is held of it. */
  refused?(messageId: string, status: number, comment: string | undefined): void;
  /** When `wake` is due, on the clock of `PluginHost.now`; Infinity = never. */
  readonly deadline: number;
  /** Time has come: gives up what is overdue and returns it, for failure REPORTs. Early calls do nothing. */
  wake(now: number): readonly MessageFailure[];
  /** True while whoever takes the octets is behind: the node gives no more chunks until `onResume` is called. */
  readonly paused: boolean;
  /** Set by the node: to be called when `paused` turns false again. */
  onResume: (() => void) | undefined;
  /** The session is over: free everything, end what streams with `error`. */
  close(error?: Error): void;
}

/** The fields of a success REPORT; the node adds paths, transaction id and status. */
export interface SuccessReport {
  readonly messageId: string;
  readonly byteRange: ByteRange;
  readonly comment?: string;
}

/** Writes the success reports of one session: what the single occupant of the `report` stage makes for each session. */
export interface Reporter {
  /** Octets of a message with `Success-Report: yes` were accepted; report now (`report`) or later. */
  received(c: ChunkContext, report: (fields: SuccessReport) => void): void;
  /** The whole message, `size` octets, was delivered and its handlers are done. */
  delivered(messageId: string, size: number, report: (fields: SuccessReport) => void): void;
  /** The message was refused or aborted: forget it. */
  dropped(messageId: string): void;
}

/** What the node offers to a plugin while it is being set up. */
export interface PluginHost {
  /** Milliseconds on the node's clock; never goes backwards. */
  now(): number;
  /** Calls `callback` after `delayMs`; the function returned cancels it. Timers die with the node. */
  setTimer(callback: () => void, delayMs: number): () => void;
  /** Tells the `error` tap. @param plugin name of the plugin at fault. @default the one that `definePlugin` gave the host to */
  error(error: unknown, stage: string, plugin?: string): void;
}

/** Hooks of a plugin; every one is optional. `State` is what `session()` returns. */
export interface Hooks<State = undefined> {
  /** Name for `describe()` and for errors. */
  readonly name: string;
  /** Makes the plugin's state for a new session; it goes with the session. */
  readonly session?: (session: Session) => State;
  /** A session is over; its state is about to go. */
  readonly ended?: (session: Session, own: State, error: Error | undefined) => void;
  readonly upgrade?: Middleware<UpgradeContext>;
  readonly connect?: Middleware<ConnectContext>;
  /** Methods other than SEND and REPORT; without a session of this connection `own` is undefined. */
  readonly request?: Middleware<RequestContext, State | undefined>;
  readonly chunk?: Middleware<ChunkContext, State>;
  /** Single occupant: replaces the node's own reassembly. */
  readonly assemble?: (session: Session, host: PluginHost) => Assembler;
  readonly message?: Middleware<MessageContext, State>;
  readonly deliver?: Middleware<MessageContext, State>;
  readonly outgoing?: Middleware<OutgoingContext, State>;
  /** Single occupant: sees every request first and passes on what is not for this node, as a relay does. */
  readonly forward?: (host: ForwardHost) => Forwarder;
  /** Single occupant: replaces the node's own success reports. */
  readonly report?: (session: Session, host: PluginHost) => Reporter;
  readonly taps?: Taps;
}

/** A plugin, as `use()` takes it: a name and what gives each node its own hooks. */
export interface Plugin {
  readonly name: string;
  /** Hooks for one node. Called once per node, so that nothing is shared by accident. */
  readonly setup: (host: PluginHost) => readonly Hooks<never>[];
}

/**
 * Makes a plugin. Give the hooks, or, when they keep something per node, a name and a function that makes them:
 *
 * ```ts
 * const quiet = definePlugin({ name: "quiet", chunk: (c) => c.reject(403) });
 * const count = definePlugin("count", () => {
 *   let chunks = 0;
 *   return { name: "count", chunk: (_c, next) => (chunks++, next()) };
 * });
 * ```
 */
export function definePlugin<State = undefined>(hooks: Hooks<State>): Plugin;
export function definePlugin<State = undefined>(
  name: string,
  make: (host: PluginHost) => Hooks<State>,
): Plugin;
export function definePlugin<State>(
  first: Hooks<State> | string,
  make?: (host: PluginHost) => Hooks<State>,
): Plugin {
  if (typeof first !== "string") {
    checkHooks(first);
    return Object.freeze({ name: first.name, setup: () => [first as unknown as Hooks<never>] });
  }
  if (typeof make !== "function")
    throw new TypeError(`Cannot define plugin "${first}": a function that makes the hooks is missing`);
  return Object.freeze({
    name: first,
    setup: (host: PluginHost) => {
      const hooks = make(named(host, first));
      checkHooks(hooks, first);
      return [hooks as unknown as Hooks<never>];
    },
  });
}

/** The stages, in the order in which they are told. */
export const stageNames: readonly Exclude<keyof Hooks, "name" | "taps" | "session" | "ended">[] = [
  "upgrade",
  "connect",
  "request",
  "chunk",
  "assemble",
  "message",
  "deliver",
  "forward",
  "report",
  "outgoing",
];

const hookNames: ReadonlySet<string> = new Set(["session", "ended", ...stageNames]);

// A hook under a wrong name would never run, and nobody would be told.
function checkHooks(hooks: unknown, plugin?: string): void {
  const { name, taps = {}, ...rest } = (hooks ?? {}) as Record<string, unknown>;
  if (typeof hooks !== "object" || hooks === null || typeof name !== "string" || name === "")
    throw new TypeError(`Cannot define plugin "${plugin ?? ""}": hooks with a name are wanted`);
  const fault = (what: string): TypeError => new TypeError(`Cannot define plugin "${name}": ${what}`);
  for (const [key, hook] of Object.entries(rest)) {
    if (!hookNames.has(key)) throw fault(`there is no stage "${key}"`);
    if (hook !== undefined && typeof hook !== "function") throw fault(`"${key}" is no function`);
  }
  for (const [key, tap] of Object.entries(taps as object)) {
    if (!tapNames.includes(key as TapName)) throw fault(`there is no tap "${key}"`);
    if (tap !== undefined && typeof tap !== "function") throw fault(`tap "${key}" is no function`);
  }
}

/** The same host, with the name of whoever uses it: errors say which plugin is at fault. */
export function named(host: PluginHost, name: string): PluginHost {
  const error: PluginHost["error"] = (thrown, stage, plugin = name) => host.error(thrown, stage, plugin);
  const setTimer: PluginHost["setTimer"] = (callback, delayMs) =>
    host.setTimer(() => {
      try {
        const result: unknown = callback();
        if (thenable(result)) Promise.resolve(result).catch((thrown: unknown) => error(thrown, "timer"));
      } catch (thrown) {
        error(thrown, "timer");
      }
    }, delayMs);
  return { now: () => host.now(), setTimer, error };
}

/** Joins plugins into one; their order inside each stage is kept. */
export function compose(...plugins: readonly Plugin[]): Plugin {
  const name = plugins.map((plugin) => plugin.name).join("+");
  return Object.freeze({
    name,
    setup: (host: PluginHost) => plugins.flatMap((plugin) => plugin.setup(host)),
  });
}

/** Re-exported so that a plugin names one module. */
export type { Verdict };
