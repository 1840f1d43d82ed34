/**
 * Serves a Hono app with WebSockets on the runtime that is there: Bun's server, Deno's, or Node's. Programs for one
 * runtime need only the few lines for theirs.
 */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Hono } from "hono";
import type { UpgradeWebSocket } from "hono/ws";

/** A server that listens. */
export interface HttpServer {
  readonly port: number;
  /** Ends it with all its connections. */
  close(): Promise<void>;
}

/** Where it listens. */
export interface HttpPlace {
  readonly hostname: string;
  /** 0 = any. */
  readonly port: number;
}

/** Makes the app with the runtime's WebSockets. */
// biome-ignore lint/suspicious/noExplicitAny: the sockets of the runtimes have nothing in common
export type MakeApp = (upgradeWebSocket: UpgradeWebSocket<any>) => Hono;

/** Listens. @throws when the port cannot be had */
export function serveHttp(make: MakeApp, place: HttpPlace): Promise<HttpServer> {
  if ("Bun" in globalThis) return serveOnBun(make, place);
  return "Deno" in globalThis ? serveOnDeno(make, place) : serveOnNode(make, place);
}

async function serveOnBun(make: MakeApp, { hostname, port }: HttpPlace): Promise<HttpServer> {
  const { upgradeWebSocket, websocket } = await import("hono/bun");
  const app = make(upgradeWebSocket);
  const server = Bun.serve({
    hostname,
    port,
    fetch: (request, self) => app.fetch(request, { server: self }),
    // Of the sockets the relay takes care itself.
    websocket: { ...websocket, idleTimeout: 0, maxPayloadLength: 1_048_576 } as never,
  });
  return { port: server.port ?? port, close: () => server.stop(true) };
}

async function serveOnDeno(make: MakeApp, { hostname, port }: HttpPlace): Promise<HttpServer> {
  const { upgradeWebSocket } = await import("hono/deno");
  const app = make(upgradeWebSocket);
  const ending = new AbortController();
  const server = Deno.serve(
    { hostname, port, signal: ending.signal, onListen: () => undefined },
    (request, info) => app.fetch(request, info),
  );
  return {
    port: (server.addr as Deno.NetAddr).port,
    async close() {
      ending.abort();
      await server.finished;
    },
  };
}

async function serveOnNode(make: MakeApp, { hostname, port }: HttpPlace): Promise<HttpServer> {
  const [{ serve, upgradeWebSocket }, { WebSocketServer }] = await Promise.all([
    import("@hono/node-server"),
    import("ws"),
  ]);
  const app = make(upgradeWebSocket);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1_048_576 });
  return await new Promise((resolve, reject) => {
    const server = serve(
      { fetch: app.fetch, hostname, port, websocket: { server: sockets as never } },
      () => {
        resolve({
          port: (server.address() as AddressInfo).port,
          close: () =>
            new Promise((closed) => {
              for (const client of sockets.clients) client.terminate();
              server.close(() => closed());
              server.closeAllConnections();
            }),
        });
      },
    ) as Server;
    server.once("error", reject);
  });
}
