// From a target to the addresses to try, in order: literals as they are, names by A/AAAA, and SRV only where RFC 4976 §8
// wants it. The resolver is a value, so that tests answer instead of the network.
import dns from "node:dns/promises";
import { isIP } from "node:net";
import { LocalProtocolError } from "../core/mod.ts";
import type { ConnectTarget } from "../core/node/transport.ts";
import { errorCode } from "./_failure.ts";

/** One SRV record (RFC 2782). */
export interface ServiceRecord {
  /** Lower comes first. */
  readonly priority: number;
  /** Share among those of the same priority. */
  readonly weight: number;
  /** Port of the service. */
  readonly port: number;
  /** Host name of the service; `"."` or `""` means that there is none. */
  readonly target: string;
}

/** Answers questions about names. */
export interface Resolver {
  /** The addresses of a host, in the order to try them; empty when it has none. */
  addresses(host: string): Promise<readonly string[]>;
  /** The SRV records of a service name such as `_msrps._tcp.example.com`; empty when there are none. */
  services(name: string): Promise<readonly ServiceRecord[]>;
}

/** One place to try. */
export interface Candidate {
  /** IP address, no brackets. */
  readonly address: string;
  /** Port. */
  readonly port: number;
}

// RFC 4976 §8: the port when a relay's name has neither a port nor an SRV record.
const defaultPort = 2855;
const noSuchName = new Set(["ENOTFOUND", "ENODATA", "ENONAME", "EAI_NONAME", "EAI_NODATA", "NotFound"]);

/** The resolver of the system: `getaddrinfo` for hosts (so /etc/hosts counts), DNS for services. */
export const systemResolver: Resolver = {
  async addresses(host) {
    const found = await dns.lookup(host, { all: true, verbatim: true });
    return found.map(({ address }) => address);
  },
  async services(name) {
    try {
      const records = await dns.resolveSrv(name);
      return records.map(({ priority, weight, port, name: target }) => ({ priority, weight, port, target }));
    } catch (error) {
      if (noSuchName.has(errorCode(error))) return [];
      throw error;
    }
  },
};

/** The addresses of a host by the system's resolver, A and AAAA; empty when it has none. */
export async function resolveHost(host: string): Promise<readonly string[]> {
  try {
    return await systemResolver.addresses(host);
  } catch (error) {
    if (noSuchName.has(errorCode(error))) return [];
    throw error;
  }
}

/** The SRV records of a service such as `_msrps._tcp.example.com`, by the system's resolver; empty when there are none. */
export function resolveServices(name: string): Promise<readonly ServiceRecord[]> {
  return systemResolver.services(name);
}

/**
 * Puts SRV records into the order to try them: by priority, and among equals drawn by weight (RFC 2782).
 * @param random gives numbers from 0 up to, not including, 1
 */
export function orderServices(records: readonly ServiceRecord[], random: () => number): ServiceRecord[] {
  const ordered: ServiceRecord[] = [];
  for (const priority of [...new Set(records.map((record) => record.priority))].sort((a, b) => a - b)) {
    // Those of weight 0 stand first, which gives them a small chance of being drawn before the others.
    const left = records.filter((record) => record.priority === priority).sort((a, b) => a.weight - b.weight);
    while (left.length > 0) {
      const sum = left.reduce((total, record) => total + record.weight, 0);
      const draw = Math.floor(random() * (sum + 1));
      let running = 0;
      const index = left.findIndex((record) => (running += record.weight) >= draw);
      ordered.push(...left.splice(index, 1));
    }
  }
  return ordered;
}

/** 16 bits are enough to spread load, and no secret hangs on them. */
export function secureRandom(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;
}

/** True for IPv4 and IPv6 addresses without brackets. */
export function isAddress(host: string): boolean {
  return isIP(host) !== 0;
}

/**
 * The places to try for `target`, made as they are asked for: the addresses of the second server are not looked up while
 * the first one may still answer. Port 0 stands for "no port in the URI": SRV `_msrps._tcp`, then port 2855 (RFC 4976 §8).
 * @throws LocalProtocolError `"port-missing"` for an address, or for `msrp:`, without a port
 */
export async function* candidates(
  target: ConnectTarget,
  resolver: Resolver,
  random: () => number,
): AsyncGenerator<readonly Candidate[], void, void> {
  const { host, port } = target;
  if (isAddress(host)) {
    if (port === 0) throw missingPort(host);
    // RFC 4975 §6.2: a numeric address and its port are used as written.
    yield [{ address: host, port }];
    return;
  }
  if (port !== 0) {
    // RFC 4975 §6.2: a name with a port is looked up as A or AAAA, never as SRV.
    yield await hostCandidates(host, port, resolver);
    return;
  }
  // RFC 4976 §8 defines the service _msrps only; there is no _msrp.
  if (!target.secure) throw missingPort(host);
  const services = orderServices(await resolver.services(`_msrps._tcp.${host}`), random);
  if (services.length === 0) {
    yield await hostCandidates(host, defaultPort, resolver);
    return;
  }
  for (const { target: name, port: servicePort } of services) {
    const bare = name.replace(/\.$/, "");
    if (bare === "") continue;
    yield await hostCandidates(bare, servicePort, resolver);
  }
}

async function hostCandidates(host: string, port: number, resolver: Resolver): Promise<Candidate[]> {
  const addresses = isAddress(host) ? [host] : await resolver.addresses(host);
  return addresses.map((address) => ({ address, port }));
}

function missingPort(host: string): LocalProtocolError {
  return new LocalProtocolError("port-missing", `A port is needed to connect to ${host} (RFC 4976 §8)`);
}
