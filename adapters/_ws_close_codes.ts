// The close codes of RFC 6455 §7.4.1, and which of them tells a peer why the core gives it up.
// Small and by itself, because it goes into bundles for browsers too.
import { ConnectionError, LocalProtocolError, RemoteProtocolError } from "../core/mod.ts";

/** Close codes that are used here (RFC 6455 §7.4.1). */
export const closeCodes = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  noStatus: 1005,
  badText: 1007,
  policy: 1008,
  tooBig: 1009,
} as const;

/** The close code that tells a peer why the core gives it up; undefined where a code would tell nothing. */
export function closeCodeFor(reason: Error | undefined): number | undefined {
  if (reason === undefined) return undefined;
  if (reason instanceof RemoteProtocolError) return closeCodes.protocolError;
  if (reason instanceof ConnectionError)
    return reason.code === "node-closed" ? closeCodes.goingAway : closeCodes.policy;
  return reason instanceof LocalProtocolError ? closeCodes.goingAway : undefined;
}

/** Answers the closing frame of a peer where the runtime does not: with its code, or 1000 for one that cannot be sent. */
export function finishClose(socket: { close(code: number): void }, code: number): void {
  try {
    socket.close(code === closeCodes.noStatus ? closeCodes.normal : code);
  } catch {
    // It is closed already, or has just broken.
  }
}
