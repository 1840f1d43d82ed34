// MSRP over WebSocket (RFC 7977) inside somebody's Hono application, on Bun, Deno, Node and Workers: one route.
// The runtime's own WebSockets are used, through the `upgradeWebSocket` of Hono for it; the HTTP server is the application's.
import type { Context, MiddlewareHandler } from "hono";
import type { UpgradeWebSocket, WSContext, WSEvents } from "hono/ws";
import type { UpgradeRequest, UpgradeResult } from "../core/mod.ts";
import { ConnectionError } from "../core/mod.ts";
import type { Accept } from "../core/node/transport.ts";
import { systemClock } from "./_clock.ts";
import { type WebSocketLike, webSocketTransport } from "./_web_socket_transport.ts";
import { closeCodes, finishClose } from "./_ws_close_codes.ts";
import {
  handshakeFault,
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
import { BunSocketEvents, isBunSocket, keepAlive } from "./_ws_mounted.ts";

export type { HandshakeRules, WebSocketLimits } from "./_ws_limits.ts";

/** What takes the WebSockets of a route: an `Msrp` node. */
export interface UpgradeAcceptor {
  readonly accept: Accept;
  /** Decides about a handshake; without it all are let in. */
  readonly upgrade?: (request: UpgradeRequest) => UpgradeResult | Promise<UpgradeResult>;
}

/** Options of `msrpUpgrade`. */
export interface MsrpUpgradeOptions extends WebSocketLimits, HandshakeRules {
  /** Whether TLS protects a request. @default what the URL of the request says, or a proxy that `behindProxy` trusts */
  secure?: boolean | ((c: Context) => boolean);
  /** Address of the client. @default what the runtime says, or a proxy that `behindProxy` trusts */
  remoteAddress?: (c: Context) => string;
  /** Hears of handshakes that were refused, and of sockets that never got as far as the application. */
  onError?: (error: Error) => void;
}

/** What the servers of Bun, Deno and Node put into `c.env`. */
interface ServerEnv {
  readonly server?: BunServer;
  readonly upgrade?: BunServer["upgrade"];
  readonly requestIP?: BunServer["requestIP"];
  readonly incoming?: {
    readonly headers: Record<string, string | string[] | undefined>;
    readonly socket?: { readonly remoteAddress?: string };
  };
  readonly remoteAddr?: { readonly hostname?: string };
}

interface BunServer {
  upgrade(request: Request, options: { data?: unknown; headers?: Headers }): boolean;
  requestIP?(request: Request): { readonly address: string } | null;
}

/** The pair of sockets that Workers have. */
type PairConstructor = new () => readonly [WebSocket, WebSocketLike & { accept(): void }];

/**
 * A handler for a route of a Hono application that takes WebSockets for an MSRP node:
 *
 * ```ts
 * import { upgradeWebSocket } from "hono/deno";
 * app.get("/msrp", msrpUpgrade(msrp, upgradeWebSocket));
 * ```
 *
 * @param app the node
 * @param upgradeWebSocket that of `hono/bun`, `hono/deno`, `hono/cloudflare-workers` or `@hono/node-server`
 */
export function msrpUpgrade(
  app: UpgradeAcceptor,
  // biome-ignore lint/suspicious/noExplicitAny: the sockets and options of the runtimes have nothing in common
  upgradeWebSocket: UpgradeWebSocket<any>,
  options: MsrpUpgradeOptions = {},
): MiddlewareHandler {
  const limits = webSocketLimits(options);
  const onError = options.onError ?? (() => undefined);
  const join = (socket: WebSocketLike, accept: Accept, peer: Peer): void => {
    try {
      webSocketTransport(socket, accept, {
        ...limits,
        ...peer,
        checkProtocol: false,
        closeCode: closeCodes.goingAway,
      });
      keepAlive(socket, limits, systemClock);
    } catch (error) {
      onError(error as Error);
    }
  };
  const refuse = (c: Context, { status, reason, headers = [] }: Refusal): Response => {
    onError(new ConnectionError("upgrade-refused", `A handshake was refused: ${reason}`));
    const fields = headers.filter(isField).map(([name, value]): [string, string] => [name, value]);
    const text: [string, string] = ["Content-Type", "text/plain; charset=utf-8"];
    return c.body(`${reason}\n`, {
      status: httpStatus(status) as 403,
      headers: new Headers([text, ...fields]),
    });
  };
  return async (c) => {
    const headers = new Map(c.req.raw.headers as Iterable<[string, string]>);
    const { pathname, search, protocol } = new URL(c.req.url);
    const request = { method: c.req.method, url: pathname + search, headers };
    // Workers have looked at the handshake themselves, and show only some of its fields.
    const refused =
      ("WebSocketPair" in globalThis ? notUpgrade(headers) : handshakeFault(request)) ??
      policyFault(headers, options.origins);
    if (refused !== undefined) return refuse(c, refused);
    const peer = peerOf(factsOf(c, options, protocol === "https:"), headers, options.behindProxy);
    const result = await app.upgrade?.({ url: request.url, headers, ...peer, clock: systemClock });
    const verdict = result?.verdict;
    if (verdict?.accepted === false)
      return refuse(c, {
        status: verdict.status,
        reason: verdict.comment ?? "The application refused the connection",
        headers: verdict.headers,
      });
    const fields = upgradeFields(headers, verdict?.headers);
    const accept = result?.accept ?? app.accept;
    return await upgrade(c, upgradeWebSocket, fields, (socket) => join(socket, accept, peer));
  };
}

function factsOf(c: Context, options: MsrpUpgradeOptions, https: boolean): Peer {
  const { secure, remoteAddress } = options;
  return {
    remoteAddress: remoteAddress?.(c) ?? addressOf(c),
    secure: (typeof secure === "function" ? secure(c) : secure) ?? https,
  };
}

function addressOf(c: Context): string {
  const env = (c.env ?? {}) as ServerEnv;
  const server = env.server ?? (env as BunServer);
  if (typeof server.requestIP === "function") return server.requestIP(c.req.raw)?.address ?? "";
  return env.incoming?.socket?.remoteAddress ?? env.remoteAddr?.hostname ?? "";
}

/**
 * Upgrades, with sub-protocol `msrp` whatever else the client offers: Hono's adapters take the first offer, Deno cannot
 * read a list without blanks, and Workers confirm none.
 */
async function upgrade(
  c: Context,
  // biome-ignore lint/suspicious/noExplicitAny: see msrpUpgrade
  upgradeWebSocket: UpgradeWebSocket<any>,
  fields: readonly (readonly [string, string])[],
  join: (socket: WebSocketLike) => void,
): Promise<Response> {
  const { WebSocketPair } = globalThis as { WebSocketPair?: PairConstructor };
  if (WebSocketPair !== undefined) {
    const [client, server] = new WebSocketPair();
    join(server);
    // The other half of the closing handshake, which older dates of compatibility leave to the program.
    server.addEventListener("close", ({ code }) => finishClose(server, code));
    server.accept();
    const headers = new Headers(fields.map(([name, value]): [string, string] => [name, value]));
    return new Response(null, { status: 101, webSocket: client, headers } as ResponseInit);
  }
  let bun: BunSocketEvents | undefined;
  const events: WSEvents<object> = {
    onOpen: (_, { raw }: WSContext<object>) => {
      if (raw === undefined) return;
      if (isBunSocket(raw)) bun = new BunSocketEvents(raw);
      join(bun ?? (raw as WebSocketLike));
    },
    // The others have the standard events.
    onMessage: (event) => bun?.emit("message", event),
    onClose: (event) => bun?.emit("close", event),
    onError: (event) => bun?.emit("error", event),
  };
  const env = (c.env ?? {}) as ServerEnv;
  const server = env.server ?? env;
  const response = await upgradeWebSocket(
    { env: serverEnv(env, server as BunServer, c.req.raw, fields), req: lowerCase(c) } as unknown as Context,
    events,
    // Deno compares a sub-protocol that it is told with the client's list, and reads lists only with blanks.
    { protocol: undefined },
  );
  if (typeof server.upgrade !== "function")
    for (const [name, value] of fields) response.headers.set(name, value);
  return response;
}

/** `c.req` with an upgrade in lower case: Hono's adapter for Deno knows no other, and RFC 6455 §4.2.1 has no case. */
function lowerCase({ req }: Context): object {
  const header = (name: string): string | undefined => {
    const content = req.header(name);
    return name.toLowerCase() === "upgrade" ? content?.toLowerCase() : content;
  };
  return new Proxy(req, {
    get(target, name) {
      if (name === "header") return header;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

/** `c.env` as Hono's adapter is to see it. */
function serverEnv(
  env: ServerEnv,
  server: BunServer,
  request: Request,
  fields: readonly (readonly [string, string])[],
): object {
  // `ws` confirms the first of what it finds here.
  if (env.incoming !== undefined) env.incoming.headers["sec-websocket-protocol"] = "msrp";
  if (typeof server.upgrade !== "function") return env;
  const headers = new Headers(fields.map(([name, value]): [string, string] => [name, value]));
  return {
    upgrade: (_: Request, given: { data?: { protocol?: string } }) =>
      server.upgrade(request, { ...given, headers }),
  };
}
