/**
 * Offer and answer of MSRP data channels (RFC 8873 §4, RFC 8864 §6) on descriptions that a WebRTC stack has made. Also the
 * other form of the same session, which a gateway offers to a peer without WebRTC.
 */
import { LocalProtocolError, RemoteProtocolError } from "../errors.ts";
import type { MsrpUri } from "../wire/uri.ts";
import { formatMsrpSection } from "./build.ts";
import {
  channelLines,
  type DataChannelDescription,
  type DataChannelInit,
  formatDataChannel,
  readDataChannels,
} from "./data_channel.ts";
import { fitDirection } from "./direction.ts";
import { connectionOf } from "./fields.ts";
import type { MsrpMedia } from "./msrp_media.ts";
import { activeSide, answersTo, type Setup, type Side } from "./setup.ts";

/** The section of a description that data channels are in. */
const application = /^m=application \d+ (?:UDP|TCP)\/DTLS\/SCTP webrtc-datachannel/m;
/** What a peer takes that does not say it (RFC 8841 §6.1). */
const usualMaxMessageSize = 65_536;

/**
 * A description with the lines of these channels in it; those of other channels stay. Lines of the same streams are
 * replaced, so that a later offer can change them (RFC 8873 §4.4).
 *
 * @throws {LocalProtocolError} `no-data-channels`: no m=application section; and what `formatDataChannel` throws
 */
export function withDataChannels(sdp: string, channels: readonly DataChannelInit[]): string {
  return inserted(
    withoutDataChannels(
      sdp,
      channels.map(({ streamId }) => streamId),
    ),
    channels.map(formatDataChannel),
  );
}

/** A description without these channels: their sessions end, the association and its port stay (RFC 8873 §4.6). */
export function withoutDataChannels(sdp: string, streamIds: readonly number[]): string {
  const gone = new RegExp(`^a=dc(?:map|sa):(?:${streamIds.join("|")})(?: .*)?(?:\\r?\\n|$)`, "gm");
  return streamIds.length === 0 ? sdp : sdp.replace(gone, "");
}

function inserted(sdp: string, lines: readonly string[]): string {
  const found = application.exec(sdp);
  if (found === null) {
    throw new LocalProtocolError("no-data-channels", "Cannot add data channels: no m=application section");
  }
  const next = sdp.indexOf("\nm=", found.index + 1);
  const end = next < 0 ? sdp.length : next + 1;
  // What went through a form or a command line may have lost its last line break.
  const before = sdp.slice(0, end);
  return (before.endsWith("\n") ? before : `${before}\r\n`) + lines.join("") + sdp.slice(end);
}

/** The longest SCTP message that whoever wrote the description takes, in octets; Infinity for any. */
export function maxMessageSize(sdp: string): number {
  const value = /^a=max-message-size:(\d{1,15})\s*$/m.exec(sdp)?.[1];
  if (value === undefined) return usualMaxMessageSize;
  return Number(value) === 0 ? Number.POSITIVE_INFINITY : Number(value);
}

/** Which side sends the first SEND. */
export type DataChannelRole = "active" | "passive";

/** How an offered channel is answered. */
export interface DataChannelAnswer {
  /** Own URI: `msrps`, `;dc`. */
  readonly uri: MsrpUri;
  readonly acceptTypes?: readonly string[];
  readonly acceptWrappedTypes?: readonly string[];
  readonly maxSize?: number;
  /** Whether to be passive when the offer leaves the choice. @default true */
  readonly preferPassive?: boolean;
}

/** What the answer to an offered channel says, and the own role. */
export function answerDataChannel(
  offer: DataChannelDescription,
  answer: DataChannelAnswer,
): { readonly description: DataChannelInit; readonly role: DataChannelRole } {
  const { uri, preferPassive = true, ...own } = answer;
  const [role = "passive"] = answersTo(offer.setup, preferPassive);
  const { streamId, label } = offer;
  const description = {
    ...own,
    streamId,
    label,
    path: [uri],
    setup: role,
    direction: fitDirection("sendrecv", offer.direction),
  };
  return { description, role };
}

/**
 * What became of the channels of an offer: those that the answer has too, with the offerer's role. A channel that the
 * answer lacks was refused (RFC 8864 §6.5).
 *
 * @throws {RemoteProtocolError} `setup-conflict`, `unexpected-data-channel`, and what `readDataChannels` throws
 */
export function matchDataChannels(
  offered: readonly { readonly streamId: number; readonly setup: Setup }[],
  answer: string,
): { readonly channel: DataChannelDescription; readonly role: DataChannelRole }[] {
  return readDataChannels(answer).map((channel) => {
    const own = offered.find(({ streamId }) => streamId === channel.streamId);
    if (own === undefined) {
      throw new RemoteProtocolError("unexpected-data-channel", `Stream ${channel.streamId} was not offered`);
    }
    return { channel, role: activeSide(own.setup, channel.setup) === "offerer" ? "active" : "passive" };
  });
}

/**
 * The session of a channel as an m=message section for a peer over TLS: CEMA, with address and port of the gateway; path and
 * setup stay those of the endpoint (RFC 8873 §6).
 */
export function toMessageSection(channel: DataChannelDescription, address: string, port: number): string {
  const connection = connectionOf(address);
  const { path, acceptTypes, acceptWrappedTypes, maxSize, setup, direction, attributes } = channel;
  const section = { path, acceptTypes, acceptWrappedTypes, maxSize, setup, direction, attributes };
  return formatMsrpSection({ ...section, connection, port, cema: true, fingerprints: [] }, connection);
}

/**
 * The lines of a channel for the session of an m=message section, path and setup unchanged.
 *
 * @param place `side`: who wrote the section
 * @throws {RemoteProtocolError} `cema-missing`: without CEMA at that side only a gateway of two sessions can help (RFC 8873 §6)
 */
export function fromMessageSection(
  media: MsrpMedia,
  { streamId, label = "", side }: { readonly streamId: number; readonly label?: string; readonly side: Side },
): string {
  if (!media.cema) {
    throw new RemoteProtocolError(
      "cema-missing",
      "Cannot lead this stream to a data channel: it has no CEMA",
    );
  }
  const { path, acceptTypes, acceptWrappedTypes, maxSize, direction } = media;
  const attributes = media.section.attributes.filter(({ name }) => name.startsWith("file-"));
  // What a stream says without the line (RFC 4145 §4.1) has to be said here.
  const setup = media.setup ?? (side === "offerer" ? "active" : "passive");
  return channelLines({
    streamId,
    label,
    path,
    setup,
    acceptTypes,
    acceptWrappedTypes,
    maxSize,
    direction,
    attributes,
  });
}
