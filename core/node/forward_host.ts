/**
 * What a node does for its forwarder: the stages that relayed requests pass, the sessions that plugins see of them, and
 * connections to other places. A forwarder is given nothing else of the node.
 */
import { SessionCore } from "../session/session_core.ts";
import type { SessionHost } from "../session/session_link.ts";
import type { RequestFrame } from "../wire/frame.ts";
import type { MsrpUri } from "../wire/uri.ts";
import { type NodeChunkContext, NodeRequestContext } from "./contexts.ts";
import { ForwardPlace } from "./forward_place.ts";
import type { ForwardedSession, ForwardHost, ForwardLink } from "./forwarding.ts";
import type { NodeCore } from "./node_core.ts";
import type { Place } from "./pipeline.ts";
import type { PluginHost } from "./plugin.ts";
import type { TapEvents } from "./tap.ts";
import type { Connector, ConnectTarget } from "./transport.ts";
import { type MaybeVerdict, Verdict } from "./verdict.ts";

const NO_SESSION: Verdict = new Verdict(481);
const NO_STATES: readonly unknown[] = [];

/** The node as its forwarder sees it. */
export class NodeForwardHost implements ForwardHost {
  readonly #node: NodeCore;
  readonly #host: PluginHost;

  constructor(node: NodeCore, host: PluginHost) {
    this.#node = node;
    this.#host = host;
  }

  now(): number {
    return this.#host.now();
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    return this.#host.setTimer(callback, delayMs);
  }

  error(error: unknown, stage: string): void {
    this.#host.error(error, stage);
  }

  get hasChunkStage(): boolean {
    return this.#node.pipeline.chunk.steps.length > 0;
  }

  knows(uri: MsrpUri): boolean {
    return this.#node.registry.find(uri) !== undefined;
  }

  request(
    frame: RequestFrame,
    link: ForwardLink,
    inner: (c: NodeRequestContext) => MaybeVerdict,
  ): MaybeVerdict {
    const c = new NodeRequestContext(frame, undefined, link.handle, NO_SESSION);
    c.inner = inner;
    return this.#node.pipeline.request.run(c, NO_STATES);
  }

  session(local: MsrpUri, remote: readonly MsrpUri[]): ForwardedSession {
    const { pipeline } = this.#node;
    // What is relayed has no outbox: plugins may look at the session and keep values on it, the peers do the sending.
    const host: SessionHost = {
      now: () => this.now(),
      setTimer: (callback, delayMs) => this.setTimer(callback, delayMs),
      outgoing: undefined,
      ended: () => undefined,
      error: (error, stage) => pipeline.error(error, "(application)", stage, undefined),
    };
    const { session } = new SessionCore({ local, remote, role: "passive" }, host);
    const chunk = (c: NodeChunkContext<Place>, own: readonly unknown[]): MaybeVerdict =>
      pipeline.chunk.run(c, own);
    return new ForwardPlace(
      session,
      pipeline.states(session),
      chunk,
      (own, error) => pipeline.ended(session, own, error),
      (c) => pipeline.overdue({ chunk: c }, session),
    );
  }

  dial(target: ConnectTarget, connector: Connector, timeoutMs: number): Promise<ForwardLink> {
    return this.#node.dial(target, connector, undefined, timeoutMs);
  }

  settled(
    frame: RequestFrame,
    verdict: Verdict,
    link: ForwardLink,
    session: TapEvents["settled"]["session"],
    answered: TapEvents["settled"]["answered"],
    waitedMs: number,
  ): void {
    const { pipeline } = this.#node;
    if (!pipeline.watched("settled")) return;
    pipeline.emit("settled", { frame, verdict, session, connection: link.handle, answered, waitedMs });
  }
}
