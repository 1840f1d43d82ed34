/**
 * Where the page keeps its messages and files, so that a reload loses nothing. The browser's database stands behind it
 * (`page/indexed_archive.ts`); this file has the interface, and a form in memory for tests and terminals.
 */
import type { Item } from "./state.ts";

/** Octets of a message that have arrived without a gap. */
export interface Part {
  readonly octets: number;
  readonly blob: Blob;
}

/** Messages, files that are sent, and parts of files that arrive. */
export interface Archive {
  /** All messages, the oldest first. */
  items(): Promise<readonly Item[]>;
  putItem(item: Item): Promise<void>;
  /** The octets of a file that one sends. */
  putFile(id: string, file: Blob): Promise<void>;
  file(id: string): Promise<Blob | undefined>;
  /** Adds octets of a message that arrives; `position` is the number of octets before them. */
  putPart(id: string, position: number, octets: Uint8Array): Promise<void>;
  /** What has arrived of a message, from its beginning up to the first gap. */
  parts(id: string): Promise<Part>;
  /** Forgets the octets of a message, sent or received. */
  dropOctets(id: string): Promise<void>;
  /** Forgets everything. */
  clear(): Promise<void>;
}

/** Joins parts, in the order of their positions, up to the first gap. */
export function joinParts(parts: readonly { readonly position: number; readonly blob: Blob }[]): Part {
  const pieces: Blob[] = [];
  let octets = 0;
  for (const { position, blob } of [...parts].sort((a, b) => a.position - b.position)) {
    if (position > octets) break;
    // Of two that overlap the later begins where the earlier ends.
    pieces.push(position === octets ? blob : blob.slice(octets - position));
    octets = Math.max(octets, position + blob.size);
  }
  return { octets, blob: new Blob(pieces) };
}

/** An archive that lasts as long as the process. */
export class MemoryArchive implements Archive {
  readonly #items: Map<string, Item> = new Map();
  readonly #files: Map<string, Blob> = new Map();
  readonly #parts: Map<string, { position: number; blob: Blob }[]> = new Map();

  async items(): Promise<readonly Item[]> {
    return [...this.#items.values()].sort((a, b) => a.at - b.at);
  }

  async putItem(item: Item): Promise<void> {
    this.#items.set(itemKey(item), item);
  }

  async putFile(id: string, file: Blob): Promise<void> {
    this.#files.set(id, file);
  }

  async file(id: string): Promise<Blob | undefined> {
    return this.#files.get(id);
  }

  async putPart(id: string, position: number, octets: Uint8Array): Promise<void> {
    const parts = this.#parts.get(id) ?? [];
    parts.push({ position, blob: new Blob([octets.slice()]) });
    this.#parts.set(id, parts);
  }

  async parts(id: string): Promise<Part> {
    return joinParts(this.#parts.get(id) ?? []);
  }

  async dropOctets(id: string): Promise<void> {
    this.#files.delete(id);
    this.#parts.delete(id);
  }

  async clear(): Promise<void> {
    for (const table of [this.#items, this.#files, this.#parts]) table.clear();
  }
}

/** What tells messages apart: the echo sends an own message back under another id, but a peer might not. */
export function itemKey({ peer, id, out }: Pick<Item, "peer" | "id" | "out">): string {
  return `${out ? ">" : "<"}${peer} ${id}`;
}
