/**
 * MSRP over WebRTC data channels (RFC 8873), for browsers and for servers with a WebRTC library such as werift: one channel
 * is one session. `withDataChannels` and others of `msrpkit` write and read its lines of SDP; a gateway leads a channel on to a peer over TCP or TLS.
 *
 * ```ts
 * const channel = connection.createDataChannel("chat", { protocol: "msrp", negotiated: true, id: 0 });
 * const session = await openDataChannel(app, channel, { local, remote, role: "active", maxMessageBytes });
 * ```
 */
import {
  ConnectionError,
  type ConnectOptions,
  type Connector,
  type ExpectOptions,
  type Msrp,
  type Session,
  type SessionSettings,
} from "../core/mod.ts";
import type { Transport } from "../core/node/transport.ts";
import { systemClock } from "./_clock.ts";
import type { DataChannelLike } from "./_data_channel_socket.ts";
import {
  checkDataChannel,
  type DataChannelOptions,
  dataChannelTransport,
  frameLimit,
  whenOpen,
} from "./_data_channel_transport.ts";

export { DataChannelGateway, type DataChannelGatewayOptions } from "./_data_channel_gateway.ts";
export type { DataChannelLike } from "./_data_channel_socket.ts";
export { type DataChannelOptions, dataChannelTransport } from "./_data_channel_transport.ts";

/** A session over a data channel. */
export interface DataChannelSessionOptions extends DataChannelOptions, SessionSettings {
  /** Own URI, `;dc`. */
  readonly local: NonNullable<ConnectOptions["local"]>;
  /** The peer's path, from its `a=dcsa:N path`. */
  readonly remote: ConnectOptions["remote"];
  /** By `a=dcsa:N setup`: who sends the first SEND when the channel opens (RFC 8873 §4.5, §5.2). */
  readonly role: "active" | "passive";
  /** Gives up waiting for the channel. */
  readonly signal?: AbortSignal;
}

/**
 * A connector that "connects" to one data channel, whatever the URI says: what `Msrp.connect` takes.
 *
 * @throws {LocalProtocolError} `data-channel-unfit`; {RangeError} impossible limits
 */
export function dataChannelConnector(channel: DataChannelLike, options: DataChannelOptions = {}): Connector {
  checkDataChannel(channel);
  frameLimit(options);
  return async (_target, accept, { signal } = {}) => {
    await whenOpen(channel, signal);
    return dataChannelTransport(channel, accept, { clock: systemClock, ...options });
  };
}

/**
 * Opens a session over a data channel of its own (RFC 8873 §5.1): when it is open, the active side sends a SEND, and the
 * passive one waits for it. The end of the channel is the end of the session, and the other way round.
 *
 * @throws {LocalProtocolError} `data-channel-unfit`, and what `Msrp.connect` and `Msrp.session` throw
 * @throws {ConnectionError} `connect-failed`: the channel closed; `aborted`
 */
export async function openDataChannel(
  app: Msrp,
  channel: DataChannelLike,
  options: DataChannelSessionOptions,
): Promise<Session> {
  const { local, remote, role, signal, ...rest } = options;
  const [limits, settings] = split(rest);
  let mine: Transport | undefined;
  // RFC 8873 §4.6: the channel is the session's, and ends with it.
  const bound = (session: Session): Session => {
    void session.closed.then(() => mine?.close());
    return session;
  };
  if (role === "active") {
    const connecting: ConnectOptions = { ...settings, local, remote, reuse: false };
    if (signal !== undefined) connecting.signal = signal;
    const connector = dataChannelConnector(channel, limits);
    return bound(
      await app.connect(connecting, (target, accept, dialling) =>
        connector(
          target,
          (transport) => {
            mine = transport;
            return accept(transport);
          },
          dialling,
        ),
      ),
    );
  }
  checkDataChannel(channel);
  // Only this channel may bind it (RFC 8873 §5.1), and what comes over it binds nothing else.
  const expected: ExpectOptions = { ...settings, local, remote, role: "passive" };
  expected.verifyPeer = (connection) => mine !== undefined && connection.remoteAddress === mine.remoteAddress;
  const session = app.session(expected);
  try {
    await whenOpen(channel, signal);
    dataChannelTransport(
      channel,
      (transport) => {
        mine = transport;
        const sink = app.accept(transport);
        return {
          received: (bytes) => sink.received(bytes),
          drained: () => sink.drained(),
          ended: (error) => {
            sink.ended(error);
            session.abort(error ?? new ConnectionError("connection-closed", "The data channel was closed"));
          },
        };
      },
      { clock: systemClock, ...limits },
    );
    return bound(session);
  } catch (error) {
    session.abort(error as Error);
    throw error;
  }
}

const limitNames: readonly (keyof DataChannelOptions)[] = [
  "maxMessageBytes",
  "highWaterBytes",
  "maxPendingBytes",
  "maxPausedBytes",
  "lingerMs",
  "peerMaxMessageBytes",
  "maxFrameBytes",
  "clock",
];

function split(options: DataChannelOptions & SessionSettings): [DataChannelOptions, SessionSettings] {
  const entries = Object.entries(options);
  const isLimit = ([name]: [string, unknown]): boolean => (limitNames as readonly string[]).includes(name);
  return [
    Object.fromEntries(entries.filter(isLimit)) as DataChannelOptions,
    Object.fromEntries(entries.filter((entry) => !isLimit(entry))) as SessionSettings,
  ];
}
