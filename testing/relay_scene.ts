/**
 * A relay on a network in memory with two users behind it: where a plugin is tried on what is relayed. The clock stands
 * still until it is told to go on.
 */
import { FakeClock, MemoryNetwork, type MemoryOptions, settle } from "../adapters/memory.ts";
import {
  connectThroughRelay,
  Msrp,
  type Plugin,
  type RelayClient,
  relay,
  type Session,
  StaticCredentials,
} from "../core/mod.ts";
import type { PairError } from "./pair.ts";

const host = "relay.example";
const passwords = { alice: "one", bob: "two" };
type User = keyof typeof passwords;

/**
 * A relay with plugins, and sessions from alice to bob through it.
 *
 * ```ts
 * const scene = await RelayScene.open([myPlugin()]);
 * const [alice, bob] = await scene.sessions();
 * ```
 */
export class RelayScene {
  readonly clock: FakeClock = new FakeClock();
  readonly network: MemoryNetwork;
  /** The node of the relay. */
  readonly node: Msrp;
  /** What its error tap was told. */
  readonly errors: PairError[] = [];
  readonly #users: { readonly app: Msrp; readonly client: RelayClient }[] = [];

  private constructor(plugins: readonly Plugin[], options: MemoryOptions) {
    this.network = new MemoryNetwork({ clock: this.clock, ...options });
    const terminal = relay({
      domains: [host],
      listen: [`msrps://${host}:2855;tcp`],
      credentials: StaticCredentials.of(host, passwords),
    });
    this.node = new Msrp({ clock: this.clock }).use(...plugins, terminal);
    this.node.tap("error", ({ plugin, stage, error }) => this.errors.push({ plugin, stage, error }));
    this.network.listen(host, 2855, this.node.accept, true);
  }

  /** Starts a relay and logs both users in. */
  static async open(plugins: readonly Plugin[] = [], network: MemoryOptions = {}): Promise<RelayScene> {
    const scene = new RelayScene(plugins, network);
    for (const user of ["alice", "bob"] as const) await scene.#login(user);
    return scene;
  }

  /** Opens a session from alice to bob; both ends. */
  async sessions(): Promise<[client: Session, server: Session]> {
    const [alice, bob] = this.#users.map(({ client }) => client) as [RelayClient, RelayClient];
    const path = await bob.path();
    const server = bob.expect(path);
    return [await alice.connect({ remote: path.sdpPath }), server];
  }

  /** Ends everybody and lets the ends run. */
  async close(): Promise<void> {
    for (const { app, client } of this.#users) {
      client.close();
      await app.close({ drainMs: 0 });
    }
    await this.node.close({ drainMs: 0 });
    await settle();
  }

  async #login(username: User): Promise<void> {
    const app = new Msrp({ clock: this.clock });
    const credentials = { username, password: passwords[username] };
    const options = { relay: `msrps://${host}:2855;tcp`, credentials };
    this.#users.push({ app, client: await connectThroughRelay(app, options, this.network.connect) });
  }
}
