// Two nodes on a network in memory with a clock that stands still: the pair that most tests of the node start from.
import { FakeClock, MemoryNetwork, type MemoryOptions, settle } from "../../adapters/memory.ts";
import { Msrp } from "../../core/node/node.ts";
import type { ConnectOptions, MsrpOptions } from "../../core/node/options.ts";
import type { Plugin } from "../../core/node/plugin.ts";
import type { Session } from "../../core/session/session.ts";
import { createSessionId } from "../../core/wire/ident.ts";
import { MsrpUri } from "../../core/wire/uri.ts";

export { settle };

/** How a pair is set up. */
export interface PairOptions {
  client?: MsrpOptions;
  server?: MsrpOptions;
  clientPlugins?: Plugin[];
  serverPlugins?: Plugin[];
  network?: MemoryOptions;
}

/** A node that connects and one that accepts, with everything that their error taps were told. */
export class NodePair {
  readonly clock: FakeClock = new FakeClock();
  readonly network: MemoryNetwork;
  readonly client: Msrp;
  readonly server: Msrp;
  readonly errors: { plugin: string; stage: string; error: unknown }[] = [];
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

/** What a promise rejects with; fails when it does not. */
export async function rejection<E = Error>(promise: Promise<unknown>): Promise<E> {
  try {
    await promise;
  } catch (error) {
    return error as E;
  }
  throw new Error("the promise was not rejected");
}

/** What a call throws; fails when it does not. */
export function thrown<E = Error>(call: () => unknown): E {
  try {
    call();
  } catch (error) {
    return error as E;
  }
  throw new Error("nothing was thrown");
}
