// The folder of received files: safe names, resumable transfers found by Message-ID and size, each given out once.
// A second store over the same folder stands for the command started again.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "#test";
import { FileStore, type IncomingFile } from "../../../../server/files/file_store.ts";

let root = "";
let count = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "msrpkit-store-"));
});
afterAll(() => rm(root, { recursive: true }));

const message: IncomingFile = {
  messageId: "mid.1",
  contentType: "image/png",
  contentDisposition: 'attachment; filename="../cat.png"',
  total: 4,
};
const freshFolder = (): string => join(root, String(count++), "new");

describe("FileStore", () => {
  test("makes the folder and keeps every file inside it", async () => {
    const folder = freshFolder();
    const store = await FileStore.open(folder);
    const part = await store.begin(message);
    await part.write(0, Uint8Array.of(1, 2, 3, 4));
    expect(await part.complete(4)).toBe(join(folder, "cat.png"));
  });

  test("without a proposed name the Message-ID and the type make one", async () => {
    const store = await FileStore.open(freshFolder());
    const part = await store.begin({ ...message, contentDisposition: undefined });
    expect(part.info.name).toBe("mid.1.png");
    await part.discard();
  });

  test("RFC 4975 §5.4: an interrupted transfer goes on under its Message-ID, also after a restart", async () => {
    const folder = freshFolder();
    const store = await FileStore.open(folder);
    const part = await store.begin(message);
    await part.write(0, Uint8Array.of(1, 2));
    await store.keep(part);

    const later = await FileStore.open(folder);
    expect([later.resumableCount, later.canResume("mid.1", 4)]).toEqual([1, true]);
    const resumed = await later.begin(message);
    expect([...resumed.received]).toEqual([{ start: 1, end: 2 }]);
    expect(later.canResume("mid.1", 4)).toBe(false);
    await resumed.write(2, Uint8Array.of(3, 4));
    const path = await resumed.complete(4);
    expect([...(await readFile(path))]).toEqual([1, 2, 3, 4]);
    expect(await readdir(folder)).toEqual(["cat.png"]);
  });

  test("another size, an unknown size or another Message-ID starts anew", async () => {
    const store = await FileStore.open(freshFolder());
    const part = await store.begin(message);
    await part.write(0, Uint8Array.of(1));
    await store.keep(part);
    for (const other of [
      { ...message, total: 5 },
      { ...message, total: undefined },
      { ...message, messageId: "mid.2" },
    ]) {
      const fresh = await store.begin(other);
      expect(fresh.size).toBe(0);
      await fresh.discard();
    }
    expect(store.canResume("mid.1", 4)).toBe(true);
  });
});
