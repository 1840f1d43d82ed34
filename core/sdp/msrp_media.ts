/**
 * The MSRP view of a media description: what RFC 4975 §8, 6135, 6714 and 8122 put there, read and checked.
 * Strict reading refuses what the grammars forbid; tolerant reading takes what deployed peers send and says so.
 */
import { RemoteProtocolError } from "../errors.ts";
import { MsrpUri } from "../wire/uri.ts";
import { type Direction, isDirection } from "./direction.ts";
import type { AddressType } from "./fields.ts";
import { type Fingerprint, readFingerprint } from "./fingerprint.ts";
import type { OnOddity } from "./lines.ts";
import type { MediaSection, SdpAttribute } from "./media_section.ts";
import { readTypeList } from "./media_type.ts";
import { readSetup, type Setup } from "./setup.ts";

/** An MSRP stream of a session description. */
export interface MsrpMedia {
  /** Position among the m= lines, from 0. */
  readonly index: number;
  /** Port of the m= line. */
  readonly port: number;
  /** `TCP/MSRP`, or `TCP/TLS/MSRP` when TLS is used. */
  readonly proto: string;
  /** Address or name of the c= line that applies; `""` when a refused stream has none. */
  readonly address: string;
  /** Family of `address`. */
  readonly addressType: AddressType;
  /** The path: leftmost the hop to connect to, rightmost the peer; the To-Path of requests to it (RFC 4975 §8.2). */
  readonly path: readonly MsrpUri[];
  /** Types that may be the root of a message, preferred ones first. */
  readonly acceptTypes: readonly string[];
  /** Types that may stand inside a container. */
  readonly acceptWrappedTypes: readonly string[];
  /** Largest message in octets that its author wishes to get, at most 2^53-1; a hint (RFC 4975 §8.6). */
  readonly maxSize: number | undefined;
  /** Value of a=setup; `undefined` when absent or holdconn (RFC 6135 §4.2.1). */
  readonly setup: Setup | undefined;
  /** Whether the stream has a=msrp-cema (RFC 6714 §5). */
  readonly cema: boolean;
  /** Fingerprints of the stream, else of the session (RFC 8122 §5). */
  readonly fingerprints: readonly Fingerprint[];
  /** Direction of the stream, else of the session; sendrecv by default. */
  readonly direction: Direction;
  /** Whether the port is 0: the stream is refused or gone, and nothing else of it counts (RFC 3264 §6). */
  readonly rejected: boolean;
  /** All lines of the stream, for attributes of extensions. */
  readonly section: MediaSection;
}

/**
 * Reads the MSRP view of a section.
 *
 * @param session attributes of the session level
 * @throws RemoteProtocolError with the stable code of the first fault, for example `missing-path`
 */
export function readMsrpMedia(
  section: MediaSection,
  session: readonly SdpAttribute[],
  onOddity: OnOddity,
): MsrpMedia {
  const { line, index, connection } = section;
  const fail = (code: string, detail: string): never => {
    throw new RemoteProtocolError(code, `Cannot read MSRP stream ${index}: ${detail}`);
  };
  if (line.media !== "message") fail("bad-media", `m=${line.media}`);
  if (line.fmt.length !== 1 || line.fmt[0] !== "*") fail("bad-fmt", `formats "${line.fmt.join(" ")}"`);
  if (line.portCount !== undefined) fail("bad-port", "a range of ports");
  const rejected = line.port === 0;
  const reading: Reading = { own: section.attributes, session, onOddity };
  // A refused stream may lack everything, and what it has means nothing (RFC 3264 §6).
  if (!rejected && !has(section, "path")) fail("missing-path", "no a=path");
  if (!rejected && !has(section, "accept-types")) fail("missing-accept-types", "no a=accept-types");
  if (!rejected && section.values("path").length > 1) fail("duplicate-path", "two a=path lines");
  return {
    index,
    port: line.port,
    proto: line.proto,
    address: connection?.address ?? "",
    addressType: connection?.addressType ?? "IP4",
    path: rejected ? [] : readPath(section.value("path") ?? "", onOddity),
    acceptTypes: rejected ? [] : readTypes(section, "accept-types", onOddity),
    acceptWrappedTypes: rejected ? [] : readTypes(section, "accept-wrapped-types", onOddity),
    maxSize: rejected ? undefined : readMaxSize(section, onOddity),
    setup: rejected ? undefined : setupOf(reading),
    // RFC 6714 §5: a flag of the media level; with a value, or above the m= lines, it is another attribute.
    cema: section.attributes.some(({ name, value }) => name === "msrp-cema" && value === undefined),
    fingerprints: rejected ? [] : fingerprintsOf(reading),
    direction: directionOf(reading),
    rejected,
    section,
  };
}

/**
 * Reads the value of an a=path line: URIs with exactly one blank between them, each with a port and a session-id.
 *
 * @throws RemoteProtocolError `bad-path`, `path-port-missing`
 */
export function readPath(value: string, onOddity: OnOddity): MsrpUri[] {
  const trimmed = value.trim();
  // RFC 4976 §11 prints a blank behind the colon of such lines, and deployed peers send it.
  if (trimmed !== value) onOddity("blank-around-path", value, "bad-path");
  const words = trimmed.split(" ");
  if (words.includes("")) onOddity("blanks-between-uris", value, "bad-path");
  return words.filter((word) => word !== "").map(readUri);
}

function readUri(text: string): MsrpUri {
  let uri: MsrpUri;
  try {
    uri = MsrpUri.parse(text);
  } catch (cause) {
    const portless = cause instanceof RemoteProtocolError && cause.code === "uri-ip-without-port";
    // The URI is a secret (RFC 4975 §14.1), so the message does not repeat it.
    throw new RemoteProtocolError(portless ? "path-port-missing" : "bad-path", "Cannot read URI of a=path", {
      cause,
    });
  }
  if (uri.port === undefined)
    throw new RemoteProtocolError("path-port-missing", "Cannot read URI of a=path: no port");
  if (uri.sessionId === undefined)
    throw new RemoteProtocolError("bad-path", "Cannot read URI of a=path: no session-id");
  return uri;
}

interface Reading {
  readonly own: readonly SdpAttribute[];
  readonly session: readonly SdpAttribute[];
  readonly onOddity: OnOddity;
}

function has(section: MediaSection, name: string): boolean {
  return section.attributes.some((attribute) => attribute.name === name);
}

function readTypes(section: MediaSection, name: string, onOddity: OnOddity): string[] {
  const values = section.values(name);
  if (values.length > 1) onOddity(`duplicate-${name}`, values.join(" | "), `duplicate-${name}`);
  return values.flatMap((value) => readTypeList(value, `bad-${name}`, onOddity));
}

function readMaxSize(section: MediaSection, onOddity: OnOddity): number | undefined {
  const value = section.value("max-size");
  if (value === undefined) return undefined;
  const digits = value.trim();
  if (digits !== value || !/^\d+$/.test(digits)) onOddity("bad-max-size", value, "bad-max-size");
  // It is only a hint, so what cannot be read is no limit, and what no number can hold is clamped.
  return /^\d+$/.test(digits) ? Math.min(Number(digits), Number.MAX_SAFE_INTEGER) : undefined;
}

/** Attributes that `wanted` picks, of the media level if it has any, else of the session level. */
function nearest(reading: Reading, wanted: (attribute: SdpAttribute) => boolean): readonly SdpAttribute[] {
  const own = reading.own.filter(wanted);
  return own.length > 0 ? own : reading.session.filter(wanted);
}

function setupOf(reading: Reading): Setup | undefined {
  const found = nearest(reading, ({ name }) => name === "setup");
  if (found.length > 1) reading.onOddity("duplicate-setup", "two a=setup lines", "bad-setup");
  if (found[0] === undefined) return undefined;
  const value = found[0].value ?? "";
  if (value.trim() === "holdconn") reading.onOddity("setup-holdconn", value, "");
  if (value.trim() !== value) reading.onOddity("blank-around-setup", value, "bad-setup");
  return readSetup(value.trim());
}

function fingerprintsOf(reading: Reading): Fingerprint[] {
  return nearest(reading, ({ name }) => name === "fingerprint").map(({ value }) =>
    readFingerprint(value ?? "", reading.onOddity),
  );
}

function directionOf(reading: Reading): Direction {
  const found = nearest(reading, ({ name, value }) => value === undefined && isDirection(name));
  if (found.length > 1) reading.onOddity("duplicate-direction", "two direction lines", "duplicate-direction");
  return (found[0]?.name as Direction | undefined) ?? "sendrecv";
}
