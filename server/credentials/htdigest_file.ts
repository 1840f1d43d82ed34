/**
 * Users in an htdigest file, held in memory and read again when the file changes. Reading goes by the file's own
 * traits and not by watching it: that works with every editor, every file system and every runtime.
 */
import { readFile, stat } from "node:fs/promises";
import type { DigestAlgorithm, MaybePromise, UserCredentials } from "../../core/mod.ts";
import { StaticCredentials } from "../../core/mod.ts";
import { editHtdigest, type HtdigestFault, parseHtdigest } from "./htdigest_format.ts";
import { replaceFile } from "./replace_file.ts";
import { type ListedUser, type ManagedStore, StoreError } from "./store.ts";

/** Largest file that is read, in octets: 300,000 users or so. */
export const MAX_HTDIGEST_BYTES: number = 64 * 1024 * 1024;

/** How an htdigest file is used. */
export interface HtdigestOptions {
  /** At most so often is the file looked at, in milliseconds; a change counts after that time at the latest. @default 1000 */
  readonly checkIntervalMs?: number | undefined;
  /** Hears of lines that make no sense, and of a file that cannot be read any more; the last good users stay. */
  readonly onProblem?: ((problem: Error) => void) | undefined;
  /** A clock in milliseconds that never runs backwards. @default performance.now */
  readonly now?: (() => number) | undefined;
}

/** An htdigest file. */
export class HtdigestFile implements ManagedStore {
  readonly description: string;
  readonly #path: string;
  readonly #options: HtdigestOptions;
  readonly #now: () => number;
  #users = new StaticCredentials();
  #traits = "";
  #checked = Number.NEGATIVE_INFINITY;
  #checking: Promise<void> | undefined;

  private constructor(path: string, options: HtdigestOptions) {
    this.#path = path;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.description = `htdigest file ${path}`;
  }

  /** Opens a file for a relay. @throws StoreError when it cannot be read, or holds other things than users */
  static async open(path: string, options: HtdigestOptions = {}): Promise<HtdigestFile> {
    const file = new HtdigestFile(path, options);
    await file.#read();
    return file;
  }

  /** Opens a file for `msrpkit user`; a missing one is made by the first user. @throws StoreError */
  static async edit(path: string, options: HtdigestOptions = {}): Promise<HtdigestFile> {
    const there = await stat(path).then(
      () => true,
      (error: { code?: string }) => error.code !== "ENOENT",
    );
    return there ? await HtdigestFile.open(path, options) : new HtdigestFile(path, options);
  }

  /** Number of users. */
  get size(): number {
    return this.#users.size;
  }

  /** See `Credentials.lookup`; a promise only while the file is looked at. */
  lookup(user: string, realm: string): MaybePromise<UserCredentials | undefined> {
    const checking = this.#check();
    if (checking === undefined) return this.#users.lookup(user, realm);
    return checking.then(() => this.#users.lookup(user, realm));
  }

  /** See `Credentials.algorithms`. */
  algorithms(realm: string): readonly DigestAlgorithm[] {
    this.#check();
    return this.#users.algorithms(realm);
  }

  /** See `Credentials.userOf`. */
  userOf(userhash: string, realm: string, algorithm: DigestAlgorithm): MaybePromise<string | undefined> {
    const checking = this.#check();
    if (checking === undefined) return this.#users.userOf(userhash, realm, algorithm);
    return checking.then(() => this.#users.userOf(userhash, realm, algorithm));
  }

  /** Reads the file again now. @throws StoreError when it cannot be read; the users stay as they were */
  async reload(): Promise<void> {
    await this.#checking;
    await this.#read();
  }

  /** Nothing is held open. */
  async close(): Promise<void> {}

  /** See `ManagedStore.set`. */
  async set(user: string, realm: string, password: string, mode: "add" | "change"): Promise<boolean> {
    return await this.#edit((text, users) => {
      const there = users.lookup(user, realm) !== undefined;
      return there === (mode === "change") ? editHtdigest(text, user, realm, password) : undefined;
    });
  }

  /** See `ManagedStore.remove`. */
  async remove(user: string, realm: string): Promise<boolean> {
    return await this.#edit((text, users) =>
      users.lookup(user, realm) === undefined ? undefined : editHtdigest(text, user, realm, undefined),
    );
  }

  /** See `ManagedStore.list`. */
  async list(realm?: string): Promise<ListedUser[]> {
    const listed = [...this.#users].map(([user, ofRealm, { ha1 }]) => ({
      user,
      realm: ofRealm,
      algorithms: Object.keys(ha1),
    }));
    return listed
      .filter((one) => realm === undefined || one.realm === realm)
      .sort((a, b) => compare(a.realm, b.realm) || compare(a.user, b.user));
  }

  async #edit(change: (text: string, users: StaticCredentials) => string | undefined): Promise<boolean> {
    const changed = await replaceFile(this.#path, (text) => change(text, parseHtdigest(text).users));
    if (changed) await this.#read();
    return changed;
  }

  /** Looks whether the file has changed, unless it did so a moment ago; then nothing is to be waited for. */
  #check(): Promise<void> | undefined {
    const now = this.#now();
    if (this.#checking !== undefined) return this.#checking;
    if (now - this.#checked < (this.#options.checkIntervalMs ?? 1000)) return undefined;
    this.#checked = now;
    this.#checking = this.#refresh().finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  async #refresh(): Promise<void> {
    try {
      if ((await traitsOf(this.#path)) !== this.#traits) await this.#read();
    } catch (error) {
      // Nothing was there to begin with: `msrpkit user add` is about to make it.
      if (this.#traits === "" && (error as { code?: string }).code === "ENOENT") return;
      // A relay goes on with the users that it knows; an editor may just be between two steps.
      this.#options.onProblem?.(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #read(): Promise<void> {
    try {
      const traits = await traitsOf(this.#path);
      const { users, faults } = parseHtdigest(await readFile(this.#path, "utf8"));
      const [first] = faults;
      // Another file, or one that is just being written: the users that are known stay.
      if (first !== undefined && users.size === 0) throw this.#fault(first);
      // What was read may be newer than its traits, never older: then the next look reads it once more.
      this.#traits = traits;
      this.#users = users;
      this.#checked = this.#now();
      for (const fault of faults.slice(0, 10)) this.#options.onProblem?.(this.#fault(fault));
    } catch (error) {
      if (error instanceof StoreError) throw error;
      const reason = (error as { code?: string }).code ?? String(error);
      throw new StoreError(`Cannot read the users in ${this.#path}: ${reason}`, { cause: error });
    }
  }

  #fault({ line }: HtdigestFault): StoreError {
    return new StoreError(`${this.#path}:${line}: no line of the form user:realm:HA1`);
  }
}

/** What changes when a file is written or replaced. */
async function traitsOf(path: string): Promise<string> {
  const { size, mtimeMs, ctimeMs, ino } = await stat(path);
  if (size > MAX_HTDIGEST_BYTES) {
    throw new StoreError(`Cannot read the users in ${path}: it has over ${MAX_HTDIGEST_BYTES} octets`);
  }
  return [size, mtimeMs, ctimeMs, ino].join();
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
