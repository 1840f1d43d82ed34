/**
 * `msrpkit/trace-files`: opens the files that the `trace()` plugin writes to, on Bun, Deno and Node. They are readable by
 * their owner alone, because a trace holds what the peers said.
 */
import { closeSync, existsSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

/** A file that is written to. */
export interface TraceFile {
  write(bytes: Uint8Array): void;
  close(): void;
}

/** Which files are written. */
export interface TraceFilesOptions {
  /** Captures for Wireshark and tshark, `*.pcapng`. @default true */
  readonly captures?: boolean;
  /** Ladder diagrams, `*.txt`. @default true */
  readonly ladders?: boolean;
}

/** What `trace()` asks for a trace that begins. */
export type OpenTrace = (start: { readonly id: number; readonly startedAt: number }) => {
  capture?: TraceFile;
  ladder?: TraceFile;
};

/**
 * Gives each trace its files below a directory, which is made when it is not there. Their names are the time of the first
 * frame and the number of the trace, or the next one that is free, so that they say nothing of the session.
 *
 * Writes are synchronous: nothing is lost when the program ends, and a slow disk slows down the node.
 *
 * ```ts
 * app.use(trace({ open: traceFiles("traces") }));
 * ```
 *
 * @throws {Error} of the runtime, when the directory cannot be made; later ones go to the `error` tap
 */
export function traceFiles(directory: string, options: TraceFilesOptions = {}): OpenTrace {
  const { captures = true, ladders = true } = options;
  mkdirSync(directory, { recursive: true });
  return ({ id, startedAt }) => {
    const time = new Date(startedAt).toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
    const endings = [...(captures ? [".pcapng"] : []), ...(ladders ? [".txt"] : [])];
    // Other nodes, or an earlier run of the same second, may have had the number.
    let number = id;
    const name = (): string => join(directory, `msrp-${time}-${number}`);
    while (endings.some((ending) => existsSync(name() + ending))) number++;
    return {
      ...(captures ? { capture: openFile(`${name()}.pcapng`) } : {}),
      ...(ladders ? { ladder: openFile(`${name()}.txt`) } : {}),
    };
  };
}

function openFile(path: string): TraceFile {
  const file = openSync(path, "wx", 0o600);
  return {
    write(bytes) {
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
    },
    close: () => closeSync(file),
  };
}
