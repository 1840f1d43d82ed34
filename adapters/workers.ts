/**
 * MSRP in Cloudflare Durable Objects: a relay, an echo endpoint or any other node behind WebSockets that stay open while the
 * object is out of memory. Needs nothing of Node, zod or Effect.
 *
 * ```ts
 * import { Msrp } from "msrpkit";
 * import { msrpObject } from "msrpkit/workers";
 *
 * export const Echo = msrpObject(() => {
 *   const app = new Msrp({ acceptUnknown: () => true });
 *   return app.onMessage((message, session) => void session.send(message.body, { contentType: message.contentType }));
 * });
 * export default {
 *   fetch: (request, env) => env.ECHO.get(env.ECHO.idFromName("echo")).fetch(request),
 * };
 * ```
 */
import {
  ConnectionError,
  type ConnectionMemory,
  type Msrp,
  type NonceOptions,
  type SessionMemory,
} from "../core/mod.ts";
import type { Accept, Clock, TransportSink } from "../core/node/transport.ts";
import { webSocketTransport } from "./_web_socket_transport.ts";
import { WorkersClock } from "./_workers_clock.ts";
import { expectedKey, Sleep } from "./_workers_sleep.ts";
import { HibernatingSocket } from "./_workers_socket.ts";
import type { DurableState, HibernatableSocket } from "./_workers_types.ts";
import { closeCodes, finishClose } from "./_ws_close_codes.ts";
import {
  httpStatus,
  isField,
  notUpgrade,
  type Peer,
  peerOf,
  policyFault,
  type Refusal,
  upgradeFields,
} from "./_ws_handshake.ts";
import { type HandshakeRules, type WebSocketLimits, webSocketLimits } from "./_ws_limits.ts";

export {
  type WorkersConnect,
  type WorkersConnectorOptions,
  type WorkersSocket,
  workersConnector,
} from "./_workers_dial.ts";
export type { DurableState, DurableStorage, HibernatableSocket } from "./_workers_types.ts";

/** What the function that makes the node gets. */
export interface MsrpObjectHost<Env> {
  /** Bindings of the Worker. */
  readonly env: Env;
  /** The object's state; keys of storage that begin with `msrpkit:` are taken. */
  readonly state: DurableState;
  /** For `relay({ nonces })`: challenges hold across hibernation, and none can be answered twice. */
  readonly nonces: Required<Pick<NonceOptions, "secret" | "since">>;
  /** Milliseconds since 1970, and timers that become an alarm. */
  readonly clock: Clock;
}

/** Options of `msrpObject`. */
export interface MsrpObjectOptions extends HandshakeRules, Pick<WebSocketLimits, "maxMessageBytes"> {
  /** Whether TLS protects a request. @default what its URL says, or a proxy that `behindProxy` trusts */
  secure?: boolean | ((request: Request) => boolean);
  /** Hears of handshakes that were refused, and of sockets that could not be taken up again. */
  onError?: (error: Error) => void;
}

/** The object, as the runtime calls it. */
export interface MsrpDurableObject {
  /** The node, once it is made and has its connections back. Asking for it keeps the object awake for a moment. */
  readonly app: Promise<Msrp>;
  /** A handshake: 101, or why not. */
  fetch(request: Request): Promise<Response>;
  webSocketMessage(socket: HibernatableSocket, data: ArrayBuffer | string): Promise<void>;
  webSocketClose(socket: HibernatableSocket, code: number): Promise<void>;
  webSocketError(socket: HibernatableSocket, error: unknown): Promise<void>;
  alarm(): Promise<void>;
}

/** A class of objects, for the Worker to export; it may be extended. */
export type MsrpObjectClass<Env> = new (state: DurableState, env: Env) => MsrpDurableObject;

/** What is kept with a socket. */
interface Attachment {
  readonly id: string;
  readonly peer: Peer;
  /** `"stored"`: too much for a socket, so it is in storage. */
  readonly memory?: ConnectionMemory | "stored" | undefined;
}

interface Connection {
  readonly id: string;
  readonly peer: Peer;
  readonly socket: HibernatingSocket;
  readonly sink: TransportSink;
  stored: boolean;
  /** What was kept last, as text. */
  kept: string;
}

const secretKey = "msrpkit:secret";
// Of the 16 KiB that a socket keeps, with each character taking two octets.
const maxAttachmentChars = 7000;

/**
 * Makes a class of Durable Objects that are one MSRP node each. The object may leave memory whenever nothing is under way;
 * connections, their sessions and their URIs at a relay go on with the next message.
 *
 * @param make makes the node, anew each time that the object comes into memory: handlers and plugins, as at a start
 */
export function msrpObject<Env = unknown>(
  make: (host: MsrpObjectHost<Env>) => Msrp | Promise<Msrp>,
  options: MsrpObjectOptions = {},
): MsrpObjectClass<Env> {
  const { maxMessageBytes } = webSocketLimits(options);
  const onError = options.onError ?? (() => undefined);
  return class implements MsrpDurableObject {
    readonly #app: Promise<Msrp>;
    readonly #state: DurableState;
    readonly #clock: WorkersClock = new WorkersClock(() => this.#sleep?.touch());
    readonly #connections: Map<HibernatableSocket, Connection> = new Map();
    #sleep: Sleep | undefined;

    constructor(state: DurableState, env: Env) {
      this.#state = state;
      this.#app = state.blockConcurrencyWhile(() => this.#start(env));
    }

    get app(): Promise<Msrp> {
      this.#sleep?.touch();
      return this.#app;
    }

    async #start(env: Env): Promise<Msrp> {
      const { storage } = this.#state;
      const clock = this.#clock;
      let secret = await storage.get<Uint8Array>(secretKey);
      if (secret === undefined) {
        secret = crypto.getRandomValues(new Uint8Array(32));
        await storage.put(secretKey, secret);
      }
      // The clock of Workers stands still during an event, and what is issued in this one is good.
      const since = clock.now() - 1;
      const app = await make({ env, state: this.#state, nonces: { secret, since }, clock });
      const expected = (await storage.get<SessionMemory[]>(expectedKey)) ?? [];
      const writing = (promise: Promise<unknown>): void => this.#state.waitUntil(promise.catch(onError));
      const host = { app, clock, storage, writing, save: () => this.#save(app) };
      this.#sleep = new Sleep(host, await storage.getAlarm(), expected);
      this.#sleep.touch();
      const back: (readonly [TransportSink, ConnectionMemory])[] = [];
      for (const socket of this.#state.getWebSockets() as HibernatableSocket[]) {
        const one = await this.#comeBack(app, socket);
        if (one !== undefined) back.push(one);
      }
      app.memory.resume(back);
      app.memory.expect(expected);
      return app;
    }

    async #comeBack(
      app: Msrp,
      socket: HibernatableSocket,
    ): Promise<readonly [TransportSink, ConnectionMemory] | undefined> {
      try {
        const { id, peer, memory } = JSON.parse(String(socket.deserializeAttachment())) as Attachment;
        const kept =
          memory === "stored" ? await this.#state.storage.get<ConnectionMemory>(socketKey(id)) : memory;
        const connection = this.#join(socket, id, peer, (transport) => app.memory.attach(transport));
        connection.stored = memory === "stored";
        return kept === undefined ? undefined : [connection.sink, kept];
      } catch (error) {
        onError(error as Error);
        socket.close(closeCodes.goingAway);
        return undefined;
      }
    }

    async fetch(request: Request): Promise<Response> {
      const app = await this.app;
      const headers = new Map(request.headers as Iterable<[string, string]>);
      const refused =
        (request.method === "GET" ? undefined : { status: 400, reason: "A WebSocket begins with GET" }) ??
        notUpgrade(headers) ??
        policyFault(headers, options.origins);
      if (refused !== undefined) return this.#refuse(refused);
      const { pathname, search, protocol } = new URL(request.url);
      const secure = typeof options.secure === "function" ? options.secure(request) : options.secure;
      const seen = {
        remoteAddress: headers.get("cf-connecting-ip") ?? "",
        secure: secure ?? protocol === "https:",
      };
      const peer = peerOf(seen, headers, options.behindProxy);
      const url = pathname + search;
      const { verdict, accept } = await app.upgrade({ url, headers, ...peer, clock: this.#clock });
      if (!verdict.accepted) {
        const { status, comment = "The application refused the connection" } = verdict;
        return this.#refuse({ status, reason: comment, headers: verdict.headers });
      }
      const [client, server] = new (globalThis as unknown as Runtime).WebSocketPair();
      this.#state.acceptWebSocket(server);
      const connection = this.#join(server, crypto.randomUUID(), peer, accept);
      server.serializeAttachment(JSON.stringify({ id: connection.id, peer } satisfies Attachment));
      const fields = upgradeFields(headers, verdict.headers);
      const init = { status: 101, webSocket: client, headers: headersOf(fields) };
      return new Response(null, init as ResponseInit);
    }

    #refuse({ status, reason, headers = [] }: Refusal): Response {
      onError(new ConnectionError("upgrade-refused", `A handshake was refused: ${reason}`));
      const fields = [["Content-Type", "text/plain; charset=utf-8"] as const, ...headers.filter(isField)];
      return new Response(`${reason}\n`, { status: httpStatus(status), headers: headersOf(fields) });
    }

    #join(server: HibernatableSocket, id: string, peer: Peer, accept: Accept): Connection {
      const socket = new HibernatingSocket(server, () => this.#sleep?.touch());
      let sink: TransportSink | undefined;
      const joined: Accept = (transport) => (sink = accept(transport));
      webSocketTransport(socket, joined, {
        ...peer,
        maxMessageBytes,
        clock: this.#clock,
        checkProtocol: false,
        closeCode: closeCodes.goingAway,
        onEnd: () => {
          const over = this.#connections.get(server);
          this.#connections.delete(server);
          if (over?.stored) this.#state.waitUntil(this.#state.storage.delete(socketKey(id)).catch(onError));
        },
      });
      const connection = { id, peer, socket, sink: sink as TransportSink, stored: false, kept: "" };
      this.#connections.set(server, connection);
      return connection;
    }

    #save(app: Msrp): void {
      for (const [server, connection] of this.#connections) {
        const { id, peer, sink } = connection;
        const memory = app.memory.of(sink);
        const text = JSON.stringify({ id, peer, memory } satisfies Attachment);
        if (memory === undefined || text === connection.kept) continue;
        connection.kept = text;
        const { storage } = this.#state;
        if (text.length <= maxAttachmentChars) {
          server.serializeAttachment(text);
          if (connection.stored) this.#state.waitUntil(storage.delete(socketKey(id)).catch(onError));
          connection.stored = false;
        } else {
          this.#state.waitUntil(storage.put(socketKey(id), memory).catch(onError));
          if (!connection.stored)
            server.serializeAttachment(JSON.stringify({ id, peer, memory: "stored" } satisfies Attachment));
          connection.stored = true;
        }
      }
    }

    async webSocketMessage(socket: HibernatableSocket, data: ArrayBuffer | string): Promise<void> {
      this.#sleep?.touch();
      this.#connections.get(socket)?.socket.emit("message", { data });
    }

    async webSocketClose(socket: HibernatableSocket, code: number): Promise<void> {
      this.#sleep?.touch();
      // The other half of the closing handshake, which older dates of compatibility leave to the object.
      finishClose(socket, code);
      this.#connections.get(socket)?.socket.emit("close", { code });
    }

    async webSocketError(socket: HibernatableSocket, error: unknown): Promise<void> {
      this.#sleep?.touch();
      const { socket: events } = this.#connections.get(socket) ?? {};
      events?.emit("error", { message: error instanceof Error ? error.message : String(error) });
      events?.emit("close", { code: 1006 });
    }

    async alarm(): Promise<void> {
      this.#sleep?.rang();
    }
  };
}

interface Runtime {
  readonly WebSocketPair: new () => readonly [unknown, HibernatableSocket];
}

function socketKey(id: string): string {
  return `msrpkit:socket:${id}`;
}

function headersOf(fields: readonly (readonly [string, string])[]): Headers {
  return new Headers(fields.map(([name, value]): [string, string] => [name, value]));
}
