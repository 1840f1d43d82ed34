/**
 * The folder of `msrpkit receive --out`: starts files, finds those of interrupted transfers by their Message-ID,
 * and says which octets of them are there.
 */
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { proposedFileName, safeFileName } from "./file_name.ts";
import { extensionFor } from "./media_type.ts";
import { PartFile, readJournal } from "./part_file.ts";

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

/** Files of one folder, complete and not. */
export class FileStore {
  readonly #folder: string;
  // Message-ID -> journal of a part that nobody is writing to.
  readonly #resumable: Map<string, { path: string; total: number | undefined }> = new Map();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens a folder, which is made when missing, and looks for interrupted transfers. */
  static async open(folder: string): Promise<FileStore> {
    await mkdir(folder, { recursive: true });
    const store = new FileStore(folder);
    const journals = (await readdir(folder)).filter((name) => name.endsWith(".part.json"));
    for (const name of journals.slice(0, MAX_PARTS)) await store.#remember(join(folder, name));
    return store;
  }

  /** Number of interrupted transfers that can be resumed. */
  get resumableCount(): number {
    return this.#resumable.size;
  }

  /** True when an interrupted transfer of this message, of this size, waits to be resumed. */
  canResume(messageId: string, total: number | undefined): boolean {
    const part = this.#resumable.get(messageId);
    return part !== undefined && part.total !== undefined && part.total === total;
  }

  /**
   * The file for a message: that of an interrupted transfer when Message-ID and size are the same, else a new one.
   * An interrupted transfer is given out once.
   */
  async begin(message: IncomingFile): Promise<PartFile> {
    const { messageId, contentType, total } = message;
    if (this.canResume(messageId, total)) {
      const path = this.#resumable.get(messageId)!.path;
      this.#resumable.delete(messageId);
      const part = await PartFile.reopen(path);
      if (part !== undefined && part.info.total === total) return part;
    }
    const proposal = proposedFileName(message.contentDisposition) ?? "";
    const name = safeFileName(proposal, `${messageId}${extensionFor(contentType)}`);
    return await PartFile.create(this.#folder, { messageId, name, contentType, total });
  }

  /** The transfer was interrupted; a later one can go on. Returns the path of the part. */
  async keep(part: PartFile): Promise<string> {
    const path = await part.keep();
    await this.#remember(`${path}.json`);
    return path;
  }

  async #remember(path: string): Promise<void> {
    const journal = await readJournal(path);
    if (journal === undefined || this.#resumable.size >= MAX_PARTS) return;
    this.#resumable.set(journal.messageId, { path, total: journal.total });
  }
}
