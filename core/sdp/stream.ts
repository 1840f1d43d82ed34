/**
 * One MSRP stream as this endpoint wants it: its options, its own URI, and the section that they make.
 * Streams are values; a change makes a new one, so that a refused offer can be forgotten.
 */
import { LocalProtocolError } from "../errors.ts";
import { MsrpUri } from "../wire/uri.ts";
import type { MsrpSection } from "./build.ts";
import { type Direction, held } from "./direction.ts";
import { connectionOf } from "./fields.ts";
import type { Fingerprint } from "./fingerprint.ts";
import type { SdpAttribute } from "./media_section.ts";
import type { AcceptedTypes } from "./media_type.ts";
import type { MsrpMedia } from "./msrp_media.ts";
import { type Preset, presets } from "./presets.ts";
import { offeredSetup, type Setup } from "./setup.ts";

/** How an endpoint takes part in an MSRP stream. */
export interface StreamOptions {
  /** Own address, or own name in ACE form: the host of the own URI and of c=. */
  readonly host?: string;
  /** Address for c= when it is not to be `host`, for example the address behind a name. @default host */
  readonly address?: string;
  /** Port on which connections really come in; absent when none can, which makes this side active (RFC 6135 §4.2.2). */
  readonly port?: number | undefined;
  /** TLS (`msrps`); an answer follows the offer unless this is set. @default true for offers (RFC 6714 §7.2) */
  readonly secure?: boolean;
  /** Transport of the own URI. @default "tcp" */
  readonly transport?: string;
  /** Use-Path that the own relays gave (RFC 4976 §5.1), nearest relay first. @default [] */
  readonly usePath?: readonly MsrpUri[];
  /**
   * Own URI when it is fixed beforehand: behind a relay it is the one that the AUTH was sent from, because the relay passes
   * on what is for that URI only (RFC 4976 §6.4). One stream has it, at a time. @default a fresh one
   */
  readonly uri?: MsrpUri;
  /** Ready type lists. @default "general" */
  readonly preset?: Preset;
  /** Types that may be the root of a message to us, preferred ones first. @default those of the preset */
  readonly acceptTypes?: readonly string[];
  /** Types that may stand inside a container. @default those of the preset, or none when `acceptTypes` is given */
  readonly acceptWrappedTypes?: readonly string[];
  /** Types that we can send as root; an offer that takes none of them is refused. @default acceptTypes */
  readonly sendTypes?: readonly string[];
  /** Largest message in octets that we wish to get. @default none */
  readonly maxSize?: number;
  /** Direction that we wish. @default "sendrecv" */
  readonly direction?: Direction;
  /** CEMA (RFC 6714): survive middleboxes that rewrite c= and m=. @default true */
  readonly cema?: boolean;
  /** Fingerprints of the own certificate (RFC 8122), needed when no authority has signed it. @default [] */
  readonly fingerprints?: readonly Fingerprint[];
  /** Attributes of extensions, such as a=chatroom or a=file-selector. @default [] */
  readonly attributes?: readonly SdpAttribute[];
  /** Whether to answer `passive` when the offer leaves the choice and connections can come in. @default true */
  readonly preferPassive?: boolean;
}

/** A stream of this endpoint. */
export interface LocalStream {
  /** What was asked for. */
  readonly options: StreamOptions;
  /** Own URI, the last of the path. */
  readonly uri: MsrpUri;
  /** Value of a=setup in the description that is being made. */
  readonly setup: Setup;
  /** Whether that description carries a=msrp-cema. */
  readonly cema: boolean;
  /** Direction in that description. */
  readonly direction: Direction;
  /** Whether this side has put the stream on hold. */
  readonly onHold: boolean;
  /** What was agreed last: keys of both paths; a session lives on while they stay (RFC 4975 §8.4). */
  readonly agreed: string | undefined;
}

/** Port that an active side writes, since nobody connects to it (RFC 4145 §4.1). */
export const activePort = 9;

/** Whether connections can come in: at a port of ours, or through a relay (RFC 6135 §4.2.2). */
export function isReachable(options: StreamOptions): boolean {
  return options.port !== undefined || usesRelay(options);
}

/** Whether the stream goes through relays of ours. */
export function usesRelay(options: StreamOptions): boolean {
  return (options.usePath?.length ?? 0) > 0;
}

/** The direction that this side wishes for. */
export function wishOf(options: StreamOptions, onHold: boolean): Direction {
  const wish = options.direction ?? "sendrecv";
  return onHold ? held(wish) : wish;
}

/** A stream that begins with the next offer. @throws LocalProtocolError, with the codes of `ownUri` */
export function newStream(options: StreamOptions, sessionId: string): LocalStream {
  const uri = ownUri(options, options.secure ?? true, !isReachable(options), sessionId);
  return offered({
    options,
    uri,
    setup: "active",
    cema: false,
    direction: "sendrecv",
    onHold: false,
    agreed: undefined,
  });
}

/**
 * The stream as an offer says it. A side that wrote port 9 into its path keeps the path, and so stays active;
 * a relay of its own makes any side reachable (RFC 6135 §4.2.2, RFC 6714 §4.2).
 */
export function offered(stream: LocalStream): LocalStream {
  const { options, uri, onHold } = stream;
  const reachable = isReachable(options) && (uri.port !== activePort || usesRelay(options));
  return {
    ...stream,
    setup: offeredSetup(reachable),
    cema: options.cema ?? true,
    direction: wishOf(options, onHold),
  };
}

/** The type lists that these options ask for. */
export function typesOf(options: StreamOptions): AcceptedTypes {
  const preset = presets[options.preset ?? "general"];
  if (options.acceptTypes === undefined) {
    return {
      acceptTypes: preset.acceptTypes,
      acceptWrappedTypes: options.acceptWrappedTypes ?? preset.acceptWrappedTypes,
    };
  }
  return { acceptTypes: options.acceptTypes, acceptWrappedTypes: options.acceptWrappedTypes ?? [] };
}

/**
 * A fresh own URI, or the fixed one.
 *
 * @param active whether this side only connects: then the port is 9, in path and m= alike (RFC 6135 §4.2.2)
 * @throws LocalProtocolError `missing-host`, `bad-host`, or the codes of `MsrpUri.from`
 */
export function ownUri(options: StreamOptions, secure: boolean, active: boolean, sessionId: string): MsrpUri {
  if (options.uri !== undefined) return options.uri;
  if (options.host === undefined)
    throw new LocalProtocolError("missing-host", "Cannot make own URI without a host");
  return MsrpUri.from({
    scheme: secure ? "msrps" : "msrp",
    host: connectionOf(options.host).address,
    // RFC 4975 §8.2: URIs in SDP have explicit ports; behind a relay nobody connects to this one.
    port: active ? activePort : (options.port ?? activePort),
    sessionId,
    transport: options.transport ?? "tcp",
  });
}

/** Own path for SDP: the Use-Path backwards, the own URI last (RFC 4976 §5.1). */
export function localPath(stream: LocalStream): MsrpUri[] {
  return [...(stream.options.usePath ?? [])].reverse().concat(stream.uri);
}

/** To-Path of requests to this peer: the Use-Path, then the peer's path, both in order (RFC 4976 §5.1). */
export function toPath(stream: LocalStream, remote: MsrpMedia): MsrpUri[] {
  return [...(stream.options.usePath ?? []), ...remote.path];
}

/** What the stream says in SDP. Address and port are those of the outermost relay, if there is one (RFC 6714 §4.2). */
export function sectionOf(stream: LocalStream): MsrpSection {
  const { options } = stream;
  const path = localPath(stream);
  const outermost = path[0] ?? stream.uri;
  return {
    connection: connectionOf(usesRelay(options) ? outermost.host : (options.address ?? outermost.host)),
    port: outermost.port ?? activePort,
    path,
    ...typesOf(options),
    maxSize: options.maxSize,
    setup: stream.setup,
    cema: stream.cema,
    fingerprints: options.fingerprints ?? [],
    direction: stream.direction,
    attributes: options.attributes ?? [],
  };
}

/** The keys of both paths, by which a session is known again. */
export function pathsKey(stream: LocalStream, remote: MsrpMedia): string {
  return [...localPath(stream), ...remote.path].map((uri) => uri.key).join(" ");
}
