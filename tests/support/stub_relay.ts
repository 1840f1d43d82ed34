// A relay made of raw bytes, for tests of the client's side: it answers AUTHs as RFC 4976 §6.3 has it, unless a test
// says otherwise, and hands every other frame to the test. Digest is checked by the real thing.
import { FakeClock, MemoryNetwork } from "../../adapters/memory.ts";
import { Msrp } from "../../core/node/node.ts";
import type { MsrpOptions } from "../../core/node/options.ts";
import { Authenticator } from "../../core/relay/authenticator.ts";
import { RelayClient } from "../../core/relay/client.ts";
import type { RelayClientOptions } from "../../core/relay/client_options.ts";
import { hashPassword, StaticCredentials } from "../../core/relay/credentials.ts";
import { createSessionId } from "../../core/wire/ident.ts";
import { Peer } from "../../testing/wire.ts";
import type { Written } from "./connections.ts";
import { settle } from "./nodes.ts";

/** An answer to an AUTH. */
export interface Reply {
  readonly status: string;
  readonly headers?: readonly string[];
}

/** One connection that a client has opened to the stub. */
export interface StubConnection {
  readonly peer: Peer;
  /** Frames other than AUTHs, in order. */
  readonly frames: Written[];
}

/** The stub. It plays every relay of a chain: what is addressed to an outer one is answered as that one would. */
export class StubRelay {
  readonly clock: FakeClock = new FakeClock();
  readonly network: MemoryNetwork = new MemoryNetwork({ clock: this.clock });
  readonly host: string;
  readonly secure: boolean;
  /** Every AUTH, in order. */
  readonly auths: Written[] = [];
  readonly connections: StubConnection[] = [];
  /** Tokens that were given out. */
  readonly minted: string[] = [];
  /** Seconds that tokens hold. */
  expires = 900;
  /** Answers in place of the usual one; undefined = the usual one. */
  answer: ((auth: Written, number: number) => Reply | undefined | Promise<Reply | undefined>) | undefined;
  /** Status of the answer to SENDs, as a relay has it that knows the peer's answer already. */
  refuse = "200 OK";
  /** Most AUTHs that waited for an answer at a time. */
  pipelined = 0;
  #waiting = 0;
  readonly #authenticator: Authenticator;
  readonly #nodes: Msrp[] = [];

  constructor(options: { host?: string; secure?: boolean; algorithms?: ("MD5" | "SHA-256")[] } = {}) {
    this.host = options.host ?? "relay.example";
    this.secure = options.secure ?? true;
    this.#authenticator = new Authenticator({
      realm: (uri) => /\/\/(?:[^@]*@)?([^:/;]+)/.exec(uri)?.[1] ?? "",
      credentials: users(),
      ...(options.algorithms === undefined ? {} : { algorithms: options.algorithms }),
    });
    this.listen();
  }

  /** Takes connections; the function returned stops that. */
  listen(): () => void {
    return this.network.listen(
      this.host,
      2855,
      (transport) => {
        const connection: StubConnection = { peer: new Peer(transport), frames: [] };
        this.connections.push(connection);
        void this.#serve(connection);
        return connection.peer;
      },
      this.secure,
    );
  }

  /** URI of the relay as a client is configured with it. */
  get uri(): string {
    return `${this.secure ? "msrps" : "msrp"}://${this.host}:2855;tcp`;
  }

  /** A client, on a node of its own unless one is given. */
  client(options: Partial<RelayClientOptions> = {}, node: MsrpOptions | Msrp = {}): RelayClient {
    const app = node instanceof Msrp ? node : new Msrp(node);
    this.#nodes.push(app);
    const credentials = { username: "alice", password: "secret" };
    return new RelayClient(app, { relay: this.uri, credentials, ...options }, this.network.connect);
  }

  /** The node of the last client. */
  get app(): Msrp {
    return this.#nodes.at(-1) as Msrp;
  }

  /** Drops every connection, as a relay that ends does. */
  async drop(): Promise<void> {
    for (const { peer } of this.connections) if (!peer.isEnded) peer.transport.abort();
    await settle();
  }

  async close(): Promise<void> {
    for (const node of this.#nodes) await node.close({ drainMs: 0 });
    await this.drop();
  }

  async #serve(connection: StubConnection): Promise<void> {
    const { peer } = connection;
    for (;;) {
      const frame = await peer.frame();
      if (frame.what !== "AUTH") {
        connection.frames.push(frame);
        if (frame.what === "SEND")
          peer.write(text(frame, { status: this.refuse }, frame.fromPath.slice(0, 1)));
        continue;
      }
      this.auths.push(frame);
      this.pipelined = Math.max(this.pipelined, ++this.#waiting);
      const number = this.auths.length;
      const answered = async (): Promise<void> => {
        const reply = (await this.answer?.(frame, number)) ?? (await this.usual(frame));
        this.#waiting--;
        peer.write(text(frame, reply, frame.fromPath));
      };
      void answered();
    }
  }

  /** What a relay answers. */
  async usual(auth: Written): Promise<Reply> {
    const digestUri = auth.toPath.at(-1) ?? "";
    const authorization = auth.headers["Authorization"];
    const outcome = await this.#authenticator.verify({ digestUri, authorization }, this.clock.now());
    const lines = outcome.headers.map(([name, value]) => `${name}: ${value}`);
    if (!outcome.ok) return { status: `${outcome.status} Unauthorized`, headers: lines };
    return {
      status: "200 OK",
      headers: [`Use-Path: ${this.mint(auth)}`, ...lines, `Expires: ${this.expires}`],
    };
  }

  /** A Use-Path for an AUTH: the URIs it went through, then a new one. */
  mint(auth: Written): string {
    const host = /\/\/(?:[^@]*@)?([^:/;]+)/.exec(auth.toPath.at(-1) ?? "")?.[1] ?? "";
    const token = `${this.secure ? "msrps" : "msrp"}://${host}:2855/${createSessionId()};tcp`;
    this.minted.push(token);
    return [...auth.toPath.slice(0, -1), token].join(" ");
  }
}

/** Text of an answer; LF stands for CRLF. */
function text(to: Written, { status, headers = [] }: Reply, toPath: readonly string[]): string {
  const lines = [`To-Path: ${toPath.join(" ")}`, `From-Path: ${to.toPath.join(" ")}`, ...headers];
  return [`MSRP ${to.id} ${status}`, ...lines, `-------${to.id}$`, ""].join("\n");
}

function users(): StaticCredentials {
  const credentials = new StaticCredentials();
  for (const [realm, password] of [
    ["relay.example", "secret"],
    ["outer.example", "other"],
  ] as const) {
    credentials.set("alice", realm, { ha1: hashPassword("alice", realm, password) });
  }
  return credentials;
}
