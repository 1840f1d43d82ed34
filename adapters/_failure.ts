// Turns what the runtimes throw into ConnectionError, so that a caller reads one set of codes on all of them.
// The runtime's own error always stays as the cause.
import { ConnectionError } from "../core/mod.ts";
import type { ConnectTarget } from "../core/node/transport.ts";

/** Reads the system's or the TLS library's code off an error of any runtime. */
export function errorCode(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (typeof code === "string") return code;
  return typeof name === "string" ? name : "";
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message.trim() : String(error);
}

/** `host:port`, with brackets round an IPv6 address. */
export function authority(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** No connection could be made: code `"connect-failed"`. */
export function connectFailure(target: ConnectTarget, cause: unknown): ConnectionError {
  if (cause instanceof ConnectionError) return cause;
  const where = authority(target.host, target.port);
  return new ConnectionError("connect-failed", `Cannot connect to ${where}: ${reason(cause)}`, { cause });
}

/** The TLS handshake failed or the peer's certificate was refused: code `"tls"`. */
export function tlsFailure(peer: string, cause: unknown): ConnectionError {
  if (cause instanceof ConnectionError) return cause;
  return new ConnectionError("tls", `Cannot set up TLS with ${peer}: ${reason(cause)}`, { cause });
}

/** The caller's signal fired while connecting: code `"aborted"`. */
export function abortFailure(target: ConnectTarget, cause: unknown): ConnectionError {
  const where = authority(target.host, target.port);
  return new ConnectionError("aborted", `Connecting to ${where} was aborted`, { cause });
}

/** The time for connecting ran out: code `"connect-timeout"`. */
export function timeoutFailure(target: ConnectTarget, timeoutMs: number): ConnectionError {
  const where = authority(target.host, target.port);
  return new ConnectionError("connect-timeout", `No connection to ${where} within ${timeoutMs} ms`);
}

const resets = new Set([
  "ECONNRESET",
  "EPIPE",
  "ECONNABORTED",
  "ConnectionReset",
  "BrokenPipe",
  "ConnectionAborted",
]);

const tlsCode = /^(?:ERR_SSL|ERR_TLS|EPROTO|ERR_OSSL)/;

/** An open connection broke: code `"connection-reset"` when the peer dropped it, `"tls"` when TLS did, else `"connection-failed"`. */
export function transportFailure(cause: unknown): ConnectionError {
  if (cause instanceof ConnectionError) return cause;
  const code = errorCode(cause);
  if (tlsCode.test(code) || reason(cause).startsWith("received fatal alert")) {
    return new ConnectionError("tls", `TLS ended the connection: ${reason(cause)}`, { cause });
  }
  const reset = resets.has(code);
  return reset
    ? new ConnectionError("connection-reset", `The peer reset the connection: ${reason(cause)}`, { cause })
    : new ConnectionError("connection-failed", `The connection failed: ${reason(cause)}`, { cause });
}

/** More was written than may wait: code `"write-overflow"`. */
export function overflowFailure(maxPendingBytes: number): ConnectionError {
  return new ConnectionError(
    "write-overflow",
    `More than ${maxPendingBytes} bytes wait to be written (maxPendingBytes)`,
  );
}

/** The port could not be had: code `"listen-failed"`. */
export function listenFailure(host: string, port: number, cause: unknown): ConnectionError {
  // Bun gives no code when a name has no address, and the name "Error" explains nothing.
  const code = errorCode(cause);
  const why = code === "" || code === "Error" ? reason(cause) : code;
  return new ConnectionError("listen-failed", `Cannot listen on ${authority(host, port)}: ${why}`, { cause });
}

/** The layer above threw on what it was given: code `"sink-failed"`. It costs this connection, not the process. */
export function sinkFailure(cause: unknown): ConnectionError {
  return new ConnectionError("sink-failed", `The connection was given up: ${reason(cause)}`, { cause });
}
