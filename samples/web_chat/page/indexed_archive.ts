/**
 * The archive in the browser's database (IndexedDB): one for each person, so that two people can use one browser.
 * Octets are kept as Blobs, which browsers hold on disk, not in memory.
 */
import { type Archive, itemKey, joinParts, type Part } from "../client/archive.ts";
import type { Item } from "../client/state.ts";

/** Opens the archive of a person. @throws when the browser gives no database */
export async function openArchive(user: string): Promise<Archive> {
  const opening = indexedDB.open(`msrpkit-web-chat-${user}`, 1);
  opening.onupgradeneeded = () => {
    const database = opening.result;
    database.createObjectStore("items");
    database.createObjectStore("files");
    // By [id, position]: all parts of a message lie side by side.
    database.createObjectStore("parts");
  };
  return new IndexedArchive(await settled(opening));
}

class IndexedArchive implements Archive {
  readonly #database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.#database = database;
  }

  async items(): Promise<readonly Item[]> {
    const items: Item[] = await settled(this.#read("items").getAll());
    return items.sort((a, b) => a.at - b.at);
  }

  async putItem(item: Item): Promise<void> {
    await this.#write("items", (items) => items.put(item, itemKey(item)));
  }

  async putFile(id: string, file: Blob): Promise<void> {
    await this.#write("files", (files) => files.put(file, id));
  }

  async file(id: string): Promise<Blob | undefined> {
    return await settled(this.#read("files").get(id));
  }

  async putPart(id: string, position: number, octets: Uint8Array): Promise<void> {
    const blob = new Blob([octets as Uint8Array<ArrayBuffer>]);
    await this.#write("parts", (parts) => parts.put({ position, blob }, [id, position]));
  }

  async parts(id: string): Promise<Part> {
    return joinParts(await settled(this.#read("parts").getAll(partsOf(id))));
  }

  async dropOctets(id: string): Promise<void> {
    await this.#write("files", (files) => files.delete(id));
    await this.#write("parts", (parts) => parts.delete(partsOf(id)));
  }

  async clear(): Promise<void> {
    for (const name of ["items", "files", "parts"]) await this.#write(name, (store) => store.clear());
  }

  #read(name: string): IDBObjectStore {
    return this.#database.transaction(name, "readonly").objectStore(name);
  }

  #write(name: string, change: (store: IDBObjectStore) => IDBRequest): Promise<void> {
    const transaction = this.#database.transaction(name, "readwrite");
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error("The browser's database failed"));
      change(transaction.objectStore(name));
      // At once: a page that is reloaded before it has seen the answer would lose the change.
      transaction.commit();
    });
  }
}

function partsOf(id: string): IDBKeyRange {
  return IDBKeyRange.bound([id, 0], [id, Number.MAX_SAFE_INTEGER]);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("The browser's database failed"));
  });
}
