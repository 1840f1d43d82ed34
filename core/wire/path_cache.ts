/**
 * Remembers the To-Path and From-Path lines that a connection saw last, by their octets: steady traffic repeats them
 * in every frame, and neither strings nor URIs need to be made again.
 */
import type { MsrpUri } from "./uri.ts";

/** Both path lines of a head, as octets and as what they mean. */
export interface PathEntry {
  /** `To-Path: …` CRLF `From-Path: …` CRLF. */
  readonly lines: Uint8Array;
  readonly toPath: readonly MsrpUri[];
  readonly fromPath: readonly MsrpUri[];
}

/** Sessions of one connection whose paths are kept. */
const maxEntries = 16;
/** Longer path lines are read anew each time, so that a stranger cannot make us keep much. */
const maxLineBytes = 1024;

/** A few path lines, the one used last in front. */
export class PathCache {
  readonly #entries: PathEntry[] = [];

  /** The entry whose lines stand at `start`, or `undefined`. Compares from the end, where session-ids differ. */
  find(bytes: Uint8Array, start: number, end: number): PathEntry | undefined {
    const entries = this.#entries;
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index]!;
      const { lines } = entry;
      if (start + lines.length > end) continue;
      let octet = lines.length - 1;
      while (octet >= 3) {
        const at = start + octet;
        if (
          bytes[at] !== lines[octet] ||
          bytes[at - 1] !== lines[octet - 1] ||
          bytes[at - 2] !== lines[octet - 2] ||
          bytes[at - 3] !== lines[octet - 3]
        ) {
          break;
        }
        octet -= 4;
      }
      if (octet >= 3) continue;
      while (octet >= 0 && bytes[start + octet] === lines[octet]) octet--;
      if (octet >= 0) continue;
      if (index > 0) {
        // A busy session moves to the front, one step at a time, so that two busy ones do not chase each other.
        entries[index] = entries[index - 1]!;
        entries[index - 1] = entry;
      }
      return entry;
    }
    return undefined;
  }

  /** Remembers lines that were read and found good. */
  add(
    bytes: Uint8Array,
    start: number,
    end: number,
    toPath: readonly MsrpUri[],
    fromPath: readonly MsrpUri[],
  ): void {
    if (end - start > maxLineBytes) return;
    if (this.#entries.length === maxEntries) this.#entries.pop();
    this.#entries.unshift({ lines: bytes.slice(start, end), toPath, fromPath });
  }
}
