/**
 * Rewrites a small file so that whoever reads it sees the old text or the new one, never half of it, and so that two
 * writers do not undo each other. A crash leaves the old file, and at worst a lock that names its owner.
 */
import { chmod, chown, open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import process from "node:process";
import { StoreError } from "./store.ts";

/** How long a writer waits for another one, in milliseconds. */
export const LOCK_WAIT_MS = 5000;

const retryMs = 50;

/**
 * Replaces the text of a file.
 *
 * @param edit gives the new text for the present one (`""` for a missing file), or `undefined` to leave it
 * @returns false when `edit` left the file as it was
 * @throws StoreError when another writer holds the lock for too long; system errors as they are
 */
export async function replaceFile(
  path: string,
  edit: (text: string) => string | undefined,
  waitMs: number = LOCK_WAIT_MS,
): Promise<boolean> {
  // A link stays a link: what it points to is replaced.
  const target = await realpath(path).catch(() => path);
  const unlock = await lock(target, waitMs);
  const draft = `${target}.new`;
  try {
    const before = await stat(target).catch(() => undefined);
    const text = edit(before === undefined ? "" : await readFile(target, "utf8"));
    if (text === undefined) return false;
    await write(draft, text);
    if (before !== undefined) {
      await chmod(draft, before.mode & 0o777);
      // A relay under another user must still be able to read it; only root can, and only root needs to, give it away.
      if (process.getuid?.() === 0) await chown(draft, before.uid, before.gid);
    }
    await rename(draft, target);
    return true;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  } finally {
    await unlock();
  }
}

async function write(path: string, text: string): Promise<void> {
  await rm(path, { force: true });
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Takes the file's lock; the function returned gives it back. */
async function lock(target: string, waitMs: number): Promise<() => Promise<void>> {
  const path = `${target}.lock`;
  const until = performance.now() + waitMs;
  for (;;) {
    try {
      const file = await open(path, "wx", 0o600);
      await file.writeFile(`${process.pid}\n`);
      await file.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as { code?: string }).code !== "EEXIST") throw error;
      if (performance.now() >= until) {
        throw new StoreError(`${path} is held by another process; if none is running, delete it`, {
          cause: error,
        });
      }
    }
    await new Promise<void>((resolve) => {
      setTimeout(resolve, retryMs);
    });
  }
}
