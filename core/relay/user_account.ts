/**
 * What a relay counts of one user, over all connections: URIs given out, and how much is sent. It lives as long as the
 * user has a URI.
 */
import type { HandshakeUser } from "../node/upgrade.ts";
import { defineKey, type Key } from "../session/key.ts";
import type { Rate } from "./rate.ts";

/**
 * Who has logged in last over a connection of a relay by AUTH; set on its handle, for plugins that count or log by user. A
 * link between relays, which carries many users, has none.
 */
export const relayUser: Key<HandshakeUser> = defineKey("relay.user");

/** A user who has URIs of the relay. */
export interface UserAccount {
  /** Name and realm, as one key. */
  readonly key: string;
  /** The name, as in the credentials. */
  readonly name: string;
  readonly realm: string;
  /** URIs that the user has. */
  bindings: number;
  readonly chunks: Rate;
  readonly bytes: Rate;
}
