// WebSockets in memory, for tests that need the standard interface and no network: a constructor for clients, and a socket
// of the same kind for the server behind it. Messages take a microtask; the close handshake too.
import { type WebSocketLike, webSocketTransport } from "../../adapters/_web_socket_transport.ts";
import type { FakeClock } from "../../adapters/memory.ts";
import type { Accept } from "../../core/node/transport.ts";

type Listener = (event: unknown) => void;

/** One end of a WebSocket. */
export class MemorySocket implements WebSocketLike {
  binaryType = "blob";
  readyState = 0;
  bufferedAmount = 0;
  protocol = "";
  /** The other end. */
  other: MemorySocket | undefined;
  /** Messages that were sent, in order. */
  readonly sent: Uint8Array[] = [];
  /** The code that this end closed with. */
  closedWith: number | undefined;
  /** Keeps what is sent in `bufferedAmount` until `flush()`. */
  slow = false;
  /** Loses what is sent. */
  mute = false;
  readonly #listeners = new Map<string, Listener[]>();
  #held: Uint8Array[] = [];

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  /** Calls the listeners. */
  fire(type: string, event: object = {}): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    if (this.readyState !== 1) throw new Error("not open");
    const bytes = data.slice();
    this.sent.push(bytes);
    if (this.mute) return;
    if (this.slow) {
      this.#held.push(bytes);
      this.bufferedAmount += bytes.length;
      return;
    }
    this.#pass(bytes);
  }

  /** Lets go of what is held. */
  flush(): void {
    this.slow = false;
    this.bufferedAmount = 0;
    for (const bytes of this.#held.splice(0)) this.#pass(bytes);
  }

  close(code = 1005): void {
    if (code !== 1000 && code !== 1005 && !(code >= 3000 && code < 5000))
      throw new Error("InvalidAccessError");
    if (this.readyState >= 2) return;
    this.closedWith = code;
    this.over(code);
    this.other?.over(code);
  }

  /** The connection breaks: both ends see 1006. */
  break(): void {
    this.over(1006);
    this.other?.over(1006);
  }

  /** The connection is over, for this end. */
  over(code: number): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    queueMicrotask(() => this.fire("close", { code }));
  }

  #pass(bytes: Uint8Array): void {
    const { other } = this;
    queueMicrotask(() => {
      if (other?.readyState === 1) other.fire("message", { data: bytes.slice().buffer });
    });
  }
}

/** What clients connect to. */
export class MemoryWebSockets {
  readonly clock: FakeClock;
  /** Ends of clients, in order. */
  readonly clients: MemorySocket[] = [];
  readonly urls: string[] = [];
  readonly offers: string[][] = [];
  /** What the server agrees to. */
  protocol = "msrp";
  /** Undefined: nobody answers, the connection fails. */
  accept: Accept | undefined;
  /** Takes the server's end in place of `accept`. */
  server: ((socket: MemorySocket) => void) | undefined;
  readonly WebSocket: new (
    url: string,
    protocols: string[],
  ) => MemorySocket;

  constructor(clock: FakeClock) {
    this.clock = clock;
    const network = this;
    this.WebSocket = class extends MemorySocket {
      constructor(url: string, protocols: string[]) {
        super();
        network.urls.push(url);
        network.offers.push(protocols);
        network.clients.push(this);
        queueMicrotask(() => network.#connect(this, url.startsWith("wss:")));
      }
    };
  }

  /** The last client's end. */
  get client(): MemorySocket {
    return this.clients.at(-1) as MemorySocket;
  }

  #connect(client: MemorySocket, secure: boolean): void {
    if (this.accept === undefined && this.server === undefined) {
      client.readyState = 3;
      client.fire("error", { message: "refused" });
      client.fire("close", { code: 1006 });
      return;
    }
    const server = new MemorySocket();
    client.other = server;
    server.other = client;
    client.readyState = server.readyState = 1;
    client.protocol = server.protocol = this.protocol;
    if (this.server !== undefined) this.server(server);
    else if (this.protocol === "msrp") {
      webSocketTransport(server, this.accept as Accept, {
        secure,
        clock: this.clock,
        remoteAddress: "client",
      });
    }
    client.fire("open");
  }
}
