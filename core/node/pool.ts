/**
 * Connections that this node opened, by where they go. A new session uses one that is open (RFC 4975 §5.4), and two
 * sessions that start together share one that is being opened.
 */
import { ConnectionError } from "../errors.ts";
import type { MsrpUri } from "../wire/uri.ts";
import type { ConnectionHandle } from "./context.ts";
import type { Driver } from "./driver.ts";
import type { Connector, ConnectTarget } from "./transport.ts";

interface Entry {
  readonly connector: Connector;
  readonly opening: Promise<Driver>;
  driver: Driver | undefined;
  /** Those who wait for it; when all have given up, the attempt is given up. */
  waiting: number;
  readonly cancel: AbortController;
}

/** The pool of one node. */
export class Pool {
  readonly #entries: Map<string, Entry> = new Map();

  /** Connections that are open or being opened. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * A connection to use: an open one, one that is being opened, or a new one through `open`.
   * @param key where it goes; only equal keys share @param signal gives up waiting
   */
  async take(
    key: string,
    connector: Connector,
    open: (signal: AbortSignal) => Promise<Driver>,
    signal: AbortSignal | undefined,
  ): Promise<Driver> {
    const existing = this.#entries.get(key);
    const usable =
      existing !== undefined && existing.connector === connector && (existing.driver?.open ?? true)
        ? existing
        : undefined;
    const entry = usable ?? this.#open(key, connector, open);
    if (entry.driver !== undefined) return entry.driver;
    entry.waiting++;
    try {
      return await raced(entry.opening, signal);
    } finally {
      entry.waiting--;
      if (entry.waiting === 0 && entry.driver === undefined) entry.cancel.abort();
    }
  }

  /** The connection is over. */
  drop(connection: ConnectionHandle): void {
    for (const [key, entry] of this.#entries)
      if (entry.driver?.handle === connection) this.#entries.delete(key);
  }

  #open(key: string, connector: Connector, open: (signal: AbortSignal) => Promise<Driver>): Entry {
    const cancel = new AbortController();
    const entry: Entry = { connector, cancel, waiting: 0, driver: undefined, opening: open(cancel.signal) };
    this.#entries.set(key, entry);
    entry.opening.then(
      (driver) => {
        entry.driver = driver;
        if (!driver.open) this.#forget(key, entry);
      },
      () => this.#forget(key, entry),
    );
    return entry;
  }

  #forget(key: string, entry: Entry): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }
}

/**
 * What must be equal for two sessions to share a connection: scheme, host, port and transport of the URI, the address
 * really dialled, and the identity that TLS shows and expects.
 */
export function poolKey(uri: MsrpUri, target: ConnectTarget): string {
  const { cert, ca, serverName, rejectUnauthorized, fingerprints } = target.tls ?? {};
  const tls = target.secure ? JSON.stringify([cert, ca, serverName, rejectUnauthorized, fingerprints]) : "";
  return `${uri.authorityKey} ${target.host}:${target.port} ${tls}`;
}

function raced(promise: Promise<Driver>, signal: AbortSignal | undefined): Promise<Driver> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const give = (): void =>
      reject(new ConnectionError("aborted", "Connecting was aborted", { cause: signal.reason }));
    if (signal.aborted) {
      give();
      return;
    }
    signal.addEventListener("abort", give, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", give));
  });
}
