/**
 * MSRP streams of a WebRTC association in SDP (RFC 8873 §4, RFC 8864): `a=dcmap` says that there is a channel, `a=dcsa`
 * what would stand below an m= line of its own. Everything else of the description is the WebRTC stack's, and stays as it is.
 */
import { LocalProtocolError, RemoteProtocolError } from "../errors.ts";
import { MsrpUri } from "../wire/uri.ts";
import { type DataChannelMap, formatMap, readMap } from "./data_channel_map.ts";
import { type Direction, isDirection } from "./direction.ts";
import { formatAttribute } from "./fields.ts";
import type { SdpAttribute } from "./media_section.ts";
import { readSetup, type Setup } from "./setup.ts";

/** What one channel says of its session. */
export interface DataChannelDescription {
  /** SCTP stream of the channel: its `id`. */
  readonly streamId: number;
  /** Its label. */
  readonly label: string;
  /** Path of whoever wrote it; it routes nothing, and To-Path is still compared with it (RFC 8873 §4.4). */
  readonly path: readonly MsrpUri[];
  /** Who sends the first SEND; has nothing to do with DTLS (RFC 8873 §4.5). */
  readonly setup: Setup;
  /** @default `["*"]` */
  readonly acceptTypes: readonly string[];
  /** @default [] */
  readonly acceptWrappedTypes: readonly string[];
  /** Largest message that its author wishes to get, in octets. */
  readonly maxSize: number | undefined;
  readonly direction: Direction;
  /** The attributes of RFC 5547 for file transfer, in order. */
  readonly attributes: readonly SdpAttribute[];
}

/** A description with what has a default left out. */
export type DataChannelInit = Pick<DataChannelDescription, "streamId" | "path" | "setup"> &
  Partial<DataChannelDescription>;

/** Attributes that RFC 8873 §4.4 lets stand beside those that have fields of their own; others are ignored (RFC 8864 §6.7). */
const fileAttributes = new Set([
  "file-selector",
  "file-transfer-id",
  "file-disposition",
  "file-date",
  "file-icon",
  "file-range",
]);

/**
 * The lines of a channel, each with CRLF, for the m=application section of an offer or answer.
 *
 * @throws {LocalProtocolError} `dc-uri`: the own URI is not `msrps` and `;dc`; `dc-relay`: a path through relays, which
 *   whoever opens a data channel must not ask for (RFC 8873 §6); `bad-dcmap`, `sdp-injection`, `reserved-attribute`
 */
export function formatDataChannel(init: DataChannelInit): string {
  const { streamId, label = "", path, setup, acceptTypes = ["*"], acceptWrappedTypes = [] } = init;
  const [uri] = path;
  if (path.length !== 1)
    throw new LocalProtocolError("dc-relay", "Cannot offer a data channel through relays");
  if (uri?.scheme !== "msrps" || uri.transport.toLowerCase() !== "dc" || uri.sessionId === undefined) {
    throw new LocalProtocolError("dc-uri", "Cannot offer a data channel: its URI is no msrps: with ;dc");
  }
  return channelLines({ ...init, label, acceptTypes, acceptWrappedTypes, setup, streamId });
}

/** The lines of a channel whose path is somebody else's, for gateways. */
export function channelLines(init: DataChannelInit): string {
  const { streamId, label = "", path, setup, acceptTypes = ["*"], acceptWrappedTypes = [] } = init;
  const { maxSize, direction = "sendrecv", attributes = [] } = init;
  const values: [string, string | undefined][] = [
    ["msrp-cema", undefined],
    ["setup", setup],
    ["accept-types", acceptTypes.join(" ")],
    ...(acceptWrappedTypes.length > 0
      ? [["accept-wrapped-types", acceptWrappedTypes.join(" ")] as [string, string]]
      : []),
    ...(maxSize === undefined ? [] : [["max-size", String(maxSize)] as [string, string]]),
    ["path", path.join(" ")],
    ...(direction === "sendrecv" ? [] : [[direction, undefined] as [string, undefined]]),
  ];
  for (const { name, value } of attributes) {
    if (!fileAttributes.has(name)) {
      throw new LocalProtocolError("reserved-attribute", `Cannot write a=${name} for a data channel`);
    }
    values.push([name, value]);
  }
  return [
    formatAttribute("dcmap", formatMap({ streamId, label, subprotocol: "msrp", ordered: true })),
    ...values.map(([name, value]) =>
      formatAttribute("dcsa", `${streamId} ${value === undefined ? name : `${name}:${value}`}`),
    ),
  ].join("");
}

/**
 * The MSRP channels of a description, in the order of their `a=dcmap`. Channels of other sub-protocols are passed over.
 *
 * @param sdp a whole description, or one section of it
 * @throws {RemoteProtocolError} `bad-dcmap`; `dc-unreliable`: max-retr, max-time or not ordered (RFC 8873 §4.3);
 *   `missing-path`, `missing-cema`, `missing-setup` (§4.4); `bad-path`, `bad-setup`, `bad-max-size`
 */
export function readDataChannels(sdp: string): DataChannelDescription[] {
  const lines = sdp.split(/\r?\n/);
  const maps = lines.flatMap((line) => (line.startsWith("a=dcmap:") ? [readMap(line.slice(8))] : []));
  const seen = new Set<number>();
  return maps.flatMap((map) => {
    if (seen.has(map.streamId)) throw fault("bad-dcmap", `two lines for stream ${map.streamId}`);
    seen.add(map.streamId);
    return map.subprotocol === "msrp" ? [readChannel(map, lines)] : [];
  });
}

function readChannel(map: DataChannelMap, lines: readonly string[]): DataChannelDescription {
  const { streamId, label = "" } = map;
  if (map.ordered === false || map.maxRetr !== undefined || map.maxTime !== undefined) {
    throw fault("dc-unreliable", `stream ${streamId} is not reliable and ordered`);
  }
  const prefix = `a=dcsa:${streamId} `;
  const attributes = lines
    .filter((line) => line.startsWith(prefix))
    .map((line) => attributeOf(line.slice(prefix.length)));
  const value = (name: string): string | undefined => {
    const found = attributes.find((attribute) => attribute.name === name);
    return found === undefined ? undefined : (found.value ?? "");
  };
  const need = (name: string, code: string): string => {
    const found = value(name);
    if (found === undefined) throw fault(code, `stream ${streamId} has no a=dcsa for ${name}`);
    return found;
  };
  const path = readDataChannelPath(need("path", "missing-path"));
  need("msrp-cema", "missing-cema");
  const setup = readSetup(need("setup", "missing-setup"));
  if (setup === undefined) throw fault("missing-setup", `stream ${streamId} does not say who begins`);
  const maxSize = value("max-size");
  if (maxSize !== undefined && !/^\d{1,15}$/.test(maxSize)) throw fault("bad-max-size", `"${maxSize}"`);
  return {
    streamId,
    label,
    path,
    setup,
    acceptTypes: words(value("accept-types")) ?? ["*"],
    acceptWrappedTypes: words(value("accept-wrapped-types")) ?? [],
    maxSize: maxSize === undefined ? undefined : Number(maxSize),
    direction: attributes.map(({ name }) => name).find(isDirection) ?? "sendrecv",
    attributes: attributes.filter(({ name }) => fileAttributes.has(name)),
  };
}

/** Reads a path; an IPv6 address may lack its brackets, as in the RFC's own example (RFC 8873 §4.8). */
function readDataChannelPath(value: string): MsrpUri[] {
  return value
    .trim()
    .split(/ +/)
    .map((text) => {
      const bare = /^(msrps?:\/\/)([0-9A-Fa-f:]*:[0-9A-Fa-f:]*):(\d+)(\/.*)$/.exec(text);
      const { uri, fault: code } = MsrpUri.read(
        bare === null ? text : `${bare[1]}[${bare[2]}]:${bare[3]}${bare[4]}`,
      );
      if (uri === undefined || code !== undefined) throw fault("bad-path", "a URI cannot be read");
      return uri;
    });
}

function attributeOf(text: string): SdpAttribute {
  const colon = text.indexOf(":");
  return colon < 0
    ? { name: text.trim(), value: undefined }
    : { name: text.slice(0, colon), value: text.slice(colon + 1) };
}

function words(value: string | undefined): string[] | undefined {
  return value?.trim().split(/ +/);
}

function fault(code: string, detail: string): RemoteProtocolError {
  return new RemoteProtocolError(code, `Cannot read data channels: ${detail}`);
}
