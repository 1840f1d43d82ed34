// The runtime of Durable Objects as far as msrpkit/workers uses it, in memory: state that outlives an object, and sockets
// whose other end is the test's. An object is taken out of memory by making another one on the same state.
import type { DurableState, DurableStorage, HibernatableSocket } from "../../adapters/workers.ts";

/** The server's end of a WebSocket; the test reads what was sent and what it was closed with. */
export class FakeSocket implements HibernatableSocket {
  readyState = 1;
  attachment: unknown;
  readonly sent: string[] = [];
  closedWith: number | undefined;

  send(data: Uint8Array<ArrayBuffer>): void {
    this.sent.push(new TextDecoder().decode(data));
  }

  close(code?: number): void {
    this.closedWith ??= code;
    this.readyState = 3;
  }

  serializeAttachment(value: unknown): void {
    if (JSON.stringify(value).length > 16_384) throw new Error("an attachment is too long");
    this.attachment = structuredClone(value);
  }

  deserializeAttachment(): unknown {
    return structuredClone(this.attachment);
  }
}

/** State of one object. */
export class FakeState implements DurableState {
  readonly values: Map<string, unknown> = new Map();
  readonly sockets: FakeSocket[] = [];
  alarmAt: number | null = null;
  readonly storage: DurableStorage = {
    get: async <T>(key: string) => structuredClone(this.values.get(key)) as T | undefined,
    put: async (key, value) => void this.values.set(key, structuredClone(value)),
    delete: async (key) => this.values.delete(key),
    getAlarm: async () => this.alarmAt,
    setAlarm: async (time) => {
      this.alarmAt = time;
    },
    deleteAlarm: async () => {
      this.alarmAt = null;
    },
  };

  acceptWebSocket(socket: FakeSocket): void {
    this.sockets.push(socket);
  }

  getWebSockets(): FakeSocket[] {
    return this.sockets.filter(({ readyState }) => readyState === 1);
  }

  blockConcurrencyWhile<T>(callback: () => Promise<T>): Promise<T> {
    return callback();
  }

  waitUntil(promise: Promise<unknown>): void {
    void promise;
  }
}

/** What a Worker has and the other runtimes have not: pairs of sockets, and responses of 101. */
export function withWorkersGlobals<T>(run: () => Promise<T>): Promise<T> {
  const scope = globalThis as unknown as Record<string, unknown>;
  const { Response: Own } = globalThis;
  scope["WebSocketPair"] = class {
    readonly 0 = {};
    readonly 1 = new FakeSocket();
    *[Symbol.iterator](): Iterator<unknown> {
      yield this[0];
      yield this[1];
    }
  };
  scope["Response"] = class extends Own {
    constructor(body: ConstructorParameters<typeof Own>[0], init: ResponseInit = {}) {
      const { status = 200 } = init;
      super(body, { ...init, status: status === 101 ? 200 : status });
      if (status === 101) Object.defineProperty(this, "status", { value: status });
    }
  };
  return run().finally(() => {
    scope["Response"] = Own;
    delete scope["WebSocketPair"];
  });
}
