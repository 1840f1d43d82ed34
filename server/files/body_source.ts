/**
 * What `msrpkit send` can send: a text, a file or standard input, each as a stream that is read only as fast as
 * the connection takes it. A file is never read whole.
 */
import { open, stat } from "node:fs/promises";
import { basename } from "node:path";
import process from "node:process";
import { CommandError } from "../cli/command_error.ts";
import { EXIT_FILE } from "../exit_codes.ts";
import { mediaTypeOf, TEXT } from "./media_type.ts";
import { reasonOf } from "./reason_of.ts";

/** Octets read from a file at once: large enough that system calls do not count, small against the memory limit. */
const READ_BYTES = 256 * 1024;

/** Something that can be sent as one message. */
export interface BodySource {
  /** Name to show, and for a file the name to propose to the receiver. */
  readonly name: string;
  /** True when the receiver should get the name as a file name. */
  readonly isFile: boolean;
  /** Octets in all, or `undefined` when only the end will tell. */
  readonly size: number | undefined;
  /** Media type, when the source tells one. */
  readonly contentType: string;
  /** Opens the octets from `position` (from 0) to the end. Sources without a size can be opened at 0 only. */
  read(position: number): AsyncIterable<Uint8Array>;
}

/** A text from the command line. */
export function textSource(text: string): BodySource {
  const bytes = new TextEncoder().encode(text);
  return {
    name: "text",
    isFile: false,
    size: bytes.length,
    contentType: TEXT,
    async *read(position) {
      if (position < bytes.length) yield bytes.slice(position);
    },
  };
}

/**
 * A file. Anything that is not a regular file (a FIFO, a device) has no size.
 *
 * @throws {CommandError} (file) when it cannot be read
 */
export async function fileSource(path: string): Promise<BodySource> {
  const info = await stat(path).catch((cause: Error) => {
    throw new CommandError(EXIT_FILE, `Cannot read ${path}: ${reasonOf(cause)}`, { cause });
  });
  if (info.isDirectory()) throw new CommandError(EXIT_FILE, `Cannot read ${path}: it is a directory`);
  const name = basename(path);
  const size = info.isFile() ? info.size : undefined;
  return { name, isFile: true, size, contentType: mediaTypeOf(name), read: (at) => readFrom(path, at, size) };
}

/** Standard input, until its end: a text unless `--type` says otherwise, as the words of the command line are. */
export function standardInput(): BodySource {
  return {
    name: "standard input",
    isFile: false,
    size: undefined,
    contentType: TEXT,
    async *read() {
      for await (const bytes of process.stdin) yield bytes as Uint8Array;
    },
  };
}

/** The octets of a file from a position, exactly as many as its size said at the start. */
async function* readFrom(
  path: string,
  start: number,
  size: number | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await open(path, "r").catch((cause: Error) => {
    throw new CommandError(EXIT_FILE, `Cannot read ${path}: ${reasonOf(cause)}`, { cause });
  });
  try {
    let position = start;
    const end = size ?? Number.POSITIVE_INFINITY;
    while (position < end) {
      const buffer = new Uint8Array(Math.min(READ_BYTES, end - position));
      // A FIFO has no positions; asking for one would fail.
      const { bytesRead } = await file.read(buffer, 0, buffer.length, size === undefined ? null : position);
      if (bytesRead === 0) break;
      position += bytesRead;
      yield bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead);
    }
    if (size !== undefined && position < size) {
      throw new CommandError(EXIT_FILE, `Cannot send ${path}: it became shorter while it was being read`);
    }
  } finally {
    await file.close();
  }
}
