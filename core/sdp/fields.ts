/**
 * The fields of a session description that are not MSRP's own: o=, c=, t= and m=, read and written.
 * Line grammar is sdp-transform's; it reads the front of a line and forgives the rest, so what it read is written back and compared.
 */
import { parse } from "sdp-transform";
import { LocalProtocolError, RemoteProtocolError } from "../errors.ts";
import { isIpv4 } from "../wire/ip.ts";
import { canonicalHost, isDomainName, isIpv6 } from "./address.ts";

/** Address families of SDP. */
export type AddressType = "IP4" | "IP6";

/** The o= line (RFC 8866 §5.2). Its numbers go up to 2^63-1 and so stay text (RFC 3264 §5). */
export interface Origin {
  /** User name without blanks; `-` for none. */
  readonly username: string;
  /** Number that, with the other fields but the version, is unique in the world. */
  readonly sessionId: string;
  /** Number that grows with every change of the description. */
  readonly sessionVersion: string;
  /** Family of `address`. */
  readonly addressType: AddressType;
  /** Address or name of the host that made the description. */
  readonly address: string;
}

/** The c= line (RFC 8866 §5.7), unicast only. */
export interface ConnectionAddress {
  /** Family of `address`. */
  readonly addressType: AddressType;
  /** Address (IPv6 without brackets) or name. */
  readonly address: string;
}

/** The m= line (RFC 8866 §5.14). */
export interface MediaLine {
  /** Kind of medium: `message` for MSRP. */
  readonly media: string;
  /** Port; 0 for a stream that is refused or gone. */
  readonly port: number;
  /** Number of ports, when a slash gave one. */
  readonly portCount: number | undefined;
  /** Transport protocol as it was written. */
  readonly proto: string;
  /** Formats. */
  readonly fmt: readonly string[];
}

const largest = 2n ** 63n - 1n;

/** Reads the value of an o= line. @throws RemoteProtocolError `bad-origin` */
export function readOrigin(value: string): Origin {
  const read = parse(`o=${value}\r\n`).origin;
  if (read === undefined) throw new RemoteProtocolError("bad-origin", `Cannot read o=: "${value}"`);
  const origin: Origin = {
    username: String(read.username),
    sessionId: String(read.sessionId),
    sessionVersion: String(read.sessionVersion),
    addressType: read.ipVer === 6 ? "IP6" : "IP4",
    address: String(read.address),
  };
  if (formatOrigin(origin) !== value || origin.username === "" || origin.address === "") {
    throw new RemoteProtocolError("bad-origin", `Cannot read o=: "${value}"`);
  }
  for (const number of [origin.sessionId, origin.sessionVersion]) {
    if (!/^\d{1,19}$/.test(number) || BigInt(number) > largest) {
      throw new RemoteProtocolError("bad-origin", `Cannot read number of o=: "${number}"`);
    }
  }
  return origin;
}

/** Writes the value of an o= line. */
export function formatOrigin(origin: Origin): string {
  const { username, sessionId, sessionVersion, addressType, address } = origin;
  return `${username} ${sessionId} ${sessionVersion} IN ${addressType} ${address}`;
}

/** Reads the value of a c= line. @throws RemoteProtocolError `bad-connection`, also for the slash of multicast */
export function readConnection(value: string): ConnectionAddress {
  const read = parse(`c=${value}\r\n`).connection;
  const address = read === undefined ? "" : String(read.ip);
  const addressType: AddressType = read?.version === 6 ? "IP6" : "IP4";
  const literal = addressType === "IP6" ? isIpv6(address) : isIpv4(address);
  if (formatConnection({ addressType, address }) !== value || !(literal || isDomainName(address))) {
    throw new RemoteProtocolError("bad-connection", `Cannot read c=: "${value}"`);
  }
  return { addressType, address };
}

/** Writes the value of a c= line. */
export function formatConnection(connection: ConnectionAddress): string {
  return `IN ${connection.addressType} ${connection.address}`;
}

/** Reads the value of a t= line. @throws RemoteProtocolError `bad-time` */
export function readTiming(value: string): string {
  const read = parse(`t=${value}\r\n`).timing;
  if (read === undefined || `${read.start} ${read.stop}` !== value || !/\d \d/.test(value)) {
    throw new RemoteProtocolError("bad-time", `Cannot read t=: "${value}"`);
  }
  return value;
}

/**
 * Reads the value of an m= line. sdp-transform has no place for a number of ports, and other kinds of media
 * may use it, so this line is read here.
 *
 * @throws RemoteProtocolError `bad-media-line`, `bad-fmt`, `bad-port`
 */
export function readMediaLine(value: string): MediaLine {
  const [media = "", ports = "", proto = "", ...fmt] = value.split(" ");
  const found = /^(\d{1,5})(?:\/([1-9]\d{0,4}))?$/.exec(ports);
  if (media === "" || proto === "" || fmt.includes("")) {
    throw new RemoteProtocolError("bad-media-line", `Cannot read m=: "${value}"`);
  }
  const port = Number(found?.[1] ?? Number.NaN);
  if (fmt.length === 0)
    throw new RemoteProtocolError("bad-fmt", `Cannot read m= without a format: "${value}"`);
  if (!(port <= 65_535)) throw new RemoteProtocolError("bad-port", `Cannot read port of m=: "${ports}"`);
  return { media, port, portCount: found?.[2] === undefined ? undefined : Number(found[2]), proto, fmt };
}

/** The c= form of an own address: IPv6 by RFC 5952, names in ACE form. @throws LocalProtocolError `bad-host` */
export function connectionOf(host: string, addressType?: AddressType): ConnectionAddress {
  const address = canonicalHost(host);
  if (isIpv4(address)) return { addressType: "IP4", address };
  if (isIpv6(address)) return { addressType: "IP6", address };
  if (!isDomainName(address)) {
    throw new LocalProtocolError(
      "bad-host",
      `Cannot write host into SDP (names in ACE form only): "${host}"`,
    );
  }
  return { addressType: addressType ?? "IP4", address };
}

/** Writes one line with its CRLF. @throws LocalProtocolError `sdp-injection` for NUL, CR or LF in the value */
export function formatLine(type: string, value: string): string {
  if (value === "" || /[\0\r\n]/.test(value)) {
    throw new LocalProtocolError(
      "sdp-injection",
      `Cannot write SDP line: ${JSON.stringify(`${type}=${value}`)}`,
    );
  }
  return `${type}=${value}\r\n`;
}

/** Writes an attribute line. @throws LocalProtocolError `sdp-injection` */
export function formatAttribute(name: string, value?: string): string {
  if (!/^[!#$%&'*+.0-9A-Z^_`a-z{|}~-]+$/.test(name)) {
    throw new LocalProtocolError("sdp-injection", `Cannot write SDP attribute name: ${JSON.stringify(name)}`);
  }
  return formatLine("a", value === undefined ? name : `${name}:${value}`);
}
