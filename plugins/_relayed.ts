/**
 * Tells sessions that are relayed from those that end here. Of what is relayed there are chunks alone: no message is put
 * together, and nothing can be sent.
 */
import type { Session } from "../core/mod.ts";

/** True for a session that a relay passes on. A session of the node itself is bound before its first chunk. */
export function isRelayed(session: Session): boolean {
  return session.state === "idle";
}
