// A relay on a network in memory whose clock stands still, and peers that speak raw bytes to it.
// A peer logs in with the client's side of Digest; everything else a test writes itself.
import { FakeClock, MemoryNetwork, memoryPair, settle } from "../../adapters/memory.ts";
import {
  ClientAuth,
  Msrp,
  type MsrpOptions,
  MsrpUri,
  type Plugin,
  type RelayOptions,
  type RelayPlugin,
  relay,
  StaticCredentials,
} from "../../core/mod.ts";
import type { PeerCertificate } from "../../core/node/transport.ts";
import { Peer, request } from "../../testing/wire.ts";
import type { Written } from "./connections.ts";

export { answer, request } from "../../testing/wire.ts";
export { settle };

/** A frame that came, as far as a test looks at it at once: method or status, and the Status of a REPORT. */
export interface Seen extends Written {}

/** A peer of the relay. */
export class RelayPeer {
  readonly peer: Peer;
  readonly uri: string;
  readonly #seen: Written[] = [];

  constructor(peer: Peer, uri: string) {
    this.peer = peer;
    this.uri = uri;
    const take = async (): Promise<void> => {
      for (;;) this.#seen.push(await peer.frame());
    };
    void take();
  }

  /** True once the relay has closed the connection. */
  get ended(): boolean {
    return this.peer.isEnded;
  }

  write(text: string): void {
    this.peer.write(text);
  }

  /** What has come since the last call. */
  async take(): Promise<Written[]> {
    await settle(200);
    return this.#seen.splice(0);
  }

  /** As `take`, in short: `"200"`, `"SEND"`, `"REPORT 000 408 …"`. */
  async heard(): Promise<string[]> {
    const frames = await this.take();
    return frames.map(({ what, headers }) =>
      headers["Status"] === undefined ? what : `${what} ${headers["Status"]}`,
    );
  }

  /** Sends text to a path; returns the Message-ID. */
  send(path: string, fields: Partial<Parameters<typeof request>[0]> = {}): void {
    this.write(request({ to: path, from: this.uri, range: "1-5/5", body: "hello", ...fields }));
  }

  close(): void {
    this.peer.transport.abort();
  }
}

/** The relay under test. */
export class RelayBench {
  readonly clock: FakeClock = new FakeClock();
  readonly network: MemoryNetwork = new MemoryNetwork({ clock: this.clock });
  readonly plugin: RelayPlugin;
  readonly app: Msrp;
  readonly errors: unknown[] = [];
  readonly dialled: string[] = [];
  #peers = 0;

  constructor(
    given: Partial<RelayOptions> & Pick<MsrpOptions, "connection"> = {},
    ...plugins: readonly Plugin[]
  ) {
    const { connection, ...options } = given;
    this.plugin = relay({
      domains: ["relay.example"],
      listen: ["msrps://0.0.0.0:2855;tcp", "msrp://0.0.0.0:2856;tcp"],
      credentials: StaticCredentials.of("relay.example", { alice: "a", bob: "b", carol: "c" }),
      connector: (target, accept, more) => {
        this.dialled.push(`${target.host}:${target.port}`);
        return this.network.connect(target, accept, more);
      },
      dial: { allow: ["peer.example"] },
      ...options,
    });
    this.app = new Msrp({ clock: this.clock, ...(connection === undefined ? {} : { connection }) }).use(
      this.plugin,
      ...plugins,
    );
    this.app.tap("error", ({ error }) => this.errors.push(error));
    this.network.listen("relay.example", 2855, this.app.accept, true);
  }

  /** URI that AUTHs are addressed to. */
  readonly authUri: string = "msrps://relay.example:2855;tcp";

  /** A peer that connects. @param names DNS names of its certificate, which is a verified one by default */
  async peer(
    options: {
      secure?: boolean;
      names?: readonly string[];
      verified?: boolean;
      address?: string;
      highWaterBytes?: number;
    } = {},
  ): Promise<RelayPeer> {
    let peer: Peer | undefined;
    const certificate: PeerCertificate | undefined =
      options.names === undefined
        ? undefined
        : {
            der: new Uint8Array([48]),
            subjectAltNames: options.names.map((name) => `DNS:${name}`),
            verified: options.verified ?? true,
          };
    memoryPair((transport) => (peer = new Peer(transport)), this.app.accept, {
      clock: this.clock,
      secure: options.secure ?? true,
      ...(options.highWaterBytes === undefined ? {} : { highWaterBytes: options.highWaterBytes }),
      client: {
        address: options.address ?? "192.0.2.9",
        port: 4000 + ++this.#peers,
        ...(certificate === undefined ? {} : { certificate }),
      },
    });
    await settle();
    return new RelayPeer(peer as Peer, `msrps://host${this.#peers}.invalid:7000/s${this.#peers}xyz;tcp`);
  }

  /** Logs a peer in; returns the URI given out (the whole Use-Path). */
  async login(
    peer: RelayPeer,
    user: string,
    fields: { password?: string; headers?: readonly string[]; from?: string; to?: string } = {},
  ): Promise<string> {
    const final = await this.auth(peer, user, fields);
    if (final.what !== "200") throw new Error(`AUTH was answered ${final.what}`);
    return final.headers["Use-Path"] ?? "";
  }

  /**
   * An AUTH with credentials, after the challenge; returns the last answer. `spoil` changes the credentials on their way,
   * `beforeAnswer` runs between challenge and credentials.
   */
  async auth(
    peer: RelayPeer,
    user: string,
    fields: {
      password?: string;
      headers?: readonly string[];
      from?: string;
      to?: string;
      spoil?: (authorization: string) => string;
      beforeAnswer?: () => Promise<void>;
    } = {},
  ): Promise<Written> {
    const to = fields.to ?? this.authUri;
    const from = fields.from ?? peer.uri;
    const password = fields.password ?? user.charAt(0);
    const client = new ClientAuth({ credentials: { username: user, password }, allowUnverified: true });
    const exchange = client.begin(to.split(" ").at(-1) ?? "", { secure: true, verified: true });
    const ask = async (authorization: string | undefined): Promise<Written> => {
      const headers = [...(fields.headers ?? [])];
      if (authorization !== undefined) headers.push(`Authorization: ${authorization}`);
      peer.write(request({ method: "AUTH", to, from, headers }));
      const [frame] = await peer.take();
      if (frame === undefined) throw new Error("AUTH was not answered");
      return frame;
    };
    const first = await ask(undefined);
    if (first.what !== "401") return first;
    const authorization = await exchange.challenged(Object.entries(first.headers));
    await fields.beforeAnswer?.();
    return await ask(fields.spoil?.(authorization) ?? authorization);
  }

  /** A peer that the relay can dial, at a host and port of the network. */
  stub(host: string, port: number, secure = false): { readonly connections: RelayPeer[]; close(): void } {
    const connections: RelayPeer[] = [];
    const close = this.network.listen(
      host,
      port,
      (transport) => {
        const peer = new Peer(transport);
        connections.push(new RelayPeer(peer, `${secure ? "msrps" : "msrp"}://${host}:${port}/stub;tcp`));
        return peer;
      },
      secure,
    );
    return { connections, close };
  }

  async close(): Promise<void> {
    await this.app.close({ drainMs: 0 });
    await settle();
  }
}

/** Parses URIs of a test. */
export function uris(...texts: readonly string[]): MsrpUri[] {
  return texts.map((text) => MsrpUri.parse(text));
}
