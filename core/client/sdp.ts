/**
 * Just enough SDP for a client behind a relay (RFC 7977 §5.2.2): one MSRP stream, which says its path and who speaks first.
 * For several streams, or everything else that SDP can say, there is `SessionNegotiator`.
 */
import { RemoteProtocolError } from "../errors.ts";
import { MsrpUri } from "../wire/uri.ts";
import type { BindOptions } from "./options.ts";

/** What a peer's description says; `bind` takes it as it is. */
export interface PeerDescription extends BindOptions {
  readonly remote: readonly MsrpUri[];
  /** Own role, which is the other one than the peer's. */
  readonly role: "active" | "passive";
  /** Media types that the peer takes. */
  readonly acceptTypes: readonly string[];
  /** Octets of the longest message that it takes; undefined = it does not say. */
  readonly maxBytes: number | undefined;
}

/**
 * Writes an offer or answer.
 *
 * @param session whose path it is
 * @param role who speaks first; the offerer is `"active"`, unless there is a reason (RFC 4975 §5.4) @default "active"
 */
export function writeDescription(
  session: { readonly path: readonly string[]; readonly acceptTypes: readonly string[] },
  role: "active" | "passive" = "active",
): string {
  const { host, port, scheme } = MsrpUri.parse(session.path[0] as string);
  const [id = 0] = crypto.getRandomValues(new Uint32Array(1));
  // No CEMA over WebSockets (RFC 7977 §1): the address is the relay's.
  const address = `IN ${host.includes(":") ? "IP6" : "IP4"} ${host}`;
  return [
    "v=0",
    `o=- ${id} ${id} ${address}`,
    "s=-",
    `c=${address}`,
    "t=0 0",
    `m=message ${port} ${scheme === "msrps" ? "TCP/TLS/MSRP" : "TCP/MSRP"} *`,
    `a=accept-types:${session.acceptTypes.join(" ")}`,
    `a=path:${session.path.join(" ")}`,
    `a=setup:${role}`,
    "",
  ].join("\r\n");
}

/**
 * Reads the peer's offer or answer: its first MSRP stream.
 *
 * @throws {RemoteProtocolError} `no-msrp-stream`: none, or refused; `bad-uri` and others for its path
 */
export function readDescription(text: string): PeerDescription {
  const [stream] = text
    .split(/\r?\n(?=m=)/)
    .filter((part) => /^m=message [1-9]\d* TCP\/(TLS\/)?MSRP /i.test(part));
  const path = value(stream, "path");
  if (path === undefined)
    throw new RemoteProtocolError("no-msrp-stream", "Cannot use the SDP: no MSRP stream");
  const maxBytes = value(stream, "max-size");
  return {
    remote: path.split(/ +/).map((uri) => MsrpUri.parse(uri)),
    role: value(stream, "setup") === "active" ? "passive" : "active",
    acceptTypes: value(stream, "accept-types")?.split(/ +/) ?? ["*"],
    maxBytes: maxBytes === undefined ? undefined : Number(maxBytes),
  };
}

function value(stream: string | undefined, name: string): string | undefined {
  return new RegExp(`^a=${name}:(.*?)\\s*$`, "im").exec(stream ?? "")?.[1];
}
