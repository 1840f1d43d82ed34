/**
 * A connection as whoever logs in at a relay needs it (RFC 4976 §5.1): it sends requests that belong to no session.
 * Sessions that go through the relay are led over it, because what the relay gave out holds on this connection alone.
 */
import type { ControlRequest } from "../connection/transaction.ts";
import { ConnectionError } from "../errors.ts";
import type { Session } from "../session/session.ts";
import type { RequestResult } from "../session/session_options.ts";
import type { MsrpUri } from "../wire/uri.ts";
import type { ConnectionHandle } from "./context.ts";
import type { Driver } from "./driver.ts";
import type { Seat } from "./seat.ts";
import type { Clock } from "./transport.ts";

/** What a link needs of its node. */
export interface ControlLinkHost {
  /** Connections by the URI that leads over them, in canonical form. */
  readonly routes: Map<string, Driver>;
  seatOf(session: Session): Seat | undefined;
  /** Tells the `error` tap. */
  error(error: unknown, stage: string): void;
}

/** One connection; got by `Msrp.link`. */
export class ControlLink {
  readonly #driver: Driver;
  readonly #host: ControlLinkHost;

  constructor(driver: Driver, host: ControlLinkHost) {
    this.#driver = driver;
    this.#host = host;
  }

  /** The connection, as taps name it. */
  get connection(): ConnectionHandle {
    return this.#driver.handle;
  }

  /** False once it is over or closing. */
  get open(): boolean {
    return this.#driver.open;
  }

  /** The clock of its transport. */
  get clock(): Clock {
    return this.#driver.timers.clock;
  }

  /**
   * Sends a request and gives its answer, whatever the status.
   *
   * @throws {ConnectionError} `timeout` after 30 s (RFC 4975 §7.1.1), `connection-closed` and others when it is lost
   * @throws {LocalProtocolError} what the grammar forbids; `queue-full`
   */
  request(request: ControlRequest): Promise<RequestResult> {
    return new Promise((resolve, reject) => {
      if (!this.open) throw new ConnectionError("connection-closed", "The connection was closed");
      this.#driver.request(request, {
        responded: (_transaction, status, comment, headers) =>
          resolve({ status, comment, headers: [...headers] }),
        timedOut: () =>
          reject(new ConnectionError("timeout", `${request.method} was not answered within 30 seconds`)),
        lost: (_transaction, error) => reject(error),
      });
    });
  }

  /** Keeps the connection open without a session, until the function returned is called. */
  reserve(): () => void {
    return this.#driver.idle.reserve();
  }

  /** Leads sessions whose next hop is this URI over the connection, until the function returned is called. */
  route(uri: MsrpUri): () => void {
    const { routes } = this.#host;
    routes.set(uri.key, this.#driver);
    return () => {
      if (routes.get(uri.key) === this.#driver) routes.delete(uri.key);
    };
  }

  /** Tells the node's `error` tap of a fault of the application. */
  error(error: unknown, stage: string): void {
    this.#host.error(error, stage);
  }

  /** Makes a session that its peer will open end with the connection, as its URI does. */
  attend(session: Session): void {
    const seat = this.#host.seatOf(session);
    if (seat !== undefined && seat.driver === undefined && this.open) this.#driver.attend(seat);
  }
}
