/**
 * Looks up the names of a session description that CEMA has to compare as addresses (RFC 6714 §4.4). Names that text alone
 * shows to be equal cost no query, and a name that cannot be resolved stays a name.
 */
import { canonicalHost, type Resolved } from "../sdp/address.ts";
import { addressMatchesPath, namesToResolve } from "../sdp/cema.ts";
import { SessionDescription } from "../sdp/session_description.ts";

// A description of ordinary size names two hosts a stream; a stranger's must not become a burst of queries.
const maxNames = 32;

/**
 * Resolves what has to be resolved.
 *
 * @throws RemoteProtocolError for text that is no SDP
 */
export async function resolveNames(
  text: string,
  strict: boolean,
  resolve: (host: string) => Promise<readonly string[]>,
): Promise<Resolved> {
  const names = new Set(
    SessionDescription.parse(text, { strict })
      .msrp.filter((media) => !media.rejected && !addressMatchesPath(media))
      .flatMap(namesToResolve),
  );
  const found = new Map<string, readonly string[]>();
  await Promise.all(
    [...names].slice(0, maxNames).map(async (name) => {
      try {
        found.set(name, await resolve(name));
      } catch {
        // No address is an answer as well: the name then matches nothing but itself.
      }
    }),
  );
  return (name) => found.get(canonicalHost(name));
}
