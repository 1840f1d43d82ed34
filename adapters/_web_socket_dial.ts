// Opens WebSockets with the sub-protocol "msrp", by the runtime's own constructor or another one.
// Node 20 has none of its own; there it is the one of the package `ws`.
import { ConnectionError } from "../core/mod.ts";
import type { Accept, Clock, ConnectorOptions, Transport } from "../core/node/transport.ts";
import { systemClock } from "./_clock.ts";
import { type WebSocketLike, type WebSocketLimits, WebSocketTransport } from "./_web_socket_transport.ts";

/** A constructor with the standard interface. */
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** How WebSockets are opened. */
export interface WebSocketDialOptions extends WebSocketLimits {
  /** @default the runtime's own, else that of the package `ws` */
  readonly WebSocket?: WebSocketConstructor;
  /** Time until the WebSocket is open, in milliseconds. @default 10000 */
  readonly connectTimeoutMs?: number;
  /** @default the runtime's clock */
  readonly clock?: Clock;
}

async function constructorOf({ WebSocket }: WebSocketDialOptions): Promise<WebSocketConstructor> {
  const own = WebSocket ?? (globalThis as { WebSocket?: unknown }).WebSocket;
  if (own !== undefined) return own as WebSocketConstructor;
  // Bundles for browsers and Workers have a stub of a few octets for it.
  return ((await import("ws")) as unknown as { WebSocket: WebSocketConstructor }).WebSocket;
}

/** What a page may not open, by its policy or from a page with TLS, throws at once. */
function make(Constructor: WebSocketConstructor, url: string, hostname: string): WebSocketLike {
  try {
    return new Constructor(url, ["msrp"]);
  } catch (cause) {
    const why = `Cannot connect to ${hostname}: ${(cause as Error).message}`;
    throw new ConnectionError("connect-failed", why, { cause });
  }
}

/**
 * Opens a WebSocket and joins it to `accept`.
 *
 * @throws {ConnectionError} `connect-failed`, `connect-timeout`, `aborted`, `no-subprotocol` (RFC 7977 §4.1)
 */
export async function openWebSocket(
  url: string,
  accept: Accept,
  options: WebSocketDialOptions,
  { signal, timeoutMs = options.connectTimeoutMs ?? 10_000 }: ConnectorOptions = {},
): Promise<Transport> {
  const Constructor = await constructorOf(options);
  const { clock = systemClock } = options;
  const { hostname, port, protocol } = new URL(url);
  const secure = protocol === "wss:";
  return await new Promise((resolve, reject) => {
    const socket = make(Constructor, url, hostname);
    const stop = (code: string, text: string, cause?: unknown): void => {
      cancel();
      signal?.removeEventListener("abort", abort);
      reject(new ConnectionError(code, `Cannot connect to ${hostname}: ${text}`, { cause }));
      // In the middle of its handshake a socket is given up by close() too; its error event has been expected above.
      if (socket.readyState < 2) socket.close();
    };
    const cancel = clock.setTimer(() => stop("connect-timeout", `not within ${timeoutMs} ms`), timeoutMs);
    const abort = (): void => stop("aborted", "the caller gave up", signal?.reason);
    let opened = false;
    socket.addEventListener("error", (event: { message?: string; error?: unknown }) => {
      if (!opened) stop("connect-failed", event.message || "the WebSocket failed", event.error);
    });
    socket.addEventListener("close", ({ code }: { code?: number }) => {
      if (!opened) stop("connect-failed", `the WebSocket was closed with ${code}`);
    });
    socket.addEventListener("open", () => {
      if (socket.protocol !== "msrp") {
        stop("no-subprotocol", 'the server does not speak "msrp"');
        return;
      }
      opened = true;
      cancel();
      signal?.removeEventListener("abort", abort);
      const transport = new WebSocketTransport(socket, {
        ...options,
        clock,
        secure,
        remoteAddress: hostname,
        remotePort: Number(port) || (secure ? 443 : 80),
      });
      try {
        transport.bind(accept);
        resolve(transport);
      } catch (error) {
        reject(error);
      }
    });
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort);
  });
}
