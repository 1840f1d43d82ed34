/**
 * Remembers the To-Path and From-Path lines that a connection saw last, by their octets. Steady traffic
 * repeats them in every frame, and neither strings nor URIs need to be made again.
 */
import { KnownOctets } from "./known_octets.ts";
import type { MsrpUri } from "./uri.ts";

/** Both path lines of a head, as octets and as what they mean. */
export interface PathEntry {
  /** Octets of `To-Path: …` CRLF `From-Path: …` CRLF. */
  readonly length: number;
  readonly toPath: readonly MsrpUri[];
  readonly fromPath: readonly MsrpUri[];
}

interface StoredEntry extends PathEntry {
  readonly lines: KnownOctets;
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
      if (
        start + entry.length <= end &&
        view.getInt32(start + entry.probe, true) === entry.probeWord &&
        entry.lines.standAt(view, start)
      ) {
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
    let probe = 0;
    while (view.getUint8(start + probe) !== 13) probe++;
    probe -= 8;
    const probeWord = view.getInt32(start + probe, true);
    // A full cache forgets the entry after the latest, which is the one that was added longest ago or nearly so.
    const entries = this.#entries;
    this.#latest = entries.length < maxEntries ? entries.length : (this.#latest + 1) % maxEntries;
    entries[this.#latest] = {
      lines: new KnownOctets(view, start, length),
      probe,
      probeWord,
      length,
      toPath,
      fromPath,
    };
  }
}
