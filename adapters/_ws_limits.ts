// The limits and choices of a WebSocket listener, each with its default and the reason for it.
// One place, so that own listeners and those mounted into somebody's HTTP server cannot drift apart.

/** What holds for each WebSocket, however it came about. */
export interface WebSocketLimits {
  /**
   * Longest message, in octets: one MSRP frame (RFC 7977 §5.1). A longer one closes the connection with 1009 as soon as
   * its length is known; nothing is allocated for octets that have not come.
   * @default 1048576
   */
  maxMessageBytes?: number;
  /**
   * How long a client may say nothing before it is pinged, in milliseconds (RFC 7977 §6); 0 = never. Below the usual time
   * that proxies and address translators remember an idle connection.
   * @default 30000
   */
  pingIntervalMs?: number;
  /** How long a client may take to answer a ping, in milliseconds; then the connection is given up. @default 20000 */
  pongTimeoutMs?: number;
  /** How long a client may take to answer a closing frame, in milliseconds. @default 3000 */
  closeTimeoutMs?: number;
}

/** What is asked of a handshake before the `upgrade` stage runs. */
export interface HandshakeRules {
  /**
   * Origins that browsers may come from, such as `"https://chat.example.com"`; others get 403. Needed where a cookie says
   * who the user is, or any page could use it (RFC 6455 §10.2). A request without Origin is not a browser's, and passes.
   * @default all: whoever comes authenticates with AUTH
   */
  origins?: readonly string[];
  /**
   * A proxy in front of this server speaks TLS for it and says so: the last entry of `X-Forwarded-For` is the client's
   * address, `X-Forwarded-Proto: https` counts as TLS. Only where nobody else can connect.
   * @default false
   */
  behindProxy?: boolean;
}

/** Options of a WebSocket listener. */
export interface WebSocketOptions extends WebSocketLimits, HandshakeRules {
  /** Longest HTTP request head, in octets; beyond it 431. @default 16384 */
  maxRequestBytes?: number;
  /** Most header fields of the request; beyond it 431. @default 100 */
  maxRequestFields?: number;
  /** Time for the HTTP request to come, and again for the `upgrade` stage to decide, in milliseconds. @default 10000 */
  upgradeTimeoutMs?: number;
  /** Most connections that are still in their HTTP handshake; one more is dropped. @default 1024 */
  maxPendingUpgrades?: number;
}

/** {@link WebSocketLimits} with every default filled in. */
export type ResolvedWebSocketLimits = Required<WebSocketLimits>;

/** {@link WebSocketOptions} with every default filled in, but for the origins. */
export type ResolvedWebSocketOptions = Required<Omit<WebSocketOptions, "origins">> &
  Pick<WebSocketOptions, "origins">;

/** Fills in the defaults. @throws RangeError when a limit is not a positive number (`pingIntervalMs` may be 0) */
export function webSocketLimits(limits: WebSocketLimits): ResolvedWebSocketLimits {
  return {
    maxMessageBytes: positive("maxMessageBytes", limits.maxMessageBytes, 1_048_576),
    pingIntervalMs:
      limits.pingIntervalMs === 0 ? 0 : positive("pingIntervalMs", limits.pingIntervalMs, 30_000),
    pongTimeoutMs: positive("pongTimeoutMs", limits.pongTimeoutMs, 20_000),
    closeTimeoutMs: positive("closeTimeoutMs", limits.closeTimeoutMs, 3000),
  };
}

/** Fills in the defaults. @throws RangeError when a limit is not a positive number */
export function webSocketOptions(options: WebSocketOptions): ResolvedWebSocketOptions {
  return {
    ...webSocketLimits(options),
    ...(options.origins === undefined ? {} : { origins: options.origins }),
    maxRequestBytes: positive("maxRequestBytes", options.maxRequestBytes, 16_384),
    maxRequestFields: positive("maxRequestFields", options.maxRequestFields, 100),
    upgradeTimeoutMs: positive("upgradeTimeoutMs", options.upgradeTimeoutMs, 10_000),
    maxPendingUpgrades: positive("maxPendingUpgrades", options.maxPendingUpgrades, 1024),
    behindProxy: options.behindProxy ?? false,
  };
}

function positive(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (!(value > 0)) throw new RangeError(`${name} must be above 0: ${value}`);
  return value;
}
