/**
 * What an AUTH has brought: a way to and from one own URI through the own relays, for one session (RFC 4976 §5.1). It is
 * as secret as the session-id in it, so it has no readable form.
 */
import type { MsrpUri } from "../wire/uri.ts";

/** What a path needs of its client. */
export interface RelayPathHost {
  /** Whether the relays still know it. */
  holds(path: RelayPath): boolean;
  released(path: RelayPath): void;
}

/** A path through the own relays. Got by `RelayClient.path`. */
export class RelayPath {
  /** Own URI of the session: the relay passes on what is for it and for no other. */
  readonly local: MsrpUri;
  /** URIs that the relays gave out, the nearest relay first. */
  readonly usePath: readonly MsrpUri[];
  /** When the first of the relays ends it, in milliseconds on the clock of the connection. */
  readonly expiresAt: number;
  readonly #host: RelayPathHost;

  constructor(local: MsrpUri, usePath: readonly MsrpUri[], expiresAt: number, host: RelayPathHost) {
    this.local = local;
    this.usePath = usePath;
    this.expiresAt = expiresAt;
    this.#host = host;
  }

  /** Whether the relays still pass on what is for it: false after its time and without its connection. */
  get valid(): boolean {
    return this.#host.holds(this);
  }

  /** The path for SDP: the outermost relay first, the own URI last. */
  get sdpPath(): readonly MsrpUri[] {
    return [...this.usePath].reverse().concat(this.local);
  }

  /** To-Path toward a peer: the own relays, then the peer's path as its SDP has it. */
  toPath(peer: readonly MsrpUri[]): readonly MsrpUri[] {
    return [...this.usePath, ...peer];
  }

  /** Options of the stream that uses it, for `SessionNegotiator`: one stream, because one URI has one session. */
  get stream(): { readonly usePath: readonly MsrpUri[]; readonly uri: MsrpUri; readonly secure: boolean } {
    return { usePath: this.usePath, uri: this.local, secure: this.local.scheme === "msrps" };
  }

  /** No session will use it any more: it is not renewed. It ends by its time; relays know no other end. */
  release(): void {
    this.#host.released(this);
  }
}
