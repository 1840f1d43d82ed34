/**
 * MSRP URIs: reading them, building them, and the comparison of RFC 4975 §6.1, offered as a key for maps.
 * The text of a URI is its session's only secret, so no error here repeats it.
 */
import { LocalProtocolError, RemoteProtocolError } from "../errors.ts";
import { canonicalIpv6, isIpv4 } from "./ip.ts";

/** What `MsrpUri.from` builds a URI of. */
export interface MsrpUriParts {
  scheme: "msrp" | "msrps";
  /** Name or address; an IPv6 address without brackets. */
  host: string;
  /** 0 to 65535 (0 only to listen on any free port); needed when the host is an address (RFC 4975 §6). */
  port?: number | undefined;
  sessionId?: string | undefined;
  /** @default "tcp" */
  transport?: string | undefined;
  user?: string | undefined;
  params?: readonly (readonly [name: string, value?: string])[] | undefined;
}

// RFC 4975 §9 over RFC 3986 §3.2. The host ends at the first ";", which only userinfo may hold.
const grammar =
  /^(msrps?):\/\/(?:([A-Za-z0-9\-._~!$&'()*+,;=%:]*)@)?(?:\[([0-9A-Fa-f:.]+)\]|(\[v[0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+\]|[A-Za-z0-9\-._~!$&'()*+,=%]+))(?::([0-9]+))?(?:\/([A-Za-z0-9\-._~+=/]+))?;([A-Za-z0-9]+)((?:;[^;]*)*)$/i;
const token = "[!#-'*+\\-.0-9A-Z^-~]+";
const parameter = new RegExp(`^${token}(?:=${token})?$`);
const brokenEscape = /%(?![0-9A-Fa-f]{2})/;

const noParams: readonly (readonly [name: string, value?: string])[] = [];

/** One URI of scheme `msrp` or `msrps`; immutable. `key` is equal exactly when two URIs are equal (RFC 4975 §6.1). */
export class MsrpUri {
  /** The URI exactly as it was read. */
  readonly text: string;
  /** In lower case. */
  readonly scheme: "msrp" | "msrps";
  /** Userinfo as written; it names no session and is ignored in comparisons. */
  readonly user: string | undefined;
  /** Host as written; an IPv6 address without its brackets, an address of a later version (`[v7.…]`) with them. */
  readonly host: string;
  /** Port; there is no default one (RFC 4975 §6). */
  readonly port: number | undefined;
  /** Absent in the URI of a device, such as a relay before it has been asked for a session. */
  readonly sessionId: string | undefined;
  /** Transport as written; compares without regard to letter case. */
  readonly transport: string;
  /** Parameters after the transport, in order. */
  readonly params: readonly (readonly [name: string, value?: string])[];
  readonly #ipv6: string | undefined;
  #key: string | undefined;
  #authorityKey: string | undefined;
  #bytes: Uint8Array | undefined;

  private constructor(text: string, match: RegExpExecArray, ipv6: string | undefined) {
    this.text = text;
    this.scheme = match[1]!.length === 5 ? "msrps" : "msrp";
    this.user = match[2];
    this.host = match[3] ?? match[4]!;
    this.port = match[5] === undefined ? undefined : Number(match[5]);
    this.sessionId = match[6];
    this.transport = match[7] === "tcp" ? "tcp" : match[7]!;
    this.params = match[8] === "" ? noParams : readParams(match[8]!);
    this.#ipv6 = ipv6;
  }

  /**
   * Reads a URI.
   *
   * @throws {RemoteProtocolError} `bad-uri`, `uri-password`, `uri-port-range`, `uri-ip-without-port`; never with the text
   */
  static parse(text: string): MsrpUri {
    const { uri, fault } = MsrpUri.read(text);
    if (uri === undefined || fault !== undefined) {
      throw new RemoteProtocolError(fault ?? "bad-uri", "Cannot parse MSRP URI");
    }
    return uri;
  }

  /**
   * Reads a URI without throwing: `uri` whenever the grammar holds, `fault` when something is wrong with it. A frame
   * with a grammatical but unusable URI can thus still be answered.
   */
  static read(text: string): { uri?: MsrpUri; fault?: string } {
    const match = grammar.exec(text);
    if (match === null) return { fault: "bad-uri" };
    const [, , user, bracketed, name, port, , , params] = match;
    const ipv6 = bracketed === undefined ? undefined : canonicalIpv6(bracketed);
    if (bracketed !== undefined && ipv6 === undefined) return { fault: "bad-uri" };
    if (brokenEscape.test(name ?? "") || brokenEscape.test(user ?? "")) return { fault: "bad-uri" };
    if (
      params !== "" &&
      !params!
        .slice(1)
        .split(";")
        .every((part) => parameter.test(part))
    ) {
      return { fault: "bad-uri" };
    }
    const uri = new MsrpUri(text, match, ipv6);
    if (user?.includes(":")) return { uri, fault: "uri-password" };
    if (uri.port !== undefined && uri.port > 65535) return { uri, fault: "uri-port-range" };
    if (port === undefined && uri.isIpLiteral) return { uri, fault: "uri-ip-without-port" };
    return { uri };
  }

  /**
   * Builds a URI of its parts.
   *
   * @throws {LocalProtocolError} with the codes of `parse`, when the parts make no legal URI
   */
  static from(parts: MsrpUriParts): MsrpUri {
    const host = parts.host.includes(":") && !parts.host.startsWith("[") ? `[${parts.host}]` : parts.host;
    const user = parts.user === undefined ? "" : `${parts.user}@`;
    const port = parts.port === undefined ? "" : `:${parts.port}`;
    const session = parts.sessionId === undefined ? "" : `/${parts.sessionId}`;
    const params = (parts.params ?? []).map(([name, value]) =>
      value === undefined ? `;${name}` : `;${name}=${value}`,
    );
    const transport = parts.transport ?? "tcp";
    const { uri, fault } = MsrpUri.read(
      `${parts.scheme}://${user}${host}${port}${session};${transport}${params.join("")}`,
    );
    if (uri === undefined || fault !== undefined) {
      throw new LocalProtocolError(fault ?? "bad-uri", "Cannot build MSRP URI from these parts");
    }
    return uri;
  }

  /** Two URIs have the same key exactly when they are equal by RFC 4975 §6.1. */
  get key(): string {
    // Neither the authority nor the session-id can hold a ";" or a blank, so the parts cannot run together.
    return (this.#key ??=
      this.sessionId === undefined ? this.authorityKey : `${this.authorityKey} ${this.sessionId}`);
  }

  /** Scheme, host, port and transport in canonical form: equal when one connection can serve both URIs (RFC 4975 §5.4). */
  get authorityKey(): string {
    return (this.#authorityKey ??= `${this.scheme}://${this.#canonicalHost()}:${this.port ?? ""};${this.transport.toLowerCase()}`);
  }

  /** True when the host is an address: no name look-up, and no server name in TLS. */
  get isIpLiteral(): boolean {
    return this.#ipv6 !== undefined || this.host.startsWith("[") || isIpv4(this.#canonicalHost());
  }

  /** The octets of `text`, made once and shared: not to be changed. */
  get bytes(): Uint8Array {
    return (this.#bytes ??= new TextEncoder().encode(this.text));
  }

  /** Compares by RFC 4975 §6.1: userinfo and parameters after the transport do not count. */
  equals(other: MsrpUri): boolean {
    return this === other || this.key === other.key;
  }

  /** The URI exactly as it was read. */
  toString(): string {
    return this.text;
  }

  #canonicalHost(): string {
    if (this.#ipv6 !== undefined) return `[${this.#ipv6}]`;
    // RFC 4975 §6.1 rule 2: escaped unreserved characters are decoded, all other escapes stay; then case is ignored.
    const decoded = this.host.replace(/%[0-9A-Fa-f]{2}/g, (encoded) => {
      const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
      return /[A-Za-z0-9\-._~]/.test(character) ? character : encoded;
    });
    return decoded.toLowerCase();
  }
}

function readParams(text: string): (readonly [name: string, value?: string])[] {
  return text
    .slice(1)
    .split(";")
    .map((part) => {
      const equals = part.indexOf("=");
      return equals < 0 ? ([part] as const) : ([part.slice(0, equals), part.slice(equals + 1)] as const);
    });
}
