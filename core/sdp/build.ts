/**
 * Writes session descriptions and MSRP streams, strictly: no value can bring lines of its own.
 * What RFC 6135 and RFC 8866 forbid (holdconn, a=connection, k=) cannot be said at all.
 */
import { LocalProtocolError } from "../errors.ts";
import type { MsrpUri } from "../wire/uri.ts";
import type { Direction } from "./direction.ts";
import type { MediaLine } from "./fields.ts";
import { type ConnectionAddress, formatAttribute, formatConnection, formatLine } from "./fields.ts";
import { type Fingerprint, formatFingerprint } from "./fingerprint.ts";
import type { SdpAttribute } from "./media_section.ts";
import { covers, isTypeEntry } from "./media_type.ts";
import type { Setup } from "./setup.ts";

/** What an MSRP stream says. */
export interface MsrpSection {
  /** Address of the c= line. */
  readonly connection: ConnectionAddress;
  /** Port of the m= line. */
  readonly port: number;
  /** Own path: relays first, the own URI last. Its scheme decides the protocol of the m= line. */
  readonly path: readonly MsrpUri[];
  /** Types that may be the root of a message, preferred ones first; `*` allows all. */
  readonly acceptTypes: readonly string[];
  /** Types that may stand inside a container; entries of `acceptTypes` are not repeated (RFC 4975 §8.6). */
  readonly acceptWrappedTypes: readonly string[];
  /** Largest message in octets. */
  readonly maxSize: number | undefined;
  /** Value of a=setup, always written (RFC 6135 §4.2.1). */
  readonly setup: Setup;
  /** Whether to write a=msrp-cema. */
  readonly cema: boolean;
  /** Fingerprints; written only when TLS is used. */
  readonly fingerprints: readonly Fingerprint[];
  /** Direction; sendrecv is not written, being the default. */
  readonly direction: Direction;
  /** Attributes of extensions, written last. */
  readonly attributes: readonly SdpAttribute[];
}

/** What the session part says. */
export interface SessionPart {
  /** Value of the o= line. */
  readonly origin: string;
  /** Value of the s= line. */
  readonly name: string;
  /** Address of the session-level c= line. */
  readonly connection: ConnectionAddress;
  /** t= lines with their repeats, each with CRLF. */
  readonly timing: string;
  /** Attributes of the session level. */
  readonly attributes: readonly SdpAttribute[];
}

// These belong to the negotiation; a=connection must never be sent (RFC 6135 §4.4).
const reserved = new Set([
  "path",
  "accept-types",
  "accept-wrapped-types",
  "max-size",
  "setup",
  "connection",
  "msrp-cema",
  "fingerprint",
  "sendrecv",
  "sendonly",
  "recvonly",
  "inactive",
]);

/** Writes the lines before the first m= line. @throws LocalProtocolError `sdp-injection`, `reserved-attribute` */
export function formatSession(part: SessionPart): string {
  return [
    "v=0\r\n",
    formatLine("o", part.origin),
    formatLine("s", part.name),
    formatLine("c", formatConnection(part.connection)),
    part.timing,
    ...part.attributes.map(formatExtension),
  ].join("");
}

/**
 * Writes an MSRP stream.
 *
 * @param session address of the session-level c= line: the stream has its own only if it differs
 * @throws LocalProtocolError `sdp-injection`, `reserved-attribute`, `bad-type-list`, `bad-path`, `bad-max-size`
 */
export function formatMsrpSection(section: MsrpSection, session: ConnectionAddress): string {
  const { connection, path, acceptTypes, maxSize } = section;
  const secure = path[0]?.scheme === "msrps";
  checkSection(section);
  const wrapped = section.acceptWrappedTypes.filter(
    (type) => !acceptTypes.some((entry) => entry.toLowerCase() === type.toLowerCase()),
  );
  const own = formatConnection(connection) === formatConnection(session);
  return [
    formatLine("m", `message ${section.port} ${secure ? "TCP/TLS/MSRP" : "TCP/MSRP"} *`),
    own ? "" : formatLine("c", formatConnection(connection)),
    formatAttribute("accept-types", acceptTypes.join(" ")),
    wrapped.length === 0 ? "" : formatAttribute("accept-wrapped-types", wrapped.join(" ")),
    maxSize === undefined ? "" : formatAttribute("max-size", String(maxSize)),
    formatAttribute("path", path.join(" ")),
    formatAttribute("setup", section.setup),
    section.cema ? formatAttribute("msrp-cema") : "",
    ...(secure
      ? section.fingerprints.map((one) => formatAttribute("fingerprint", formatFingerprint(one)))
      : []),
    section.direction === "sendrecv" ? "" : formatAttribute(section.direction),
    ...section.attributes.map(formatExtension),
  ].join("");
}

/** Writes a refused stream: port 0, and the formats of the offer so that at least one is left (RFC 3264 §6). */
export function formatRefusal(line: MediaLine): string {
  return formatLine("m", `${line.media} 0 ${line.proto} ${line.fmt.join(" ")}`);
}

function checkSection({ path, port, acceptTypes, acceptWrappedTypes, maxSize }: MsrpSection): void {
  const fail = (code: string, detail: string): never => {
    throw new LocalProtocolError(code, `Cannot write MSRP stream: ${detail}`);
  };
  const types = [...acceptTypes, ...acceptWrappedTypes];
  // "*/*" passes the grammar, but means nothing in it (RFC 4975 §8.6).
  const unfit = types.find((type) => !isTypeEntry(type) || covers(type, "*/*") === "listed");
  if (acceptTypes.length === 0 || unfit !== undefined) fail("bad-type-list", `type "${unfit ?? ""}"`);
  if (path.length === 0 || path.some((uri) => uri.port === undefined || uri.sessionId === undefined)) {
    fail("bad-path", "a URI of the path has no port or no session-id");
  }
  if (!Number.isInteger(port) || port < 1 || port > 65_535) fail("bad-port", `port ${port}`);
  if (maxSize !== undefined && !(Number.isSafeInteger(maxSize) && maxSize >= 0))
    fail("bad-max-size", `${maxSize}`);
}

function formatExtension({ name, value }: SdpAttribute): string {
  if (reserved.has(name)) {
    throw new LocalProtocolError("reserved-attribute", `Cannot write a=${name} as an extra attribute`);
  }
  return formatAttribute(name, value);
}
