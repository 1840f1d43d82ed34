/**
 * Two nodes on a network in memory with a clock that stands still: the pair that most tests of plugins start from. There
 * is no socket and no waiting; `clock.advance()` lets time pass.
 */
import { FakeClock, MemoryNetwork, type MemoryOptions, settle } from "../adapters/memory.ts";
import {
  type ConnectOptions,
  createSessionId,
  Msrp,
  type MsrpOptions,
  MsrpUri,
  type Plugin,
  type Session,
} from "../core/mod.ts";

/** How a pair is set up; everything may be left out. */
export interface PairOptions {
  /** Options of the node that connects. */
  client?: MsrpOptions;
  /** Options of the node that accepts. */
  server?: MsrpOptions;
  /** Plugins of the node that connects. */
  clientPlugins?: Plugin[];
  /** Plugins of the node that accepts. */
  serverPlugins?: Plugin[];
  /** The pipes between them, for example cut into pieces of one octet. */
  network?: MemoryOptions;
}

/** What an error tap was told. */
export interface PairError {
  plugin: string;
  stage: string;
  error: unknown;
}

/**
 * A node that connects and one that accepts every session, with everything that their error taps were told.
 *
 * ```ts
 * const pair = new NodePair({ serverPlugins: [myPlugin()] });
 * const [client, server] = await pair.sessions();
 * await client.send("hello").accepted;
 * await pair.close();
 * ```
 */
export class NodePair {
  readonly clock: FakeClock = new FakeClock();
  readonly network: MemoryNetwork;
  readonly client: Msrp;
  readonly server: Msrp;
  readonly errors: PairError[] = [];
  /** Sessions that the server let in, in order. */
  readonly accepted: Session[] = [];

  constructor(options: PairOptions = {}) {
    this.network = new MemoryNetwork({ clock: this.clock, ...options.network });
    this.client = new Msrp(options.client).use(...(options.clientPlugins ?? []));
    this.server = new Msrp({ acceptUnknown: () => true, ...options.server }).use(
      ...(options.serverPlugins ?? []),
    );
    for (const node of [this.client, this.server]) {
      node.tap("error", ({ plugin, stage, error }) => this.errors.push({ plugin, stage, error }));
    }
    this.server.onSession((session) => this.accepted.push(session));
    this.network.listen("bob.example", 12051, this.server.accept);
  }

  /** A URI of the server. */
  serverUri(sessionId: string = createSessionId()): MsrpUri {
    return MsrpUri.parse(`msrp://bob.example:12051/${sessionId};tcp`);
  }

  /** A URI of the client. */
  clientUri(sessionId: string = createSessionId()): MsrpUri {
    return MsrpUri.parse(`msrp://alice.example:7313/${sessionId};tcp`);
  }

  /** Opens a session from the client to the server. */
  connect(options: Partial<ConnectOptions> = {}): Promise<Session> {
    return this.client.connect(
      { local: this.clientUri(), remote: this.serverUri(), ...options },
      this.network.connect,
    );
  }

  /** Opens a session and gives both ends. */
  async sessions(options: Partial<ConnectOptions> = {}): Promise<[client: Session, server: Session]> {
    const session = await this.connect(options);
    return [session, this.accepted.at(-1) as Session];
  }

  /** Ends both nodes and lets the ends run. */
  async close(): Promise<void> {
    await Promise.all([this.client.close({ drainMs: 0 }), this.server.close({ drainMs: 0 })]);
    await settle();
  }
}
