/**
 * ASCII text that was read before, compared with what is read now eight octets at a time. As doubles, since those are the
 * widest numbers that every engine reads from a view without making an object.
 *
 * Two doubles are equal exactly when their octets are, but for NaN and the two zeros; octets below 0x80 make no NaN,
 * and octets that are not all 0 make no zero. So the comparison is exact for what is kept here, whatever it is compared with.
 */

/** Octets that are known, at least eight of them, all ASCII and none 0. */
export class KnownOctets {
  /** How many they are. */
  readonly length: number;
  /** Eight octets each; the last one overlaps the one before it. */
  readonly #doubles: Float64Array;

  /** @param view where the octets stand @param start the first of them @param length how many, 8 or more */
  constructor(view: DataView, start: number, length: number) {
    this.length = length;
    this.#doubles = new Float64Array(Math.ceil(length / 8));
    for (let index = 0; index < this.#doubles.length; index++) {
      this.#doubles[index] = view.getFloat64(start + Math.min(8 * index, length - 8), true);
    }
  }

  /** True when the same octets stand at `start`; the caller knows that so many can be read there. */
  standAt(view: DataView, start: number): boolean {
    const doubles = this.#doubles;
    const last = doubles.length - 1;
    if (view.getFloat64(start + this.length - 8, true) !== doubles[last]) return false;
    let at = start;
    for (let index = 0; index < last; index++) {
      if (view.getFloat64(at, true) !== doubles[index]) return false;
      at += 8;
    }
    return true;
  }
}
