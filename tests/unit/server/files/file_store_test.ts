// The folder of received files: safe names, resumable transfers found by Message-ID and size, each given out once.
// A second store over the same folder stands for the command started again.
import { readdir, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "#test";
import { FileStore, type IncomingFile } from "../../../../server/files/file_store.ts";
import { testFolder } from "../../../harness/folder.ts";

const root = testFolder();
let count = 0;

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
    const store = FileStore.open(folder);
    const part = store.begin(message);
    part.write(0, Uint8Array.of(1, 2, 3, 4));
    expect(await part.complete(4)).toBe(join(folder, "cat.png"));
  });

  test("without a proposed name the Message-ID and the type make one", async () => {
    const store = FileStore.open(freshFolder());
    const part = store.begin({ ...message, contentDisposition: undefined });
    expect(part.info.name).toBe("mid.1.png");
    await part.discard();
  });

  test("RFC 4975 §5.4: an interrupted transfer goes on under its Message-ID, also after a restart", async () => {
    const folder = freshFolder();
    const store = FileStore.open(folder);
    const part = store.begin(message);
    part.write(0, Uint8Array.of(1, 2));
    await store.keep(part);

    const later = FileStore.open(folder);
    expect([later.resumableCount, [...(later.resumable("mid.1")?.received ?? [])]]).toEqual([
      1,
      [{ start: 1, end: 2 }],
    ]);
    const resumed = later.begin(message, later.take("mid.1", 4));
    expect([...resumed.received]).toEqual([{ start: 1, end: 2 }]);
    expect(later.take("mid.1", 4)).toBe(undefined);
    resumed.write(2, Uint8Array.of(3, 4));
    const path = await resumed.complete(4);
    expect([...(await readFile(path))]).toEqual([1, 2, 3, 4]);
    expect(await readdir(folder)).toEqual(["cat.png"]);
  });

  test("another size, an unknown size or another Message-ID is not the same transfer", async () => {
    const store = FileStore.open(freshFolder());
    const part = store.begin(message);
    part.write(0, Uint8Array.of(1));
    await store.keep(part);
    expect([store.take("mid.1", 5), store.take("mid.1", undefined), store.take("mid.2", 4)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    const unknown = store.begin({ ...message, messageId: "mid.3", total: undefined });
    unknown.write(0, Uint8Array.of(1));
    await store.keep(unknown);
    expect(store.resumable("mid.3")).toBe(undefined);
    expect(store.take("mid.1", 4)?.total).toBe(4);
  });

  test("a part that was changed since it was announced is not resumed", async () => {
    const store = FileStore.open(freshFolder());
    const part = store.begin(message);
    part.write(0, Uint8Array.of(1, 2));
    const path = await store.keep(part);
    const resumable = store.take("mid.1", 4);
    await truncate(path, 1);
    expect(() => store.begin(message, resumable)).toThrow("it was changed");
  });
});
