/**
 * A file that is being received: NAME.part takes the octets at their positions, NAME.part.json remembers which
 * ranges are there. When all are, the file gets its name in one step; until then a transfer can be resumed.
 *
 * Octets are written synchronously: they go into the system's cache, which takes microseconds and no copy, and a disk
 * that cannot keep up slows the sender down without a queue of ours. Only what waits for the disk itself is a promise.
 */
import {
  closeSync,
  fdatasync,
  fstatSync,
  ftruncateSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { RangeSet } from "../../core/session/range_set.ts";
import { alternativeName } from "./file_name.ts";

/** Octets written between two journals: a crash costs at most this much to be sent again. */
const JOURNAL_BYTES = 32 * 1024 * 1024;

/** Ranges kept in a journal; a message in more pieces loses the last ones on resuming, never its correctness. */
const MAX_JOURNAL_RANGES = 1_000;

/** Names tried ("a (1).txt" …) before a folder counts as full of files of that name. */
const MAX_NAMES = 1_000;

/** What the journal says of a message. */
export interface PartInfo {
  /** Message-ID under which the sender goes on. */
  readonly messageId: string;
  /** Name that the complete file gets, if it is free. */
  readonly name: string;
  /** Content-Type of the message. */
  readonly contentType: string;
  /** Octets of the whole message, when the sender said. */
  readonly total: number | undefined;
}

interface Journal extends PartInfo {
  readonly msrpkitPart: 1;
  readonly received: readonly (readonly [start: number, end: number])[];
}

/** One incomplete file. */
export class PartFile {
  /** What the message is. */
  readonly info: PartInfo;
  /** Ranges that are in the file. */
  readonly received: RangeSet;
  readonly #path: string;
  readonly #file: number;
  #sinceJournal = 0;
  /** A journal is on its way to the disk. */
  #syncing: Promise<void> | undefined;

  private constructor(path: string, file: number, info: PartInfo, received: RangeSet) {
    this.#path = path;
    this.#file = file;
    this.info = info;
    this.received = received;
  }

  /** Starts a file in a folder; two messages of one name get different files. */
  static create(folder: string, info: PartInfo): PartFile {
    for (let attempt = 0; attempt < MAX_NAMES; attempt++) {
      const path = join(folder, `${alternativeName(info.name, attempt)}.part`);
      // "wx": never follow or open what somebody else put there.
      const file = unlessExists(() => openSync(path, "wx+"));
      if (file === undefined) continue;
      const part = new PartFile(path, file, info, new RangeSet());
      part.#writeJournal(part.#ranges());
      return part;
    }
    throw new Error(`Cannot store ${info.name}: there are ${MAX_NAMES} files of that name`);
  }

  /** Opens what an earlier transfer left; `undefined` when the journal cannot be used. */
  static reopen(journalPath: string): PartFile | undefined {
    const journal = readJournal(journalPath);
    if (journal === undefined) return undefined;
    const path = journalPath.slice(0, -".json".length);
    let file: number;
    try {
      file = openSync(path, "r+");
    } catch {
      return undefined;
    }
    const { size } = fstatSync(file);
    const received = new RangeSet();
    for (const [start, end] of journal.received) received.add(start, end);
    // Believe the file more than the journal: what is not there was not received.
    received.truncate(size);
    const { messageId, name, contentType, total } = journal;
    return new PartFile(path, file, { messageId, name, contentType, total }, received);
  }

  /** Octets that are in the file. */
  get size(): number {
    return this.received.octets;
  }

  /** Writes octets of the message; `offset` counts from 0. */
  write(offset: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(this.#file, bytes, done, bytes.length - done, offset + done);
    }
    this.received.add(offset + 1, offset + bytes.length);
    this.#sinceJournal += bytes.length;
    if (this.#sinceJournal < JOURNAL_BYTES || this.#syncing !== undefined) return;
    this.#sinceJournal = 0;
    this.#syncing = this.#sync()
      // A journal that cannot be written costs octets sent again, not the transfer.
      .catch(() => undefined)
      .finally(() => {
        this.#syncing = undefined;
      });
  }

  /** All octets are there: gives the file its name and returns the path. No existing file is replaced. */
  async complete(size: number): Promise<string> {
    await this.#syncing;
    ftruncateSync(this.#file, size);
    closeSync(this.#file);
    const folder = dirname(this.#path);
    for (let attempt = 0; attempt < MAX_NAMES; attempt++) {
      const target = join(folder, alternativeName(this.info.name, attempt));
      if (!moveTo(this.#path, target)) continue;
      unlinkSync(`${this.#path}.json`);
      return target;
    }
    throw new Error(`Cannot store ${this.info.name}: there are ${MAX_NAMES} files of that name`);
  }

  /** The transfer was interrupted: keeps what is there for a later one and returns the path of the part. */
  async keep(): Promise<string> {
    await this.#syncing;
    await this.#sync();
    closeSync(this.#file);
    return this.#path;
  }

  /** Closes the file and changes nothing. */
  close(): void {
    closeSync(this.#file);
  }

  /** The sender gave the message up: removes everything. */
  async discard(): Promise<void> {
    await this.#syncing;
    closeSync(this.#file);
    for (const path of [this.#path, `${this.#path}.json`]) {
      try {
        unlinkSync(path);
      } catch {
        // Somebody was faster.
      }
    }
  }

  /** Data first, journal second, so that after a loss of power the journal promises nothing that is not there. */
  async #sync(): Promise<void> {
    const received = this.#ranges();
    await new Promise<void>((resolve, reject) => {
      fdatasync(this.#file, (error) => (error ? reject(error) : resolve()));
    });
    this.#writeJournal(received);
  }

  #writeJournal(received: Journal["received"]): void {
    const journal: Journal = { msrpkitPart: 1, ...this.info, received };
    const path = `${this.#path}.json`;
    writeFileSync(`${path}.new`, `${JSON.stringify(journal)}\n`);
    renameSync(`${path}.new`, path);
  }

  #ranges(): [start: number, end: number][] {
    const ranges: [number, number][] = [];
    for (const { start, end } of this.received) {
      if (ranges.length === MAX_JOURNAL_RANGES) break;
      ranges.push([start, end]);
    }
    return ranges;
  }
}

/**
 * Reads a journal, which anybody may have edited.
 *
 * @returns `undefined` when it is none
 */
export function readJournal(path: string): Journal | undefined {
  let value: Partial<Journal> | null;
  try {
    value = JSON.parse(readFileSync(path, "utf8")) as Partial<Journal> | null;
  } catch {
    return undefined;
  }
  if (value?.msrpkitPart !== 1) return undefined;
  const { messageId, name, contentType, total, received } = value;
  const sound =
    typeof messageId === "string" &&
    typeof name === "string" &&
    name === basename(name) &&
    typeof contentType === "string" &&
    (total === undefined || Number.isSafeInteger(total)) &&
    Array.isArray(received) &&
    received.every(isRange);
  return sound ? { msrpkitPart: 1, messageId, name, contentType, total, received } : undefined;
}

/** True for a pair of positions from 1. */
function isRange(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [start, end] = value as [unknown, unknown];
  return Number.isSafeInteger(start) && Number.isSafeInteger(end) && (start as number) >= 1;
}

/** Gives a file a new name in one step, unless the name is taken (then `false`). */
function moveTo(from: string, to: string): boolean {
  try {
    // Unlike rename, link never replaces a file.
    linkSync(from, to);
    unlinkSync(from);
    return true;
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === "EEXIST") return false;
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "ENOSYS") throw error;
  }
  // No hard links here (FAT, some network file systems): reserve the name, then replace our own empty file.
  const reserved = unlessExists(() => openSync(to, "wx"));
  if (reserved === undefined) return false;
  closeSync(reserved);
  renameSync(from, to);
  return true;
}

/** What `open` gives, or `undefined` when the file exists already. */
function unlessExists(open: () => number): number | undefined {
  try {
    return open();
  } catch (error) {
    if ((error as { code?: string }).code === "EEXIST") return undefined;
    throw error;
  }
}
