// One connection of the tester: it reads only when the script waits for something, so that a relay meets a slow peer.
// Frames are cut out by their end-lines and nothing else.
import type { Socket } from "node:net";

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
    this.socket.write(Buffer.from(octets, "latin1"));
  }

  /** Reads on; false at the end of the connection, undefined when the time is over. */
  async #fill(until: number): Promise<boolean | undefined> {
    for (;;) {
      const chunk = this.socket.read() as Buffer | null;
      if (chunk !== null) {
        this.#data = this.#data.length === 0 ? chunk : Buffer.concat([this.#data, chunk]);
        return true;
      }
      if (this.#ended || this.socket.readableEnded || this.socket.destroyed) return false;
      const left = until - performance.now();
      if (left <= 0) return undefined;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          this.#wake = undefined;
          resolve();
        };
        const timer = setTimeout(wake, left);
        this.#wake = wake;
      });
    }
  }

  /** The next frame; "eof" or "time" when there is none. */
  async frame(limitMs: number): Promise<RawFrame | "eof" | "time"> {
    const until = performance.now() + limitMs;
    for (;;) {
      const frame = this.#cut();
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
