// A WebSocket client made of octets, for tests of servers: any handshake, any frame, and exact answers.
// It works over node:net and node:tls, which every runtime has.
import { connect as netConnect, type Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { clientFrame, type FrameOddity, WebSocketFrames } from "../flows/web_socket.ts";

/** The answer to a handshake. */
export interface HandshakeAnswer {
  readonly status: number;
  /** Lower-case names; every value that came, in order. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

/** A handshake; what is undefined is left out. */
export interface HandshakeRequest {
  readonly method?: string;
  readonly version?: string;
  /** Header fields in place of the usual ones; undefined leaves one out, a list repeats it. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

const key = "dGhlIHNhbXBsZSBub25jZQ==";

/** One connection to a WebSocket server. */
export class WebSocketPeer {
  readonly socket: Socket;
  readonly #frames: WebSocketFrames;
  #url: URL;
  #data: Buffer = Buffer.alloc(0);
  #upgraded = false;
  #ended = false;
  readonly #messages: Buffer[] = [];
  #wake: (() => void) | undefined;
  #problem: Error | undefined;

  private constructor(socket: Socket, url: URL) {
    this.socket = socket;
    this.#url = url;
    this.#frames = new WebSocketFrames((bytes) => socket.write(bytes));
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    for (const end of ["end", "close", "error"]) {
      socket.on(end, () => {
        this.#ended = true;
        this.#wake?.();
      });
    }
  }

  /** Connects; the handshake is another call. */
  static async connect(url: string, ca?: string): Promise<WebSocketPeer> {
    const parsed = new URL(url);
    const secure = parsed.protocol === "wss:";
    const port = Number(parsed.port);
    const host = parsed.hostname;
    const socket = secure
      ? tlsConnect({ host, port, servername: "localhost", ...(ca === undefined ? {} : { ca }) })
      : netConnect({ host, port });
    await new Promise<void>((resolve, reject) => {
      socket.once(secure ? "secureConnect" : "connect", () => resolve());
      socket.once("error", reject);
    });
    return new WebSocketPeer(socket, parsed);
  }

  /** Connects and upgrades with sub-protocol `msrp`. @throws when it is refused */
  static async open(
    url: string,
    headers: HandshakeRequest["headers"] = {},
    ca?: string,
  ): Promise<WebSocketPeer> {
    const peer = await WebSocketPeer.connect(url, ca);
    const { status } = await peer.handshake({ headers });
    if (status !== 101) throw new Error(`The handshake was answered with ${status}`);
    return peer;
  }

  /** Sends a handshake and waits for its answer. */
  async handshake({
    method = "GET",
    version = "1.1",
    headers = {},
  }: HandshakeRequest): Promise<HandshakeAnswer> {
    const fields = {
      Host: this.#url.host,
      Upgrade: "websocket",
      Connection: "Upgrade",
      "Sec-WebSocket-Key": key,
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Protocol": "msrp",
      ...headers,
    };
    const lines = Object.entries(fields).flatMap(([name, value]) =>
      (value === undefined ? [] : [value].flat()).map((one) => `${name}: ${one}\r\n`),
    );
    const { pathname, search } = this.#url;
    this.socket.write(`${method} ${pathname}${search} HTTP/${version}\r\n${lines.join("")}\r\n`);
    return await this.answer();
  }

  /** The answer to what was sent as a handshake. */
  async answer(): Promise<HandshakeAnswer> {
    const end = (): number => this.#data.indexOf("\r\n\r\n");
    await this.#until(() => end() >= 0 || this.#ended);
    if (end() < 0) return { status: 0, headers: new Map() };
    const [start = "", ...lines] = this.#data.toString("latin1", 0, end()).split("\r\n");
    const rest = this.#data.subarray(end() + 4);
    this.#data = Buffer.alloc(0);
    const found = new Map<string, string[]>();
    for (const line of lines) {
      const colon = line.indexOf(":");
      const name = line.slice(0, colon).toLowerCase();
      found.set(name, [...(found.get(name) ?? []), line.slice(colon + 1).trim()]);
    }
    const status = Number(start.split(" ")[1]);
    this.#upgraded = status === 101;
    if (this.#upgraded && rest.length > 0) this.#take(rest);
    return { status, headers: found };
  }

  /** Sends one message, text or octets. */
  send(content: string | Buffer): void {
    this.frame(typeof content === "string" ? 1 : 2, Buffer.from(content));
  }

  /** Sends one frame, as odd as can be. */
  frame(opcode: number, payload: Buffer, oddity?: FrameOddity): void {
    this.socket.write(clientFrame(opcode, payload, oddity));
  }

  /** The next message, as one character for each octet. @throws when the connection ends before */
  async message(): Promise<string> {
    await this.#until(() => this.#messages.length > 0 || this.#ended || this.#frames.closed !== undefined);
    const message = this.#messages.shift();
    if (message === undefined) throw new Error(`closed (${this.#frames.closed}) before a message came`);
    return message.toString("latin1");
  }

  /** Sends a ping and waits for a pong with the same octets. */
  async ping(payload: string): Promise<string> {
    const hex = Buffer.from(payload).toString("hex");
    this.frame(9, Buffer.from(payload));
    await this.#until(() => this.#frames.pongs.includes(hex) || this.#ended);
    const pong = this.#frames.pongs.find((one) => one === hex);
    if (pong === undefined) throw new Error("closed before the pong came");
    return Buffer.from(pong, "hex").toString();
  }

  /** Waits for the end: the close code, or undefined when the connection just broke. */
  async closed(): Promise<number | undefined> {
    await this.#until(() => this.#frames.closed !== undefined || this.#ended);
    return this.#frames.closed;
  }

  /** Waits until the server has ended the connection. */
  async ended(): Promise<void> {
    await this.#until(() => this.#ended);
  }

  /** Drops the connection. */
  destroy(): void {
    this.socket.destroy();
  }

  async #until(done: () => boolean): Promise<void> {
    while (!done()) {
      if (this.#problem !== undefined) throw this.#problem;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #take(chunk: Buffer): void {
    if (this.#upgraded) {
      try {
        this.#messages.push(...this.#frames.receive(Buffer.from(chunk)));
      } catch (error) {
        this.#problem = error as Error;
      }
    } else this.#data = Buffer.concat([this.#data, chunk]);
    this.#wake?.();
  }
}

let count = 0;

/** A SEND with a text of its own. */
export function sendText(body: string, options: { id?: string; range?: string; flag?: string } = {}): string {
  const { id = `ws${String(++count).padStart(10, "0")}`, flag = "$" } = options;
  const octets = Buffer.byteLength(body);
  return [
    `MSRP ${id} SEND`,
    "To-Path: msrp://echo.example:2855/ws0echo00000001;ws",
    "From-Path: msrp://client.invalid:2855/ws0client0000001;ws",
    `Message-ID: m.${id}`,
    `Byte-Range: ${options.range ?? `1-${octets}/${octets}`}`,
    "Content-Type: text/plain;charset=utf-8",
    "",
    body,
    `-------${id}${flag}`,
    "",
  ].join("\r\n");
}
