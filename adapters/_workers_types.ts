// What is used of a Durable Object's runtime, so that this package needs no types of Cloudflare's.
// Names and meanings are theirs; `DurableObjectState` of @cloudflare/workers-types fits.

/** The server's end of a WebSocket that stays open while its object is out of memory. */
export interface HibernatableSocket {
  readonly readyState: number;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  /** Keeps a value with the socket; at most 16 KiB. */
  serializeAttachment(value: unknown): void;
  deserializeAttachment(): unknown;
}

/** Storage of an object. */
export interface DurableStorage {
  get<T>(key: string): Promise<T | undefined>;
  put(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<unknown>;
  getAlarm(): Promise<number | null>;
  setAlarm(time: number): Promise<void>;
  deleteAlarm(): Promise<void>;
}

/** `state`, the first argument of an object's constructor. */
export interface DurableState {
  readonly storage: DurableStorage;
  // biome-ignore lint/suspicious/noExplicitAny: the WebSocket of the runtime's types, and nothing else is passed
  acceptWebSocket(socket: any): void;
  // biome-ignore lint/suspicious/noExplicitAny: see above
  getWebSockets(): any[];
  blockConcurrencyWhile<T>(callback: () => Promise<T>): Promise<T>;
  waitUntil(promise: Promise<unknown>): void;
}
