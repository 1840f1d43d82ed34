/**
 * CEMA (RFC 6714): whether the TCP connection goes to the path, as RFC 4975 has it, or to the c= and m= lines,
 * which a middlebox may have rewritten. It moves the connection only; To-Path and From-Path keep the URIs of the path.
 */
import { RemoteProtocolError } from "../errors.ts";
import type { MsrpUri } from "../wire/uri.ts";
import { canonicalHost, isAddress, type Resolved, sameHost } from "./address.ts";
import type { MsrpMedia } from "./msrp_media.ts";
import { activeSide, answersTo, type Setup } from "./setup.ts";

/** Where a connection goes. */
export interface ConnectTo {
  /** Address (IPv6 in canonical form, without brackets) or name. */
  readonly host: string;
  /** Port. */
  readonly port: number;
  /** Whether the connection is TLS. */
  readonly tls: boolean;
  /** Transport of the URI that is connected to: `tcp`, `ws`, … */
  readonly transport: string;
}

/** What an offerer does with an answer. */
export type OffererDecision =
  | { readonly action: "connect"; readonly connectTo: ConnectTo; readonly cema: boolean }
  | { readonly action: "wait"; readonly cema: boolean }
  | { readonly action: "new-offer-without-cema" };

/** How an answerer answers an offer. */
export type AnswererDecision =
  | { readonly action: "reject"; readonly how: readonly ["port-0", "488"] }
  | {
      readonly action: "accept";
      /** Whether the answer carries a=msrp-cema. */
      readonly includeCema: boolean;
      /** Values of a=setup that the answer may have, the preferred one first. */
      readonly setup: readonly ("active" | "passive")[];
      /** Where the answerer connects to, if it becomes active. */
      readonly ifActiveConnectTo: ConnectTo;
      /** Whether the c= and m= lines of the answer must hold the address of the answerer's relay. */
      readonly addressIsRelay: boolean;
    };

/** What an endpoint knows beside the descriptions. */
export interface CemaContext {
  /** Whether this endpoint uses a relay (RFC 4976) for this stream. @default false */
  readonly usesRelay?: boolean;
  /** What the names in path and c= resolved to (RFC 6714 §4.4); without it names compare as text. */
  readonly resolved?: Resolved | undefined;
  /** Whether to prefer being passive when the offer leaves the choice. @default true */
  readonly preferPassive?: boolean;
}

/** Whether the c= and m= lines match a URI of the path: same address, same port (RFC 6714 §4.4). */
export function addressMatchesPath(media: MsrpMedia, resolved?: Resolved): boolean {
  return media.path.some((uri) => uri.port === media.port && sameHost(uri.host, media.address, resolved));
}

/**
 * Whether this is a client of a relay over WebSockets. CEMA is not for them (RFC 7977 §1), and the m= lines of that RFC's own
 * examples (§8.2) have another port than their paths: of such a description only the path counts.
 */
function isWebSocketClient({ path }: MsrpMedia): boolean {
  return path.length > 1 && path.at(-1)?.transport.toLowerCase() === "ws";
}

/** Where RFC 4975 connects to: the leftmost URI of the peer's path, TLS by its scheme (§8.2). */
export function pathTarget(media: MsrpMedia): ConnectTo {
  const [uri] = media.path;
  if (uri === undefined)
    throw new RemoteProtocolError("missing-path", "Cannot connect to a stream without a path");
  return targetOf(uri);
}

/** Where a connection to this URI goes. */
export function targetOf(uri: MsrpUri): ConnectTo {
  return {
    host: canonicalHost(uri.host),
    port: uri.port ?? 0,
    tls: uri.scheme === "msrps",
    transport: uri.transport.toLowerCase(),
  };
}

/** Where CEMA connects to: the c= and m= lines. */
export function lineTarget(media: MsrpMedia): ConnectTo {
  return { ...pathTarget(media), host: canonicalHost(media.address), port: media.port };
}

/** Names in path and c= that have to be resolved before an address can be compared, in canonical form. */
export function namesToResolve(media: MsrpMedia): string[] {
  const hosts = [media.address, ...media.path.map((uri) => uri.host)].map(canonicalHost);
  return [...new Set(hosts)].filter((host) => host !== "" && !isAddress(host));
}

/**
 * What the offerer does with an answer (RFC 6714 §4.2). An offer without a=msrp-cema means RFC 4975: the path decides.
 *
 * @throws RemoteProtocolError `setup-conflict`
 */
export function decideAsOfferer(
  offer: MsrpMedia,
  answer: MsrpMedia,
  context: CemaContext = {},
): OffererDecision {
  const active = activeSide(offer.setup, answer.setup) === "offerer";
  const plain = !offer.cema || isWebSocketClient(answer);
  const cema = !plain && answer.cema;
  if (plain)
    return active ? { action: "connect", connectTo: pathTarget(answer), cema } : { action: "wait", cema };
  const matches = addressMatchesPath(answer, context.resolved);
  const peerUsesRelay = answer.path.length > 1;
  if (!answer.cema) {
    // Criterion 1 is the passive offerer's, 2 and 3 are the active one's: a relay on either side.
    if (!matches && (!active || context.usesRelay === true || peerUsesRelay))
      return { action: "new-offer-without-cema" };
    if (active && matches && peerUsesRelay) return { action: "connect", connectTo: pathTarget(answer), cema };
  }
  // "In other cases" the active offerer uses the c= and m= lines, even when the answer knows nothing of CEMA.
  return active ? { action: "connect", connectTo: lineTarget(answer), cema } : { action: "wait", cema };
}

/** How an answerer that knows CEMA answers (RFC 6714 §4.3). */
export function decideAsAnswerer(offer: MsrpMedia, context: CemaContext = {}): AnswererDecision {
  const webSocket = isWebSocketClient(offer);
  if (!offer.cema && !webSocket && !addressMatchesPath(offer, context.resolved)) {
    return { action: "reject", how: ["port-0", "488"] };
  }
  const usesRelay = context.usesRelay ?? false;
  const includeCema = !webSocket && !mustFallBack(offer, usesRelay);
  // §4.1: an offerer behind a relay cannot dial a middlebox through it, so with CEMA we would rather dial ourselves.
  const peerIsBound = includeCema && offer.path.length > 1;
  const choices = answersTo(offer.setup, (context.preferPassive ?? true) && !peerIsBound);
  return {
    action: "accept",
    includeCema,
    setup: includeCema && usesRelay ? ["passive"] : choices,
    ifActiveConnectTo: includeCema ? lineTarget(offer) : pathTarget(offer),
    addressIsRelay: usesRelay,
  };
}

function mustFallBack(offer: MsrpMedia, usesRelay: boolean): boolean {
  const peerUsesRelay = offer.path.length > 1;
  const peerIsActive = isActive(offer.setup);
  return (peerUsesRelay && (usesRelay || peerIsActive)) || (usesRelay && offer.setup === "passive");
}

function isActive(setup: Setup | undefined): boolean {
  return setup === undefined || setup === "active";
}
