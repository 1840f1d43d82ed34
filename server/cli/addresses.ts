/**
 * MSRP URIs on the command line: what to listen on, which session-id to expect, how others reach this machine.
 * It also makes the URI of an endpoint that only connects.
 */
import { hostname, networkInterfaces } from "node:os";
import { createSessionId, MsrpUri, RemoteProtocolError } from "../../core/mod.ts";
import { EXIT_USAGE } from "../exit_codes.ts";
import { CommandError } from "./command_error.ts";

/** Discard port: RFC 6135 §4.2 has an endpoint write it that never listens. */
const ACTIVE_PORT = 9;
const faults: ReadonlyMap<string, string> = new Map([
  ["uri-ip-without-port", "an IP address needs a port"],
  ["uri-port-range", "the port is above 65535"],
  ["uri-password", "there must be no password in it"],
]);
const loopback: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "::1"]);

/**
 * Reads one URI of an option.
 *
 * @throws {CommandError} (usage) that names the option and the text
 */
export function parseUri(text: string, option: string): MsrpUri {
  try {
    return MsrpUri.parse(text);
  } catch (cause) {
    const code = cause instanceof RemoteProtocolError ? cause.code : "";
    const why = faults.get(code) ?? "it is not of the form msrp://HOST:PORT/SESSION;tcp";
    throw new CommandError(EXIT_USAGE, `Cannot use ${option} "${text}": ${why}`, { cause });
  }
}

/**
 * Reads a path: URIs separated by blanks, the next hop first. The last one names a session.
 *
 * @throws {CommandError} (usage) when there is none, one cannot be read, or the session-id is missing
 */
export function parsePath(text: string, option: string): MsrpUri[] {
  const path = text
    .split(/\s+/)
    .filter((part) => part !== "")
    .map((part) => parseUri(part, option));
  const last = path.at(-1);
  if (last === undefined) throw new CommandError(EXIT_USAGE, `Cannot use ${option}: it is empty`);
  if (last.sessionId === undefined) {
    throw new CommandError(
      EXIT_USAGE,
      `Cannot use ${option} "${last.text}": the session-id is missing (…/SESSION;tcp)`,
    );
  }
  if (path[0]!.transport.toLowerCase() !== "tcp") {
    throw new CommandError(
      EXIT_USAGE,
      `Cannot use ${option} "${path[0]!.text}": only ;tcp is supported here`,
    );
  }
  return path;
}

/** An address to listen on, taken apart. */
export interface ListenAddress {
  /** The URI for the adapter, without session-id. */
  readonly uri: string;
  /** Host of the URI. */
  readonly host: string;
  /** True for msrps. */
  readonly secure: boolean;
  /** The only session-id to accept, when the user named one. */
  readonly sessionId: string | undefined;
  /** True for WebSockets; `uri` is a URL then. */
  readonly webSocket?: boolean;
}

/**
 * Reads one `--listen` of a command that takes WebSockets: as `parseListen` does, or `ws://HOST:PORT[/PATH]`, `wss://…`,
 * `msrps://HOST:PORT;ws`.
 *
 * @throws {CommandError} (usage) when it cannot be read, or is over something else
 */
export function parseWebListen(text: string): ListenAddress {
  const url = /^wss?:/i.test(text) ? urlOf(text) : undefined;
  if (url !== undefined) {
    const host = url.hostname.replace(/^\[|\]$/g, "");
    return { uri: text, host, secure: url.protocol === "wss:", sessionId: undefined, webSocket: true };
  }
  const uri = parseUri(text, "--listen");
  if (uri.transport.toLowerCase() !== "ws") return parseListen(text);
  const { scheme, host, port } = uri;
  const plain = MsrpUri.from({ scheme, host, transport: "ws", ...(port === undefined ? {} : { port }) });
  return { uri: plain.text, host, secure: scheme === "msrps", sessionId: undefined, webSocket: true };
}

function urlOf(text: string): URL {
  try {
    return new URL(text);
  } catch (cause) {
    throw new CommandError(EXIT_USAGE, `Cannot listen on "${text}": it is no WebSocket URL`, { cause });
  }
}

/**
 * Reads one `--listen`.
 *
 * @throws {CommandError} (usage) when it cannot be read or is not over TCP
 */
export function parseListen(text: string): ListenAddress {
  const uri = parseUri(text, "--listen");
  if (uri.transport.toLowerCase() !== "tcp") {
    throw new CommandError(EXIT_USAGE, `Cannot listen on "${text}": only ;tcp is supported here`);
  }
  const { scheme, host, port, sessionId } = uri;
  const plain = MsrpUri.from({ scheme, host, transport: "tcp", ...(port === undefined ? {} : { port }) });
  return { uri: plain.text, host, secure: scheme === "msrps", sessionId };
}

/** Whether a listener at this address takes connections to every address of the machine. */
export function isUnspecified(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

/** Whether two hosts of URIs are the same (RFC 4975 §6.1), `localhost` being every loopback address. */
export function sameHost(one: string, other: string): boolean {
  const canonical = (host: string) => (loopback.has(host.toLowerCase()) ? "localhost" : hostKey(host));
  return canonical(one) === canonical(other);
}

function hostKey(host: string): string {
  return MsrpUri.from({ scheme: "msrp", host, port: 1, transport: "tcp" }).key;
}

/**
 * The URI under which others reach a listener: with the session-id, and with this machine's name instead of an
 * unspecified address.
 */
export function sessionUri(listener: MsrpUri, sessionId: string): string {
  const { scheme, host, port } = listener;
  const reachable = isUnspecified(host) ? hostname() : host;
  return MsrpUri.from({
    scheme,
    host: reachable,
    sessionId,
    transport: "tcp",
    ...(port === undefined ? {} : { port }),
  }).text;
}

/** The own URI of an endpoint that connects and never listens: its address and a session-id nobody can guess. */
export function activeUri(nextHop: MsrpUri): string {
  return MsrpUri.from({
    scheme: nextHop.scheme,
    host: isLoopback(nextHop.host) ? nextHop.host : ownAddress(),
    port: ACTIVE_PORT,
    sessionId: createSessionId(),
    transport: "tcp",
  }).text;
}

/** True for names and addresses of this machine itself. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

/** The first address of this machine that others may know; the loopback address when there is none. */
export function ownAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  const outside = addresses.filter(({ internal, address }) => !internal && !address.startsWith("fe80:"));
  return (outside.find(({ family }) => family === "IPv4") ?? outside[0])?.address ?? "127.0.0.1";
}
