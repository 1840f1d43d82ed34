// Two nodes of one process that talk over real sockets of the runtime, and the books of what they hold: timers,
// connections, sessions. A soak test looks into the books when everything should be over.
import type { TransportListener } from "../../adapters/node.ts";
import { Msrp } from "../../core/node/node.ts";
import type { ConnectOptions, MsrpOptions } from "../../core/node/options.ts";
import type { Accept, Clock, Connector, Transport } from "../../core/node/transport.ts";
import type { Session } from "../../core/session/session.ts";
import { createSessionId } from "../../core/wire/ident.ts";
import { untilTrue } from "../harness/poll.ts";
import { type Adapter, ownAdapter } from "./own_adapter.ts";

/** A clock that counts the timers which wait. */
export class CountingClock implements Clock {
  readonly #clock: Clock;
  #waiting = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Timers that were set, and have neither come nor been called off. */
  get waiting(): number {
    return this.#waiting;
  }

  now(): number {
    return this.#clock.now();
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    let over = false;
    const end = (): void => {
      if (!over) this.#waiting--;
      over = true;
    };
    this.#waiting++;
    const cancel = this.#clock.setTimer(() => {
      end();
      callback();
    }, delayMs);
    return () => {
      end();
      cancel();
    };
  }
}

/** What a node and its sockets hold; all zero when everything is over. */
export interface Holdings {
  readonly timers: number;
  readonly connections: number;
  readonly sessions: number;
  readonly sockets: number;
}

/** A node that connects and one that listens on 127.0.0.1. */
export class SocketNodes {
  readonly adapter: Adapter;
  readonly clock: CountingClock;
  readonly client: Msrp;
  readonly server: Msrp;
  readonly listener: TransportListener;
  /** Errors that the nodes' error taps were told. */
  readonly errors: unknown[] = [];

  private constructor(
    adapter: Adapter,
    clock: CountingClock,
    client: Msrp,
    server: Msrp,
    listener: TransportListener,
  ) {
    this.adapter = adapter;
    this.clock = clock;
    this.client = client;
    this.server = server;
    this.listener = listener;
    for (const node of [client, server]) node.tap("error", ({ error }) => this.errors.push(error));
  }

  /** Starts both; the server lets everybody in. */
  static async start(options: { client?: MsrpOptions; server?: MsrpOptions } = {}): Promise<SocketNodes> {
    const adapter = await ownAdapter();
    const clock = new CountingClock(adapter.systemClock);
    const server = new Msrp({ acceptUnknown: () => true, ...options.server });
    const listener = await adapter.transportListen((transport) => server.accept(counted(transport, clock)), {
      host: "127.0.0.1",
      port: 0,
    });
    return new SocketNodes(adapter, clock, new Msrp(options.client), server, listener);
  }

  /** Runs a test on two nodes and ends them, also when it fails; gives what is still held then. */
  static async run(
    options: { client?: MsrpOptions; server?: MsrpOptions },
    body: (nodes: SocketNodes) => Promise<void>,
  ): Promise<Holdings> {
    const nodes = await SocketNodes.start(options);
    let held = nodes.holdings;
    try {
      await body(nodes);
    } finally {
      held = await nodes.close();
    }
    return held;
  }

  /** Connects the client's transports, whose timers are counted. */
  readonly connector: Connector = (target, accept, options) => {
    const joined: Accept = (transport) => accept(counted(transport, this.clock));
    return this.adapter.transportConnect(target, joined, options);
  };

  /** Opens a session of the client to the server. */
  connect(options: Partial<ConnectOptions> = {}): Promise<Session> {
    const local = `msrp://127.0.0.1:1/${createSessionId()};tcp`;
    const remote = `msrp://127.0.0.1:${this.listener.port}/${createSessionId()};tcp`;
    return this.client.connect({ local, remote, ...options }, this.connector);
  }

  get holdings(): Holdings {
    return {
      timers: this.clock.waiting,
      connections: this.client.connectionCount + this.server.connectionCount,
      sessions: this.client.sessionCount + this.server.sessionCount,
      sockets: this.listener.connections,
    };
  }

  /** Ends everything at once; gives what is still held when the sockets have had time to go. */
  async close(): Promise<Holdings> {
    await Promise.all([this.client.close({ drainMs: 0 }), this.server.close({ drainMs: 0 })]);
    await this.listener.close({ connections: "abort" });
    await untilTrue(() => Object.values(this.holdings).every((count) => count === 0), 5000);
    return this.holdings;
  }
}

/** Nothing is held. */
export const nothing: Holdings = { timers: 0, connections: 0, sessions: 0, sockets: 0 };

/** The same transport with another clock. */
function counted(transport: Transport, clock: Clock): Transport {
  return new Proxy(transport, {
    get(target, name) {
      if (name === "clock") return clock;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
