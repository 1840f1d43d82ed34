// A hibernating WebSocket of a Durable Object as the standard one that a transport is made of.
// Its events come to the object, which passes them on.
import type { WebSocketLike } from "./_web_socket_transport.ts";
import type { HibernatableSocket } from "./_workers_types.ts";

/** One socket. */
export class HibernatingSocket implements WebSocketLike {
  binaryType = "arraybuffer";
  readonly protocol = "msrp";
  readonly #socket: HibernatableSocket;
  readonly #sent: () => void;
  readonly #listeners = new Map<string, (event: object) => void>();

  /** @param sent called with each message that goes out */
  constructor(socket: HibernatableSocket, sent: () => void) {
    this.#socket = socket;
    this.#sent = sent;
  }

  get readyState(): number {
    return this.#socket.readyState;
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    this.#sent();
    this.#socket.send(data);
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason);
  }

  addEventListener(type: string, listener: (event: object) => void): void {
    this.#listeners.set(type, listener);
  }

  /** Passes an event on. */
  emit(type: "message" | "close" | "error", event: object): void {
    this.#listeners.get(type)?.(event);
  }
}
