/**
 * What the relay suite works with: peers made of octets that connect to a relay, log in and talk through it. Nothing
 * sleeps: a peer waits for its next frame.
 */
import { ClientAuth, type Connector, createSessionId, MsrpUri, type TlsOptions } from "../core/mod.ts";
import { Peer, request, type Written } from "./wire.ts";

/** A user of a relay under test. */
export interface RelayUser {
  readonly username: string;
  readonly password: string;
}

/** A running relay, and how it is reached. */
export interface RunningRelay {
  /** What AUTHs are addressed to, such as `msrps://relay.example:2855;tcp`. */
  readonly uri: string;
  /** Where to connect to. @default host and port of `uri` */
  readonly address?: { readonly host: string; readonly port: number };
  /** Authorities that vouch for it; not for a relay in memory. */
  readonly tls?: TlsOptions;
  /** Ends it. */
  close(): Promise<void>;
}

/** What the relay suite is run over: any relay, ours or another, of this process or not. */
export interface RelaySubject {
  readonly name: string;
  /** Starts it. */
  start(): Promise<RunningRelay>;
  /** Opens connections to it. */
  readonly connect: Connector;
  /** Two users that it knows. */
  readonly users: readonly [RelayUser, RelayUser];
}

/** A peer behind a relay. */
export class RelayPeer {
  /** The own URI. */
  readonly uri: string = `msrps://${createSessionId().slice(0, 12)}.invalid:9/${createSessionId()};tcp`;
  readonly peer: Peer;
  readonly #relay: string;

  constructor(peer: Peer, relay: string) {
    this.peer = peer;
    this.#relay = relay;
  }

  /** The next frame. */
  frame(): Promise<Written> {
    return this.peer.frame();
  }

  /** Sends a request, `to` being the whole path. */
  send(to: string, fields: Partial<Parameters<typeof request>[0]> = {}): void {
    this.peer.write(request({ to, from: this.uri, range: "1-5/5", body: "hello", ...fields }));
  }

  /** Sends a request and gives the next frame. */
  async ask(to: string, fields: Partial<Parameters<typeof request>[0]> = {}): Promise<Written> {
    this.send(to, fields);
    return await this.frame();
  }

  /** An AUTH without credentials. */
  async challenge(): Promise<Written> {
    this.peer.write(request({ method: "AUTH", to: this.#relay, from: this.uri }));
    return await this.frame();
  }

  /** AUTH, challenge, AUTH: the last answer. `spoil` changes the credentials on their way. */
  async auth(
    user: RelayUser,
    headers: readonly string[] = [],
    spoil: (authorization: string) => string = (authorization) => authorization,
  ): Promise<Written> {
    const client = new ClientAuth({ credentials: user, allowUnverified: true });
    const exchange = client.begin(this.#relay, { secure: true, verified: true });
    const challenged = await exchange.challenged(Object.entries((await this.challenge()).headers));
    const all = [...headers, `Authorization: ${spoil(challenged)}`];
    this.peer.write(request({ method: "AUTH", to: this.#relay, from: this.uri, headers: all }));
    return await this.frame();
  }

  /** Logs in; the path that others use to reach this peer. */
  async login(user: RelayUser): Promise<string> {
    const answer = await this.auth(user);
    const usePath = answer.headers["Use-Path"];
    if (answer.what !== "200" || usePath === undefined) throw new Error(`AUTH was answered ${answer.what}`);
    return `${usePath} ${this.uri}`;
  }
}

/** A relay with peers, torn down in one call. */
export class RelayFixture {
  readonly relay: RunningRelay;
  readonly #subject: RelaySubject;
  readonly #peers: Peer[] = [];

  private constructor(subject: RelaySubject, relay: RunningRelay) {
    this.#subject = subject;
    this.relay = relay;
  }

  /** Starts the relay. */
  static async start(subject: RelaySubject): Promise<RelayFixture> {
    return new RelayFixture(subject, await subject.start());
  }

  /** A peer that has connected. */
  async peer(): Promise<RelayPeer> {
    const { uri, tls } = this.relay;
    const parsed = MsrpUri.parse(uri);
    const { host, port } = this.relay.address ?? { host: parsed.host, port: parsed.port ?? 2855 };
    let made: Peer | undefined;
    const target = { host, port, secure: parsed.scheme === "msrps", serverName: parsed.host };
    await this.#subject.connect({ ...target, ...(tls === undefined ? {} : { tls }) }, (transport) => {
      made = new Peer(transport);
      return made;
    });
    const peer = made as Peer;
    this.#peers.push(peer);
    return new RelayPeer(peer, uri);
  }

  /** Two peers that are logged in, as the two users, and the paths to them. */
  async pair(): Promise<{ alice: RelayPeer; bob: RelayPeer; toAlice: string; toBob: string }> {
    const [alice, bob] = [await this.peer(), await this.peer()];
    const [first, second] = this.#subject.users;
    return { alice, bob, toAlice: await alice.login(first), toBob: await bob.login(second) };
  }

  /** Ends the peers and the relay. */
  async close(): Promise<void> {
    for (const peer of this.#peers) if (!peer.isEnded) peer.transport.abort();
    await this.relay.close();
  }
}
