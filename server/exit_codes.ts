/**
 * The exit statuses of the command `msrpkit`, so that scripts can tell what went wrong.
 * The table in docs/2.reference/cli.md lists the same numbers.
 */

/** Everything asked for was done: each message was delivered, each expected message arrived. */
export const EXIT_OK = 0;
/** A message was refused, timed out, was aborted, or its echo differed; or a transfer is unfinished. */
export const EXIT_NOT_DELIVERED = 1;
/** The command line makes no sense: unknown option, missing argument, malformed URI. */
export const EXIT_USAGE = 2;
/** No connection: name not found, refused, TLS failed, or the connection broke. */
export const EXIT_CONNECTION = 3;
/** A file could not be read or written, or a certificate not be loaded. */
export const EXIT_FILE = 4;
/** A fault in msrpkit itself; please report it. `MSRPKIT_DEBUG=1` prints the stack. */
export const EXIT_INTERNAL = 70;
/** What reads the output has gone: the status that shells show for SIGPIPE, which no runtime lets through. */
export const EXIT_UNREAD = 141;

/**
 * Exit status of a command ended by a signal, as shells count it.
 *
 * @param signal name of the signal
 */
export function exitCodeOfSignal(signal: "SIGINT" | "SIGTERM"): number {
  return signal === "SIGINT" ? 130 : 143;
}
