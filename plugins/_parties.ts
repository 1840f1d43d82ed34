/**
 * Who talks in a session, in words that may be stored and sent on: user and host, never the session-id. A user who has
 * logged in counts for more than what a URI says.
 */
import {
  type ConnectionHandle,
  type HandshakeUser,
  handshakeUser,
  type MsrpUri,
  relayUser,
  type Session,
} from "../core/mod.ts";
import { isRelayed } from "./_relayed.ts";

/** The user who has proved to be at the other end, as far as this node knows. */
export function loginOn(
  session: Session | undefined,
  connection: ConnectionHandle | undefined,
): string | undefined {
  // The session of what is relayed is that of the URI's owner, whoever sends.
  const own = session === undefined || isRelayed(session) ? undefined : session.get(handshakeUser);
  const user: HandshakeUser | undefined = own ?? connection?.get(handshakeUser) ?? connection?.get(relayUser);
  if (user === undefined) return undefined;
  return user.realm === undefined ? user.user : `${user.user}@${user.realm}`;
}

/** User and host of a URI. */
export function partyOf(uri: MsrpUri | undefined): string {
  if (uri === undefined) return "";
  return uri.user === undefined ? uri.host : `${uri.user}@${uri.host}`;
}
