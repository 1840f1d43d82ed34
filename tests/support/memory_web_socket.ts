// A WebSocket client made of octets over a pipe in memory, whose clock stands still until a test moves it: for what own
// listeners do in time, and with clients that do not read.
import { type WebSocketOptions, webSocketOptions } from "../../adapters/_ws_limits.ts";
import { type WebSocketAcceptor, WebSocketServer } from "../../adapters/_ws_server.ts";
import { type MemoryOptions, type MemoryTransport, memoryPair, settle } from "../../adapters/memory.ts";
import type { Transport, TransportSink } from "../../core/node/transport.ts";
import { clientFrame, type FrameOddity, WebSocketFrames } from "../flows/web_socket.ts";

/** How a server is set up, and what its pipe is like. */
export interface MemoryWebSocketOptions extends MemoryOptions {
  readonly webSocket?: WebSocketOptions;
  readonly path?: string;
  readonly onError?: (error: Error) => void;
}

/** A server without a listener. */
export function memoryServer(app: WebSocketAcceptor, options: MemoryWebSocketOptions = {}): WebSocketServer {
  const { webSocket = {}, path, onError = () => undefined } = options;
  return new WebSocketServer(app, webSocketOptions(webSocket), path, onError);
}

/** The handshake of a usual client. */
export function handshakeText(headers: Readonly<Record<string, string>> = {}, url = "/"): string {
  const fields = {
    Host: "relay.example",
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": "msrp",
    ...headers,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${url} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** One client. */
export class MemoryWebSocket implements TransportSink {
  /** The pipe's end on this side. */
  readonly transport: MemoryTransport;
  /** The server's answer, once it is there. */
  answer: string | undefined;
  /** Messages that have come, one character for each octet. */
  readonly messages: string[] = [];
  /** Pings of the server, which are answered unless `deaf`. */
  pings = 0;
  /** Answers no ping. */
  deaf = false;
  /** Answers nothing at all: no ping, no closing frame. */
  silent = false;
  ended_ = false;
  readonly #frames: WebSocketFrames;
  #text = "";

  private constructor(server: WebSocketServer, options: MemoryWebSocketOptions) {
    this.#frames = new WebSocketFrames((bytes) => {
      const [first = 0] = bytes;
      if (this.silent) return;
      if ((first & 0x0f) === 10) {
        this.pings++;
        if (this.deaf) return;
      }
      this.transport.write(new Uint8Array(bytes));
    });
    [this.transport] = memoryPair(() => this, server.accept, options);
  }

  /** Connects and sends nothing. */
  static connect(server: WebSocketServer, options: MemoryWebSocketOptions = {}): MemoryWebSocket {
    return new MemoryWebSocket(server, options);
  }

  /** Connects and upgrades. */
  static async open(
    server: WebSocketServer,
    options: MemoryWebSocketOptions & { readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<MemoryWebSocket> {
    const client = new MemoryWebSocket(server, options);
    client.raw(handshakeText(options.headers));
    await settle();
    return client;
  }

  /** Status of the answer. */
  get status(): number {
    return Number(this.answer?.split(" ")[1]);
  }

  /** Pongs of the server, as hex. */
  get pongs(): readonly string[] {
    return this.#frames.pongs;
  }

  /** Code of the server's closing frame. */
  get closed(): number | undefined {
    return this.#frames.closed;
  }

  /** Writes octets as they are. */
  raw(text: string | Uint8Array): void {
    this.transport.write(typeof text === "string" ? new TextEncoder().encode(text) : text);
  }

  /** Sends one frame. */
  frame(opcode: number, payload: string, oddity?: FrameOddity): void {
    this.raw(new Uint8Array(clientFrame(opcode, Buffer.from(payload, "latin1"), oddity)));
  }

  /** Sends one message; LF stands for CRLF. */
  send(text: string): void {
    this.frame(2, text.replace(/\r?\n/g, "\r\n"));
  }

  /** What has come since the last call. */
  async take(): Promise<string[]> {
    await settle(200);
    return this.messages.splice(0);
  }

  received(bytes: Uint8Array): void {
    if (this.answer !== undefined) {
      this.messages.push(...this.#take(Buffer.from(bytes)));
      return;
    }
    this.#text += Buffer.from(bytes).toString("latin1");
    const end = this.#text.indexOf("\r\n\r\n");
    if (end < 0) return;
    this.answer = this.#text.slice(0, end + 4);
    const rest = Buffer.from(this.#text.slice(end + 4), "latin1");
    if (this.status === 101 && rest.length > 0) this.messages.push(...this.#take(rest));
  }

  #take(bytes: Buffer): string[] {
    return this.#frames.receive(bytes).map((message) => message.toString("latin1"));
  }

  drained(): void {}

  ended(): void {
    this.ended_ = true;
  }
}

/** A node that takes transports and does nothing with them: the last one, its sink's calls, and answers to be told. */
export class RecordingAcceptor implements WebSocketAcceptor {
  transport: Transport | undefined;
  readonly received: string[] = [];
  drains = 0;
  ends: (Error | undefined)[] = [];

  readonly accept = (transport: Transport): TransportSink => {
    this.transport = transport;
    return {
      received: (bytes) => void this.received.push(Buffer.from(bytes).toString("latin1")),
      drained: () => void this.drains++,
      ended: (error) => void this.ends.push(error),
    };
  };
}
