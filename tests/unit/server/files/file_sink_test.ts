// What becomes of a received message decides what becomes of its file.
// The sink is driven as an inbox would drive it; the files are real.
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "#test";
import { ConnectionError, DeliveryError } from "../../../../core/mod.ts";
import { fileSink } from "../../../../server/files/file_sink.ts";
import { FileStore, type IncomingFile } from "../../../../server/files/file_store.ts";
import { testFolder } from "../../../harness/folder.ts";

const root = testFolder();

const message: IncomingFile = {
  messageId: "mid.1",
  contentType: "text/plain",
  contentDisposition: 'attachment; filename="note.txt"',
  total: 4,
};
const aborted = new DeliveryError("aborted", "aborted by its sender", { status: 413, messageId: "mid.1" });
const lost = new ConnectionError("connection-lost", "the connection was lost");

async function world(): Promise<{
  folder: string;
  store: FileStore;
  told: string[];
  sink: () => ReturnType<typeof fileSink>;
}> {
  const folder = await mkdtemp(join(root, "out-"));
  const store = FileStore.open(folder);
  const told: string[] = [];
  const sink = (): ReturnType<typeof fileSink> =>
    fileSink(store, message, {
      progress: (_, bytes) => told.push(`progress ${bytes}`),
      completed: (_, path, bytes) => told.push(`completed ${path.slice(folder.length + 1)} ${bytes}`),
      ended: (_, kept) => told.push(`ended ${kept?.slice(folder.length + 1)}`),
    });
  return { folder, store, told, sink };
}

describe("fileSink", () => {
  test("a complete message is a file", async () => {
    const { folder, told, sink } = await world();
    const file = sink();
    file.write(2, new TextEncoder().encode("cd"));
    file.write(0, new TextEncoder().encode("ab"));
    await file.close(4);
    expect(told).toEqual(["progress 2", "progress 4", "completed note.txt 4"]);
    expect(await readFile(join(folder, "note.txt"), "utf8")).toBe("abcd");
  });

  test("RFC 4975 §7.1: a message that its sender aborts leaves nothing", async () => {
    const { folder, told, sink } = await world();
    const file = sink();
    file.write(0, new Uint8Array(2));
    await file.abort(aborted);
    expect([told.at(-1), await readdir(folder)]).toEqual(["ended undefined", []]);
  });

  test("RFC 4975 §5.4: a message that was cut off is kept, and the next sink has its octets", async () => {
    const { told, sink, store } = await world();
    const file = sink();
    file.write(0, new TextEncoder().encode("ab"));
    await file.abort(lost);
    expect([told.at(-1), store.resumableCount]).toEqual(["ended note.txt.part", 1]);
    const again = sink();
    expect([...(again.received ?? [])]).toEqual([{ start: 1, end: 2 }]);
    again.write(2, new TextEncoder().encode("cd"));
    await again.close(4);
    expect(told.at(-1)).toBe("completed note.txt 4");
  });

  test("nothing received is nothing to keep", async () => {
    const { folder, told, sink } = await world();
    await sink().abort(lost);
    expect([told, await readdir(folder)]).toEqual([["ended undefined"], []]);
  });

  test("a file that cannot get its name is told, and its part stays", async () => {
    const { folder, told, sink } = await world();
    const file = sink();
    file.write(0, new Uint8Array(4));
    await rm(join(folder, "note.txt.part"));
    const failed = await Promise.resolve(file.close(4)).then(
      () => false,
      () => true,
    );
    expect([failed, told.at(-1), existsSync(join(folder, "note.txt"))]).toEqual([
      true,
      "ended undefined",
      false,
    ]);
  });
});
