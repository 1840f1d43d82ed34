/**
 * Where a relay may open connections to: next hops are named by clients, so without a policy the relay would be a port
 * scanner and a way into the network it stands in. Asked for the name first, and again for each address behind it.
 */
import { canonicalIpv6, isIpv4 } from "../wire/ip.ts";

/** What a relay's operator permits. */
export interface DialPolicyOptions {
  /** Hosts, addresses or ranges ("10.0.0.0/8") that are permitted although they are private, with or without a port ("host:port"). */
  readonly allow?: readonly string[];
  /** Hosts, addresses or ranges, with or without a port, that are never dialled. They go before `allow`. */
  readonly deny?: readonly string[];
  /** Ports below 1024 that are permitted; those from 1024 on are, but for `deniedPorts`. @default none */
  readonly lowPorts?: readonly number[];
  /** Ports from 1024 on that are refused: services that would act on what a client makes the relay send. */
  readonly deniedPorts?: readonly number[];
  /** Addresses and ports of the relay itself, as "host:port". */
  readonly own?: readonly string[];
}

// Databases, caches, queues and web front ends that take lines of text from anybody.
const defaultDeniedPorts: readonly number[] = [
  1433, 1521, 2049, 2375, 2379, 3306, 4369, 5432, 5672, 5984, 6379, 6443, 8086, 9042, 9092, 9200, 9300, 10250,
  11211, 15672, 27017,
];

// RFC 6890 and its successors: loopback, private, link-local with cloud metadata, shared, documentation, multicast, reserved.
const reserved: readonly Range[] = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
  "::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001:db8::/32",
  "fc00::/7",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
].map((text) => parseRange(text) as Range);

interface Range {
  readonly bytes: readonly number[];
  readonly bits: number;
}

interface Rule {
  readonly host: string | undefined;
  readonly range: Range | undefined;
  readonly port: number | undefined;
}

/** The policy of one relay. */
export class DialPolicy {
  readonly #allow: readonly Rule[];
  readonly #deny: readonly Rule[];
  readonly #lowPorts: ReadonlySet<number>;
  readonly #deniedPorts: ReadonlySet<number>;

  /** @throws {RangeError} an entry that is neither a host nor an address or range */
  constructor(options: DialPolicyOptions = {}) {
    this.#allow = (options.allow ?? []).map(parseRule);
    this.#deny = [...(options.deny ?? []), ...(options.own ?? [])].map(parseRule);
    this.#lowPorts = new Set(options.lowPorts ?? []);
    this.#deniedPorts = new Set(options.deniedPorts ?? defaultDeniedPorts);
  }

  /**
   * Whether a name or address may be dialled, as far as can be said before its addresses are known.
   *
   * @param host name or address, no brackets @param port 0 = found by SRV
   */
  mayDial(host: string, port: number): boolean {
    if (!this.#portPermitted(host, port)) return false;
    const address = addressBytes(host);
    if (address !== undefined) return this.#addressPermitted(host, address, port, false);
    return !this.#deny.some((rule) => matches(rule, host, undefined, port));
  }

  /**
   * Whether one address of a host that `mayDial` may be connected to; asked after the look-up, so that a name cannot
   * stand for an address that may not.
   */
  mayConnect(address: string, port: number, host: string = address): boolean {
    const bytes = addressBytes(address);
    if (bytes === undefined || !this.#portPermitted(host, port)) return false;
    const named = this.#allow.some((rule) => rule.host !== undefined && matches(rule, host, undefined, port));
    return this.#addressPermitted(address, bytes, port, named);
  }

  #portPermitted(host: string, port: number): boolean {
    if (port === 0) return true;
    if (port < 0 || port > 65_535) return false;
    const named = this.#allow.some(
      (rule) => rule.port === port && matches(rule, host, addressBytes(host), port),
    );
    if (named) return true;
    return port < 1024 ? this.#lowPorts.has(port) : !this.#deniedPorts.has(port);
  }

  #addressPermitted(text: string, bytes: readonly number[], port: number, named: boolean): boolean {
    if (this.#deny.some((rule) => matches(rule, text, bytes, port))) return false;
    if (named || this.#allow.some((rule) => matches(rule, text, bytes, port))) return true;
    return !reserved.some((range) => inRange(bytes, range));
  }
}

function matches(rule: Rule, host: string, bytes: readonly number[] | undefined, port: number): boolean {
  if (rule.port !== undefined && rule.port !== port) return false;
  if (rule.range !== undefined) return bytes !== undefined && inRange(bytes, rule.range);
  return rule.host === host.toLowerCase().replace(/\.$/, "");
}

function parseRule(text: string): Rule {
  const whole = parseRange(text);
  if (whole !== undefined) return { host: undefined, range: whole, port: undefined };
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s/]+(?:\/\d+)?))(?::(\d+))?$/.exec(text);
  const port = match?.[3] === undefined ? undefined : Number(match[3]);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || (port !== undefined && port > 65_535)) {
    throw new RangeError(
      `Cannot use "${text}": neither a host nor an address or range, with or without a port`,
    );
  }
  const range = parseRange(host);
  if (range === undefined && host.includes("/"))
    throw new RangeError(`Cannot use "${text}": not an address range`);
  return { host: range === undefined ? host.toLowerCase().replace(/\.$/, "") : undefined, range, port };
}

function parseRange(text: string): Range | undefined {
  const [address = "", length] = text.split("/");
  const bytes = addressBytes(address);
  if (bytes === undefined) return undefined;
  if (length === undefined) return { bytes, bits: bytes.length * 8 };
  const bits = Number(length);
  return /^\d+$/.test(length) && bits <= bytes.length * 8 ? { bytes, bits } : undefined;
}

function inRange(bytes: readonly number[], range: Range): boolean {
  if (bytes.length !== range.bytes.length) return false;
  for (let bit = 0; bit < range.bits; bit += 8) {
    const mask = range.bits - bit >= 8 ? 255 : (255 << (8 - (range.bits - bit))) & 255;
    if (((bytes[bit / 8] ?? 0) & mask) !== ((range.bytes[bit / 8] ?? 0) & mask)) return false;
  }
  return true;
}

/** The octets of an address; those of IPv4 behind an IPv6 form are IPv4's, so that no spelling gets around a rule. */
function addressBytes(text: string): readonly number[] | undefined {
  if (isIpv4(text)) return text.split(".").map(Number);
  const canonical = text.includes(":") ? canonicalIpv6(text.split("%")[0] ?? "") : undefined;
  if (canonical === undefined) return undefined;
  const bytes = canonical.split(":").flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  });
  const embedded = bytes.slice(12);
  const prefix = bytes.slice(0, 12).join(".");
  // ::ffff:0:0/96 (mapped) and 64:ff9b::/96 (NAT64).
  if (prefix === "0.0.0.0.0.0.0.0.0.0.255.255" || prefix === "0.100.255.155.0.0.0.0.0.0.0.0") return embedded;
  // 2002::/16 (6to4) carries its IPv4 address behind the prefix.
  if (bytes[0] === 0x20 && bytes[1] === 0x02) return bytes.slice(2, 6);
  return bytes;
}
