/**
 * Which URIs are the relay's own, and which relays a certificate speaks for. Decided on scheme, host, port and transport,
 * never on the carrier that a request came over (RFC 4976 §6.2, trap T9).
 */
import type { ConnectionHandle } from "../node/context.ts";
import { MsrpUri } from "../wire/uri.ts";

/** The authorities of one relay. */
export class OwnNames {
  readonly #authorities: ReadonlySet<string>;

  /**
   * @param domains names of the relay; the first one stands in URIs when a client used none of them
   * @param uris the URIs that it listens on: scheme, port and transport count
   * @throws {RangeError} no domain, or one that is no name
   */
  constructor(domains: readonly string[], uris: readonly MsrpUri[]) {
    if (domains.length === 0) throw new RangeError("A relay needs a domain");
    for (const domain of domains) checkRelayName(domain);
    const authorities = new Set<string>();
    const add = (
      scheme: "msrp" | "msrps",
      host: string,
      port: number | undefined,
      transport: string,
    ): void => {
      authorities.add(
        MsrpUri.from({ scheme, host, transport, ...(port === undefined ? {} : { port }) }).authorityKey,
      );
      // RFC 4976 §8: AUTH may leave the port out, which stands for a service that leads here.
      authorities.add(MsrpUri.from({ scheme, host, transport }).authorityKey);
    };
    for (const host of domains) {
      for (const { scheme, port, transport } of uris) {
        add(scheme, host, port, transport);
        // A URI that was given out is msrps, whichever way its peer has come, and has tcp (RFC 7977 §8.1).
        if (scheme === "msrp") add("msrps", host, port, transport);
        if (transport.toLowerCase() !== "tcp") add("msrps", host, port, "tcp");
      }
    }
    this.#authorities = authorities;
  }

  /** True when a URI names this relay. */
  has(uri: MsrpUri): boolean {
    return this.#authorities.has(uri.authorityKey);
  }
}

/**
 * Checks the name of a relay. RFC 4976 §4.2: clients put it into URIs, where certificates are checked against it.
 *
 * @throws {RangeError} an address, or nothing that can stand in a URI
 */
export function checkRelayName(host: string): void {
  const { uri } = MsrpUri.read(`msrps://${host}:2855;tcp`);
  if (uri === undefined || uri.host !== host)
    throw new RangeError(`A relay's domain must be a name such as relay.example.com: ${host}`);
  if (uri.isIpLiteral) throw new RangeError(`A relay's domain must be a name, not an address: ${host}`);
}

/**
 * The relays that the certificate of a connection speaks for: its DNS names, where an authority vouches for it
 * (RFC 4976 §6.1, §6.3). The common name does not count (§9.2).
 */
export function certificateNames(handle: ConnectionHandle): readonly string[] {
  return handle.peerCertificate?.verified === true ? claimedNames(handle) : [];
}

/** The names that a certificate claims, whether an authority vouches for it or not. */
export function claimedNames({ peerCertificate, secure }: ConnectionHandle): readonly string[] {
  if (!secure) return [];
  return (peerCertificate?.subjectAltNames ?? []).flatMap((name) =>
    name.startsWith("DNS:") ? [name.slice(4).toLowerCase()] : [],
  );
}
