/**
 * The folder of `msrpkit receive --out`: starts files, and finds those of interrupted transfers by their Message-ID.
 * It knows which octets of them are there.
 */
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { RangeSet } from "../../core/session/range_set.ts";
import { proposedFileName, safeFileName } from "./file_name.ts";
import { extensionFor } from "./media_type.ts";
import { PartFile } from "./part_file.ts";

/** Interrupted transfers that are remembered; a folder with more of them needs tidying first. */
const MAX_PARTS = 10_000;

/** What is known when the first octets of a message arrive. */
export interface IncomingFile {
  readonly messageId: string;
  readonly contentType: string;
  /** Content-Disposition field, which may propose a name. */
  readonly contentDisposition: string | undefined;
  /** Octets of the whole message, when the sender said. */
  readonly total: number | undefined;
}

/** What is there of an interrupted transfer; positions from 1, as in Byte-Range. */
export interface Resumable {
  /** Path of the journal. */
  readonly journalPath: string;
  /** Octets of the whole message. */
  readonly total: number;
  /** Ranges that need not be sent again. */
  readonly received: RangeSet;
}

/** Files of one folder, complete and not. */
export class FileStore {
  readonly #folder: string;
  // By Message-ID: the parts that nobody is writing to.
  readonly #resumable: Map<string, Resumable> = new Map();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens a folder, which is made when missing, and looks for interrupted transfers. */
  static open(folder: string): FileStore {
    mkdirSync(folder, { recursive: true });
    const store = new FileStore(folder);
    const journals = readdirSync(folder).filter((name) => name.endsWith(".part.json"));
    for (const name of journals.slice(0, MAX_PARTS)) store.#remember(join(folder, name));
    return store;
  }

  /** Number of interrupted transfers that can be resumed. */
  get resumableCount(): number {
    return this.#resumable.size;
  }

  /** What is there of a message, or `undefined`. A message whose size was never known cannot be resumed. */
  resumable(messageId: string): Resumable | undefined {
    return this.#resumable.get(messageId);
  }

  /**
   * Takes an interrupted transfer out, to go on with it, when Message-ID and size are the same.
   *
   * @returns `undefined` when there is none; start a new file then
   */
  take(messageId: string, total: number | undefined): Resumable | undefined {
    const found = this.#resumable.get(messageId);
    if (found === undefined || found.total !== total) return undefined;
    this.#resumable.delete(messageId);
    return found;
  }

  /**
   * The file for a message: a new one, or that of an interrupted transfer.
   *
   * @param resumed what `take` gave
   * @throws when the part of an interrupted transfer is not what it was
   */
  begin(message: IncomingFile, resumed?: Resumable): PartFile {
    const { messageId, contentType, total } = message;
    if (resumed !== undefined) {
      const part = PartFile.reopen(resumed.journalPath);
      // The sender leaves out what we told it is there: it must be there.
      if (part !== undefined && part.size === resumed.received.octets) return part;
      throw new Error(`Cannot resume ${resumed.journalPath}: it was changed`);
    }
    const proposal = proposedFileName(message.contentDisposition) ?? "";
    const name = safeFileName(proposal, `${messageId}${extensionFor(contentType)}`);
    return PartFile.create(this.#folder, { messageId, name, contentType, total });
  }

  /** The transfer was interrupted; a later one can go on. Returns the path of the part. */
  async keep(part: PartFile): Promise<string> {
    const path = await part.keep();
    this.#remember(`${path}.json`);
    return path;
  }

  #remember(journalPath: string): void {
    if (this.#resumable.size >= MAX_PARTS) return;
    const part = PartFile.reopen(journalPath);
    if (part === undefined) return;
    part.close();
    const { messageId, total } = part.info;
    if (total === undefined) return;
    this.#resumable.set(messageId, { journalPath, total, received: part.received });
  }
}
