/**
 * The seam for what passes requests on instead of keeping sessions: a relay (RFC 4976). Types only; a plugin takes the
 * place with its `forward` hook, sees every request first, and gets of a connection what it needs for that.
 */
import type { Connection } from "../connection/connection.ts";
import type { ControlRequest, Transaction, TransactionOwner } from "../connection/transaction.ts";
import type { Session } from "../session/session.ts";
import type { ForwardedRequest, OutgoingResponse } from "../wire/encoder.ts";
import type { RequestFrame, ResponseFrame } from "../wire/frame.ts";
import type { MsrpUri } from "../wire/uri.ts";
import type { ConnectionHandle } from "./context.ts";
import type { NodeRequestContext } from "./contexts.ts";
import type { LaneHost } from "./lane.ts";
import type { PluginHost } from "./plugin.ts";
import type { Connector, ConnectTarget } from "./transport.ts";
import type { MaybeVerdict, Verdict } from "./verdict.ts";

/** The one occupant of the `forward` stage of a node. */
export interface Forwarder {
  /** A connection came up. What is returned gets its requests before the node's own sessions do. */
  connected(link: ForwardLink): ForwardHop;
  /**
   * The node is about to close: what is under way is to be finished, nothing new begun. Resolves when it is, or when the
   * time is nearly up and whoever waits was told.
   *
   * @param withinMs the time there is
   */
  drain(withinMs: number): Promise<void>;
  /** True when nothing is under way that would be lost with this instance of the node. @default false */
  readonly quiet?: boolean;
  /** What is to be kept of a connection, as plain values; see `NodeMemory`. */
  remember?(link: ForwardLink): unknown;
  /** Goes on with connections that were kept: each with what `remember` gave for it. */
  resume?(kept: readonly (readonly [link: ForwardLink, memory: unknown])[]): void;
}

/** One connection, as the forwarder keeps it. */
export interface ForwardHop {
  /** Takes a request, or a slice of one, that is valid during the call; false leaves it to the node's sessions. */
  request(frame: RequestFrame): boolean;
  /** A response came in for a request that was passed on; its owner was told before. */
  response(frame: ResponseFrame, transaction: Transaction): void;
  /** There may be room for what waits to be passed on over this connection. */
  refill(): void;
  /** The connection is over. */
  ended(error: Error | undefined): void;
}

/** How a connection is doing. */
export interface LinkState {
  readonly connection: Pick<
    Connection,
    "receiving" | "awaiting" | "waitingBytes" | "giveUp" | "widen" | "openTransactions" | "waitingBytes"
  >;
  /** What waits of what came in. */
  readonly reading: { readonly holding: boolean };
  /** This side does not read now: too much waits. */
  readonly paused: boolean;
}

/** What a forwarder can do with one connection. Queues and limits are those of `Connection`. */
export interface ForwardLink extends LaneHost {
  readonly handle: ConnectionHandle;
  /** False once the connection is over or closing. */
  readonly open: boolean;
  /** When the last octets came in, on the clock of `timers`. */
  readonly lastReceivedAt: number;
  /** Since when the network takes nothing of what is to be written; Infinity = it does. */
  readonly blockedSince: number;
  /** See `Connection.mayForward()`. */
  readonly mayForward: boolean;
  /** Asked now and then. */
  readonly state: LinkState;
  /** The connection has proved to be of use: it is not closed for having no session. */
  keep(): void;
  /** See `Connection.forward`. */
  forward(frame: RequestFrame, change: ForwardedRequest, owner?: TransactionOwner): string;
  /** See `Connection.acknowledge`. */
  acknowledge(transactionId: string, paths: Uint8Array): void;
  respond(response: OutgoingResponse): void;
  request(request: ControlRequest, owner?: TransactionOwner): void;
  /** Sends what is queued, then closes. */
  close(): void;
  abort(error?: Error): void;
}

/** A relayed session in the pipeline: what plugins of the `chunk` stage see, and what stands behind them. */
export interface ForwardedSession {
  readonly session: Session;
  /** Runs the `chunk` stage for a chunk; `forward` stands inside it. */
  chunk(frame: RequestFrame, link: ForwardLink, forward: (frame: RequestFrame) => Verdict): MaybeVerdict;
  /** The verdict on the chunk given last does not come: tells the `error` tap whose it is. */
  overdue(): void;
  /** The session is over. */
  end(error: Error | undefined): void;
}

/** What the node does for a forwarder. */
export interface ForwardHost extends PluginHost {
  /** True when plugins stand in the `chunk` stage, so that chunks must pass there. */
  readonly hasChunkStage: boolean;
  /** Whether a URI is that of a session of this node. */
  knows(uri: MsrpUri): boolean;
  /** Runs the `request` stage with `inner` inside it. */
  request(
    frame: RequestFrame,
    link: ForwardLink,
    inner: (c: NodeRequestContext) => MaybeVerdict,
  ): MaybeVerdict;
  /** A session object for what is relayed under one URI. */
  session(local: MsrpUri, remote: readonly MsrpUri[]): ForwardedSession;
  /** Opens a connection, after the `connect` stage has let it; the hop for it has been made when it resolves. */
  dial(target: ConnectTarget, connector: Connector, timeoutMs: number): Promise<ForwardLink>;
  /** Tells the `settled` tap of a request that was decided here. */
  settled(
    frame: RequestFrame,
    verdict: Verdict,
    link: ForwardLink,
    session: Session | undefined,
    answered: "response" | "report" | "nothing",
    waitedMs: number,
  ): void;
}
