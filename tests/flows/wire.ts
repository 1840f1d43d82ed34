// One connection of the tester: it reads only when the script waits for something, so that a relay meets a slow peer.
// Frames are cut out by their end-lines and nothing else.
import type { Socket } from "node:net";
import { WebSocketFrames } from "./web_socket.ts";

/** A frame as it came: one character for each octet. */
export interface RawFrame {
  readonly startLine: string;
  readonly transactionId: string;
  /** Header lines without CRLF, in order. */
  readonly headers: readonly string[];
  /** Undefined = no body. */
  readonly body: string | undefined;
  readonly flag: string;
}

/** A connection. */
export class Wire {
  readonly socket: Socket;
  /** Names in the certificate of the peer. */
  readonly peerNames: string;
  /** Messages that are skipped, and answered. */
  readonly ignored: Set<string> = new Set();
  #data: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake: (() => void) | undefined;
  #frames: WebSocketFrames | undefined;
  #messages: Buffer[] = []; // of a WebSocket, each one frame

  constructor(socket: Socket, peerNames = "") {
    this.socket = socket;
    this.peerNames = peerNames;
    const wake = (): void => this.#wake?.();
    socket.on("readable", wake);
    socket.on("end", () => this.#end());
    socket.on("close", () => this.#end());
    socket.on("error", () => this.#end());
  }

  #end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** Writes octets; what the peer does not take waits in memory. */
  write(octets: string): void {
    if (this.#frames === undefined) this.socket.write(Buffer.from(octets, "latin1"));
    else this.#frames.write(octets);
  }

  /** From here on it speaks WebSocket frames. */
  upgrade(): void {
    this.#frames = new WebSocketFrames((bytes) => this.socket.write(bytes));
    const early = this.#data;
    this.#data = Buffer.alloc(0);
    if (early.length > 0) this.#take(early);
  }

  /** The WebSocket, once upgraded. @throws when it is not */
  get webSocket(): WebSocketFrames {
    if (this.#frames === undefined) throw new Error("the connection is no WebSocket");
    return this.#frames;
  }

  /** True when that brought something to read. */
  #take(chunk: Buffer): boolean {
    if (this.#frames === undefined) {
      this.#data = this.#data.length === 0 ? chunk : Buffer.concat([this.#data, chunk]);
      return true;
    }
    this.#messages.push(...this.#frames.receive(chunk));
    if (this.#frames.closed !== undefined) this.#ended = true;
    return this.#nextMessage();
  }

  #nextMessage(): boolean {
    if (this.#data.length === 0) this.#data = this.#messages.shift() ?? this.#data;
    return this.#data.length > 0;
  }

  /** Sends a ping and waits for its pong; what else comes stays to be read. */
  async pong(payload: string, limitMs: number): Promise<boolean> {
    const { pongs } = this.webSocket;
    this.webSocket.ping(Buffer.from(payload, "hex"));
    const until = performance.now() + limitMs;
    while (!pongs.includes(payload.toLowerCase())) {
      const chunk = this.socket.read() as Buffer | null;
      if (chunk !== null) this.#take(chunk);
      else if (!(await this.#more(until))) return false;
    }
    pongs.splice(pongs.indexOf(payload.toLowerCase()), 1);
    return true;
  }

  /** The head of an HTTP response, without its empty line; "eof" or "time" when there is none. */
  async head(limitMs: number): Promise<string[] | "eof" | "time"> {
    const until = performance.now() + limitMs;
    for (;;) {
      const end = this.#data.indexOf("\r\n\r\n");
      if (end >= 0) {
        const lines = this.#data.toString("latin1", 0, end).split("\r\n");
        this.#data = this.#data.subarray(end + 4);
        return lines;
      }
      const more = await this.#fill(until);
      if (more === false) return "eof";
      if (more === undefined) return "time";
    }
  }

  /** Reads on; false at the end of the connection, undefined when the time is over. */
  async #fill(until: number): Promise<boolean | undefined> {
    for (;;) {
      if (this.#frames !== undefined && this.#messages.length > 0 && this.#nextMessage()) return true;
      const chunk = this.socket.read() as Buffer | null;
      if (chunk !== null) {
        if (this.#take(chunk)) return true;
        continue;
      }
      if (this.#ended || this.socket.readableEnded || this.socket.destroyed) return false;
      if (!(await this.#more(until))) return undefined;
    }
  }

  /** Waits until there may be more to read; false when the time is over. */
  async #more(until: number): Promise<boolean> {
    const left = until - performance.now();
    if (left <= 0 || this.#ended) return false;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(wake, left);
      this.#wake = wake;
    });
    return true;
  }

  /** The next frame; "eof" or "time" when there is none. */
  async frame(limitMs: number): Promise<RawFrame | "eof" | "time"> {
    const until = performance.now() + limitMs;
    for (;;) {
      const frame = this.#cut();
      // RFC 7977 §5.1: a WebSocket message is one frame, whole.
      if (this.#frames !== undefined && this.#data.length > 0)
        throw new Error("a WebSocket message is not one MSRP message");
      if (frame !== undefined) {
        const id = frame.headers.find((line) => line.startsWith("Message-ID: "))?.slice(12);
        if (id === undefined || !this.ignored.has(id) || !frame.startLine.endsWith(" SEND")) return frame;
        this.#acknowledge(frame);
        continue;
      }
      const more = await this.#fill(until);
      if (more === false) return "eof";
      if (more === undefined) return "time";
    }
  }

  #acknowledge(frame: RawFrame): void {
    const path = (name: string): string =>
      frame.headers.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? "";
    const [to = ""] = path("From-Path").split(" ");
    const [from = ""] = path("To-Path").split(" ");
    const id = frame.transactionId;
    this.write(`MSRP ${id} 200 OK\r\nTo-Path: ${to}\r\nFrom-Path: ${from}\r\n-------${id}$\r\n`);
  }

  #cut(): RawFrame | undefined {
    const data = this.#data;
    const lineEnd = data.indexOf("\r\n");
    if (lineEnd < 0) return undefined;
    const startLine = data.toString("latin1", 0, lineEnd);
    const [, transactionId = ""] = startLine.split(" ");
    const mark = `\r\n-------${transactionId}`;
    for (let at = data.indexOf(mark, lineEnd); at >= 0; at = data.indexOf(mark, at + 1)) {
      const flagAt = at + mark.length;
      if (data.length < flagAt + 3) return undefined;
      const flag = String.fromCharCode(data[flagAt] ?? 0);
      if (!"$+#".includes(flag) || data.toString("latin1", flagAt + 1, flagAt + 3) !== "\r\n") continue;
      const blank = data.indexOf("\r\n\r\n", lineEnd);
      const hasBody = blank >= 0 && blank < at;
      const head = data.toString("latin1", lineEnd + 2, hasBody ? blank : at);
      this.#data = data.subarray(flagAt + 3);
      return {
        startLine,
        transactionId,
        headers: head.split("\r\n"),
        body: hasBody ? data.toString("latin1", blank + 4, Math.max(at, blank + 4)) : undefined,
        flag,
      };
    }
    return undefined;
  }

  /** Waits for octets or the end: which of them came, or that nothing did. */
  async silence(limitMs: number): Promise<"octets" | "eof" | "nothing"> {
    const until = performance.now() + limitMs;
    if (this.ignored.size > 0) {
      const frame = await this.frame(limitMs);
      return frame === "eof" ? "eof" : frame === "time" ? "nothing" : "octets";
    }
    if (this.#data.length > 0) return "octets";
    const more = await this.#fill(until);
    return more === undefined ? "nothing" : more ? "octets" : "eof";
  }

  /** What was read and not yet taken, for messages of the tester. */
  get peek(): string {
    return this.#data.toString("latin1", 0, 300);
  }

  /** Whether the peer closes within the time; what it sends before is thrown away. */
  async eof(limitMs: number): Promise<boolean> {
    const until = performance.now() + limitMs;
    for (;;) {
      this.#data = Buffer.alloc(0);
      this.#messages = [];
      const more = await this.#fill(until);
      if (more === false) return true;
      if (more === undefined) return false;
    }
  }

  /** Drops the connection. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.socket.destroyed) resolve();
      else {
        this.socket.once("close", () => resolve());
        this.socket.destroy();
      }
    });
  }
}
