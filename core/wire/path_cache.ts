/**
 * Remembers the To-Path and From-Path lines that a connection saw last, by their octets. Steady traffic
 * repeats them in every frame, and neither strings nor URIs need to be made again.
 */
import type { MsrpUri } from "./uri.ts";

/** Both path lines of a head, as octets and as what they mean. */
export interface PathEntry {
  /** Octets of `To-Path: …` CRLF `From-Path: …` CRLF. */
  readonly length: number;
  readonly toPath: readonly MsrpUri[];
  readonly fromPath: readonly MsrpUri[];
}

interface StoredEntry extends PathEntry {
  /** The lines four octets at a time, the last word overlapping the one before it. */
  readonly words: Int32Array;
  /** Where the session-id of To-Path ends, as nearly every URI ends in ";tcp": four octets that differ by session. */
  readonly probe: number;
  readonly probeWord: number;
}

/** Sessions of one connection whose paths are kept. */
const maxEntries = 16;
/** Longer path lines are read anew each time, so that a stranger cannot make us keep much. */
const maxLineBytes = 1024;

/** A few path lines. A session mostly follows itself or the one that came after it last time, so the search begins there. */
export class PathCache {
  readonly #entries: StoredEntry[] = [];
  #latest = 0;

  /** The entry whose lines stand at `start`, or `undefined`. */
  find(view: DataView, start: number, end: number): PathEntry | undefined {
    const entries = this.#entries;
    const count = entries.length;
    let index = this.#latest;
    for (let tried = 0; tried < count; tried++) {
      const entry = entries[index]!;
      if (start + entry.length <= end && standsAt(view, start, entry)) {
        this.#latest = index;
        return entry;
      }
      if (++index === count) index = 0;
    }
    return undefined;
  }

  /** Remembers lines that were read and found good. */
  add(
    view: DataView,
    start: number,
    end: number,
    toPath: readonly MsrpUri[],
    fromPath: readonly MsrpUri[],
  ): void {
    const length = end - start;
    if (length > maxLineBytes) return;
    const words = new Int32Array(Math.ceil(length / 4));
    for (let word = 0; word < words.length; word++) {
      words[word] = view.getInt32(start + Math.min(4 * word, length - 4), true);
    }
    let probe = 0;
    while (view.getUint8(start + probe) !== 13) probe++;
    probe -= 8;
    const probeWord = view.getInt32(start + probe, true);
    // A full cache forgets the entry after the latest, which is the one that was added longest ago or nearly so.
    const entries = this.#entries;
    this.#latest = entries.length < maxEntries ? entries.length : (this.#latest + 1) % maxEntries;
    entries[this.#latest] = { words, probe, probeWord, length, toPath, fromPath };
  }
}

function standsAt(view: DataView, start: number, entry: StoredEntry): boolean {
  if (view.getInt32(start + entry.probe, true) !== entry.probeWord) return false;
  const { words, length } = entry;
  const last = words.length - 1;
  if (view.getInt32(start + length - 4, true) !== words[last]) return false;
  let word = 0;
  let at = start;
  for (; word + 4 <= last; word += 4) {
    if (
      ((view.getInt32(at, true) ^ words[word]!) |
        (view.getInt32(at + 4, true) ^ words[word + 1]!) |
        (view.getInt32(at + 8, true) ^ words[word + 2]!) |
        (view.getInt32(at + 12, true) ^ words[word + 3]!)) !==
      0
    ) {
      return false;
    }
    at += 16;
  }
  for (; word < last; word++) {
    if (view.getInt32(at, true) !== words[word]) return false;
    at += 4;
  }
  return true;
}
