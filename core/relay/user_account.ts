/**
 * What a relay counts of one user, over all connections: URIs given out, and how much is sent. It lives as long as the
 * user has a URI.
 */
import type { Rate } from "./rate.ts";

/** A user who has URIs of the relay. */
export interface UserAccount {
  /** Name and realm, as one key. */
  readonly key: string;
  /** The name, as in the credentials. */
  readonly name: string;
  /** URIs that the user has. */
  bindings: number;
  readonly chunks: Rate;
  readonly bytes: Rate;
}
