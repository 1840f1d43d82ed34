/**
 * ClamAV's daemon as a scanner for `contentFilter()`: each message goes to it as an INSTREAM over TCP or a Unix socket, in
 * pieces as they come. It uses `node:net`, which Bun, Deno and Node have.
 */
import { type ClamdAddress, type ClamdLimits, ClamdLink } from "./_clamd_link.ts";
import { type ClamdVerdict, readReply } from "./_clamd_reply.ts";

export type { ClamdAddress } from "./_clamd_link.ts";
export type { ClamdVerdict } from "./_clamd_reply.ts";

/** Where clamd listens, and how much is asked of it. */
export type ClamdOptions = ClamdAddress & ClamdLimits;

/** A message on its way through clamd. */
export interface ClamdScan {
  /** Takes octets, which need only be valid during the call; the promise resolves when there is room for more. */
  write(bytes: Uint8Array): void | Promise<void>;
  /** What clamd says. @throws {Error} it is not there, refuses, or ends without an answer */
  finish(): Promise<ClamdVerdict>;
  /** Drops the connection. */
  abort(): void;
}

/** clamd as a scanner: fits the option `virus.scanner` of `contentFilter()`. */
export interface ClamdScanner {
  /** Begins with a message. */
  open(): ClamdScan;
  /** Asks whether it is there, for health checks. @throws {Error} it is not */
  ping(): Promise<void>;
}

/**
 * Makes a scanner.
 *
 * ```ts
 * const scanner = clamd({ path: "/run/clamav/clamd.ctl" });
 * app.use(contentFilter({ virus: { scanner } }));
 * ```
 *
 * @throws {TypeError} neither `path` nor `host` and `port`, or a limit that is none
 */
export function clamd(options: ClamdOptions): ClamdScanner {
  const link = new ClamdLink(options);
  return {
    open: () => {
      const call = link.call("INSTREAM");
      return {
        write: (bytes) => (bytes.length === 0 ? undefined : call.write(framed(bytes))),
        finish: async () => {
          // A piece of no octets is the end.
          await call.write(new Uint8Array(4));
          return readReply(await call.reply);
        },
        abort: () => call.end(),
      };
    },
    ping: async () => {
      const reply = await link.call("PING").reply;
      if (reply !== "PONG") throw new Error(`clamd answered "${reply}" to PING`);
    },
  };
}

// Each piece has its length before it: 32 bits in network order.
function framed(bytes: Uint8Array): Uint8Array {
  const piece = new Uint8Array(bytes.length + 4);
  new DataView(piece.buffer).setUint32(0, bytes.length);
  piece.set(bytes, 4);
  return piece;
}
