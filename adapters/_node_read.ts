// Reads sockets of node:net and node:tls into one buffer of the whole process. Node otherwise makes 16 to 64 KiB of garbage for
// every read, which at a gigabyte per second means full collections and a hundred megabytes of memory.
import net from "node:net";
import process from "node:process";

/** Octets of one read at most. */
const readBytes = 262_144;

/** Where the octets of one socket go; `deliver` is set by whoever owns the socket, before the next turn. */
export interface Reads {
  /** For `net.connect` and `net.Socket`. */
  readonly onread: net.OnReadOpts;
  /** Takes octets, which are valid during the call only. */
  deliver: (bytes: Uint8Array) => void;
}

// Others imitate node:net without this part of it.
const imitated = process.versions["bun"] !== undefined || process.versions["deno"] !== undefined;
// Reads follow each other on the one thread, and what is delivered is copied where it must survive the call.
let shared: Uint8Array | undefined;

/** Reads of a socket that is about to be made; undefined where only `data` events can be had. */
export function sharedReads(): Reads | undefined {
  if (imitated) return undefined;
  shared ??= new Uint8Array(readBytes);
  const buffer = shared;
  const reads: Reads = {
    onread: {
      buffer,
      callback: (count) => {
        reads.deliver(count === readBytes ? buffer : buffer.subarray(0, count));
        return true;
      },
    },
    deliver: () => {},
  };
  return reads;
}

/**
 * A socket that a listener with `pauseOnConnect` accepted, as one that reads into the shared buffer. Node has no public way
 * to say so to a listener; where the private one is missing the socket comes back as it was.
 */
export function adopt(socket: net.Socket): { readonly socket: net.Socket; readonly reads?: Reads } {
  const accepted = socket as unknown as { _handle: { useUserBuffer?: unknown } | null };
  const handle = accepted._handle;
  const reads = sharedReads();
  if (reads === undefined || typeof handle?.useUserBuffer !== "function") return { socket };
  const options = { handle, allowHalfOpen: true, onread: reads.onread };
  const adopted = new net.Socket(options as net.SocketConstructorOpts);
  // The first one is a shell now; its end is what the listener counts.
  accepted._handle = null;
  socket.destroy();
  return { socket: adopted, reads };
}

/**
 * Reads of a socket whose TLS handshake is done. Node offers them only to clients that make the connection themselves; where
 * its private ways are others, or octets have come before, the socket stays with `data` events.
 */
export function secureReads(socket: net.Socket): Reads | undefined {
  const { _handle: handle } = socket as unknown as {
    _handle: { useUserBuffer?: (buffer: Uint8Array) => void } | null;
  };
  const reads = sharedReads();
  if (reads === undefined || typeof handle?.useUserBuffer !== "function" || socket.readableLength > 0) return;
  const fields = socket as unknown as Record<symbol, unknown>;
  const named = (name: string): symbol | undefined =>
    Object.getOwnPropertySymbols(socket).find(({ description }) => description === name);
  const [buffer, callback, generator] = [named("kBuffer"), named("kBufferCb"), named("kBufferGen")];
  if (buffer === undefined || callback === undefined || generator === undefined) return;
  fields[buffer] = reads.onread.buffer;
  fields[callback] = reads.onread.callback;
  fields[generator] = null;
  handle.useUserBuffer(reads.onread.buffer as Uint8Array);
  return reads;
}
