// Sockets of somebody else's HTTP server, as the standard WebSocket that a transport is made of: Bun's own kind is wrapped.
// Those that ping only when they are told to are told to.
import type { Clock } from "../core/node/transport.ts";
import type { WebSocketLike } from "./_web_socket_transport.ts";
import type { ResolvedWebSocketLimits } from "./_ws_limits.ts";

/** What is used of Bun's ServerWebSocket. */
export interface BunSocket {
  readonly readyState: number;
  send(data: Uint8Array<ArrayBuffer>): number;
  close(code?: number, reason?: string): void;
  terminate(): void;
  getBufferedAmount(): number;
}

/** Whether a server's socket is Bun's. */
export function isBunSocket(raw: object): raw is BunSocket {
  return "getBufferedAmount" in raw && !("addEventListener" in raw);
}

/** Bun's socket, with events that whoever has the handler passes on. */
export class BunSocketEvents implements WebSocketLike {
  binaryType = "arraybuffer";
  readonly protocol = "msrp";
  readonly #socket: BunSocket;
  readonly #listeners = new Map<string, (event: object) => void>();

  constructor(socket: BunSocket) {
    this.#socket = socket;
  }

  get readyState(): number {
    return this.#socket.readyState;
  }

  get bufferedAmount(): number {
    return this.#socket.getBufferedAmount();
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    // 0 = dropped: beyond its limit Bun loses messages and leaves the connection open.
    if (this.#socket.send(data) === 0 && data.length > 0) this.#socket.terminate();
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  addEventListener(type: string, listener: (event: object) => void): void {
    this.#listeners.set(type, listener);
  }

  /** Passes an event on. */
  emit(type: "message" | "close" | "error", event: object): void {
    this.#listeners.get(type)?.(event);
  }
}

/** A socket of the package `ws`, which sends pings when it is told to. */
interface Pinging {
  ping(): void;
  terminate(): void;
  on(event: "pong" | "message" | "close", listener: () => void): void;
}

function pings(raw: object): raw is Pinging {
  return "ping" in raw && "on" in raw && "terminate" in raw;
}

/** Pings a quiet client, and gives up one that does not answer, where the server does not do it by itself. */
export function keepAlive(raw: object, limits: ResolvedWebSocketLimits, clock: Clock): void {
  const { pingIntervalMs, pongTimeoutMs } = limits;
  if (!pings(raw) || pingIntervalMs === 0) return;
  let heardAt = clock.now();
  const heard = (): void => {
    heardAt = clock.now();
  };
  let cancel = (): void => undefined;
  const look = (): void => {
    const left = heardAt + pingIntervalMs - clock.now();
    if (left > 0) {
      cancel = clock.setTimer(look, left);
      return;
    }
    const pingedAt = clock.now();
    raw.ping();
    cancel = clock.setTimer(() => {
      if (heardAt < pingedAt) raw.terminate();
      else look();
    }, pongTimeoutMs);
  };
  raw.on("pong", heard);
  raw.on("message", heard);
  raw.on("close", () => cancel());
  look();
}
