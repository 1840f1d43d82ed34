// The transport over a data channel, and what a channel must be like for it: reliable, in order, sub-protocol "msrp".
// Shared by sessions and gateways.
import { type Accept, type Clock, ConnectionError, LocalProtocolError } from "../core/mod.ts";
import type { Transport } from "../core/node/transport.ts";
import { type DataChannelLike, DataChannelSocket } from "./_data_channel_socket.ts";
import { type WebSocketLimits, webSocketTransport } from "./_web_socket_transport.ts";

let count = 0;

/** Limits of one data channel. */
export interface DataChannelOptions extends WebSocketLimits {
  /**
   * What the peer's `a=max-message-size` allows, in octets (RFC 8873 §5.4): `maxMessageSize(sdp)`; 0 = any size.
   * @default 65536, as without the attribute
   */
  readonly peerMaxMessageBytes?: number;
  /**
   * Longest frame that is sent, whatever the peer allows: a long one holds back everything else of the association.
   * @default 16384
   */
  readonly maxFrameBytes?: number;
  /** @default the runtime's clock */
  readonly clock?: Clock;
}

/** What MSRP wants of a channel. @throws {LocalProtocolError} `data-channel-unfit` */
export function checkDataChannel(channel: DataChannelLike): void {
  const unfit = (what: string): never => {
    throw new LocalProtocolError("data-channel-unfit", `Cannot use the data channel: ${what}`);
  };
  if (channel.protocol !== "msrp") unfit('its sub-protocol is not "msrp"');
  // RFC 8873 §4.3: reliable and in order.
  if (!channel.ordered) unfit("it is not ordered");
  if (typeof channel.maxRetransmits === "number" || typeof channel.maxPacketLifeTime === "number") {
    unfit("it is not reliable");
  }
}

/** The longest frame for a channel. @throws {RangeError} below 1024, which leaves no room for content */
export function frameLimit({
  peerMaxMessageBytes = 65_536,
  maxFrameBytes = 16_384,
}: DataChannelOptions): number {
  const limit = Math.min(
    peerMaxMessageBytes === 0 ? Number.POSITIVE_INFINITY : peerMaxMessageBytes,
    maxFrameBytes,
  );
  if (!(limit >= 1024)) throw new RangeError(`Cannot send frames of ${limit} octets over a data channel`);
  return limit;
}

/**
 * Joins an open data channel to the core. For `app.accept` there is `openDataChannel`.
 *
 * @throws {LocalProtocolError} `data-channel-unfit`; {RangeError} impossible limits
 */
export function dataChannelTransport(
  channel: DataChannelLike,
  accept: Accept,
  options: DataChannelOptions = {},
): Transport {
  checkDataChannel(channel);
  return webSocketTransport(new DataChannelSocket(channel), accept, {
    ...options,
    secure: true,
    maxFrameBytes: frameLimit(options),
    // Their ids are those of their associations: two of these may have the same.
    remoteAddress: `data channel ${++count}`,
  });
}

/** Resolves when the channel is open. @throws {ConnectionError} `connect-failed`: it closed; `aborted` */
export function whenOpen(channel: DataChannelLike, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (code: string, text: string): void =>
      reject(new ConnectionError(code, `The data channel ${text}`));
    if (channel.readyState === "open") resolve();
    else if (channel.readyState !== "connecting") fail("connect-failed", "is closed");
    channel.addEventListener("open", () => resolve());
    channel.addEventListener("close", () => fail("connect-failed", "was closed before it opened"));
    if (signal?.aborted) fail("aborted", "was given up");
    signal?.addEventListener("abort", () => fail("aborted", "was given up"), { once: true });
  });
}
