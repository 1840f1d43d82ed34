/**
 * The stage `upgrade`: an HTTP request that wants to become a WebSocket (RFC 7977 §4, §7) and what is decided about it.
 * An adapter tells of the request, gets the verdict before it answers 101, and joins the socket to `accept` afterwards.
 */
import { defineKey, type Key } from "../session/key.ts";
import type { UpgradeContext } from "./context.ts";
import { BaseContext } from "./contexts.ts";
import type { Accept, Clock, PeerCertificate } from "./transport.ts";
import type { Verdict } from "./verdict.ts";

/** What a WebSocket adapter tells of an HTTP request that wants to be upgraded. */
export interface UpgradeRequest {
  /** Path and query. */
  readonly url: string;
  /** Fields, lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly remoteAddress: string;
  readonly secure: boolean;
  readonly peerCertificate?: PeerCertificate | undefined;
  /** The clock of the transport that comes of it, for what a middleware does in time. @default the node's */
  readonly clock?: Clock | undefined;
}

/** What was decided about a request. */
export interface UpgradeResult {
  /** Accepted: answer 101 with its header fields. Else answer with its status, which is an HTTP status, and its fields. */
  readonly verdict: Verdict;
  /** Takes the transport of the socket that came of the request; what middlewares have set is on its handle. */
  readonly accept: Accept;
}

/** Who has authenticated in the handshake. */
export interface HandshakeUser {
  /** Name of the user. */
  readonly user: string;
  /** Realm that the user belongs to. @default the relay's */
  readonly realm?: string | undefined;
}

/**
 * Who has authenticated in the handshake, by cookie, token, Digest or certificate. Set it on the `UpgradeContext`: a relay
 * then answers the client's AUTH with 200, without a challenge (RFC 7977 §5.3.1).
 */
export const handshakeUser: Key<HandshakeUser> = defineKey("handshake.user");

/** `c` of the stage `upgrade`. */
export class NodeUpgradeContext extends BaseContext implements UpgradeContext {
  readonly url: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly remoteAddress: string;
  readonly secure: boolean;
  readonly peerCertificate: PeerCertificate | undefined;

  constructor(request: UpgradeRequest) {
    super();
    this.url = request.url;
    this.headers = request.headers;
    this.remoteAddress = request.remoteAddress;
    this.secure = request.secure;
    this.peerCertificate = request.peerCertificate;
  }

  get path(): string {
    return this.url.split("?", 1)[0] ?? "";
  }

  get protocols(): readonly string[] {
    const offered = this.headers.get("sec-websocket-protocol")?.split(",") ?? [];
    return offered.map((one) => one.trim()).filter((one) => one !== "");
  }

  cookie(name: string): string | undefined {
    const pairs = (this.headers.get("cookie") ?? "").split(/[;,]/).map((pair) => pair.trim());
    const found = pairs.filter((pair) => pair.startsWith(`${name}=`));
    // Two of one name: somebody has planted one from another path or host, and nobody can tell which.
    return found.length === 1 ? found[0]?.slice(name.length + 1) : undefined;
  }

  query(name: string): string | undefined {
    const [, query = ""] = this.url.split("?", 2);
    for (const pair of query.split("&")) {
      const [key = "", value = ""] = pair.split("=", 2);
      if (decoded(key) === name) return decoded(value);
    }
    return undefined;
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
