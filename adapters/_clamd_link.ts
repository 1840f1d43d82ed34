/**
 * Calls of clamd: one connection for each, so many at a time, and those that wait are bounded too. A call is a command,
 * octets that follow it, and one line of an answer.
 */
import { connect, type Socket } from "node:net";

/** Where clamd listens: a Unix socket, or TCP. */
export type ClamdAddress =
  | { readonly path: string; readonly host?: never; readonly port?: never }
  | { readonly host: string; readonly port: number; readonly path?: never };

/** How much is asked of clamd. */
export interface ClamdLimits {
  /** Connections at a time; further messages wait for one. clamd itself works on 10 (`MaxThreads`) and lets 100 wait. @default 32 */
  readonly maxConnections?: number;
  /** Messages that wait for a connection; one more fails at once. @default 1024 */
  readonly maxWaiting?: number;
  /** Milliseconds to reach it. @default 5000 */
  readonly connectTimeoutMs?: number;
  /** Milliseconds in which nothing goes to or from it, as with a sender that stalls; then the scan fails. @default 60000 */
  readonly idleTimeoutMs?: number;
}

/** One call. */
export interface ClamdCall {
  /** Sends octets, which become the socket's; a promise when it has to wait. */
  write(bytes: Uint8Array): void | Promise<void>;
  /** The answer; rejects when there is none. A rejection may be left unobserved. */
  readonly reply: Promise<string>;
  /** Ends it. */
  end(): void;
}

const maxReplyBytes = 4096;
// Two of the largest pieces: one on its way, one that waits.
const maxWaitingBytes = 131_072;
const defaults: Required<ClamdLimits> = {
  maxConnections: 32,
  maxWaiting: 1024,
  connectTimeoutMs: 5000,
  idleTimeoutMs: 60_000,
};

/** The way to one clamd. */
export class ClamdLink {
  readonly #address: ClamdAddress;
  readonly limits: Required<ClamdLimits>;
  readonly #waiting: Set<Call> = new Set();
  #open = 0;

  /** @throws {TypeError} no address, or a limit that is none */
  constructor(options: ClamdAddress & ClamdLimits) {
    const { path, host, port, ...limits } = options;
    if ((path === undefined || path === "") === (host === undefined || port === undefined))
      throw new TypeError("clamd needs either a path, or a host and a port");
    if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536))
      throw new TypeError(`clamd cannot use port ${port}: 1 to 65535`);
    for (const [name, value] of Object.entries(limits)) {
      if (!(name in defaults)) throw new TypeError(`clamd has no option "${name}"`);
      if (!(typeof value === "number" && value > 0))
        throw new TypeError(`clamd cannot use ${name}: ${value}`);
    }
    this.#address = path === undefined ? { host: host as string, port: port as number } : { path };
    this.limits = { ...defaults, ...limits };
  }

  /** Connections there are. */
  get connections(): number {
    return this.#open;
  }

  /** Begins a call. @throws {Error} too many wait */
  call(command: string): ClamdCall {
    if (this.#open >= this.limits.maxConnections && this.#waiting.size >= this.limits.maxWaiting)
      throw new Error("Too many messages wait for clamd");
    const call = new Call(this, command);
    if (this.#open < this.limits.maxConnections) this.#start(call);
    else this.#waiting.add(call);
    return call;
  }

  #start(call: Call): void {
    this.#open++;
    const { path, host, port } = this.#address;
    call.connect(
      path === undefined ? connect({ host: host as string, port: port as number }) : connect({ path }),
    );
  }

  /** A call is over. @param connected false: it never had a connection */
  over(call: Call, connected: boolean): void {
    if (!connected) {
      this.#waiting.delete(call);
      return;
    }
    this.#open--;
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.delete(next);
    this.#start(next);
  }
}

class Call implements ClamdCall {
  readonly reply: Promise<string>;
  readonly #link: ClamdLink;
  readonly #command: string;
  readonly #ready: Promise<void>;
  #started!: () => void;
  #answer!: (reply: string) => void;
  #fail!: (error: Error) => void;
  #socket: Socket | undefined;
  #text = "";
  #over = false;
  #drained: (() => void) | undefined;

  constructor(link: ClamdLink, command: string) {
    this.#link = link;
    this.#command = command;
    this.#ready = new Promise((resolve) => {
      this.#started = resolve;
    });
    this.reply = new Promise((resolve, reject) => {
      this.#answer = resolve;
      this.#fail = reject;
    });
    this.reply.catch(() => undefined);
  }

  connect(socket: Socket): void {
    this.#socket = socket;
    const { connectTimeoutMs, idleTimeoutMs } = this.#link.limits;
    const late = setTimeout(() => this.#end(new Error("clamd cannot be reached in time")), connectTimeoutMs);
    socket.once("connect", () => {
      clearTimeout(late);
      socket.setTimeout(idleTimeoutMs, () =>
        this.#end(new Error("The connection to clamd was idle for too long")),
      );
    });
    // Until it is connected, the socket keeps what is written.
    socket.write(`z${this.#command}\0`);
    this.#started();
    socket.on("data", (bytes: Uint8Array) => this.#read(bytes));
    socket.on("drain", () => this.#drain());
    socket.once("error", (cause: Error) => this.#end(new Error("clamd cannot be used", { cause })));
    socket.once("close", () => {
      clearTimeout(late);
      this.#end(new Error("clamd has ended the connection without an answer"));
    });
  }

  write(bytes: Uint8Array): void | Promise<void> {
    if (this.#over) return;
    const socket = this.#socket;
    if (socket === undefined) return this.#ready.then(() => this.write(bytes));
    if (socket.write(bytes) || socket.writableLength <= maxWaitingBytes) return;
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  end(): void {
    this.#end(new Error("The scan was aborted"));
  }

  #read(bytes: Uint8Array): void {
    this.#text += new TextDecoder().decode(bytes);
    const end = this.#text.indexOf("\0");
    if (end < 0 && this.#text.length < maxReplyBytes) return;
    this.#answer(this.#text.slice(0, end < 0 ? maxReplyBytes : end));
    this.#end(undefined);
  }

  #drain(): void {
    this.#drained?.();
    this.#drained = undefined;
  }

  // Whoever waits goes on: what became of the call is in the reply.
  #end(error: Error | undefined): void {
    if (this.#over) return;
    this.#over = true;
    if (error !== undefined) this.#fail(error);
    this.#started();
    this.#drain();
    this.#socket?.destroy();
    this.#link.over(this, this.#socket !== undefined);
  }
}
