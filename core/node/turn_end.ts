/**
 * The end of a turn of the runtime's loop. What all connections have to write by then goes out in one write for each, not
 * in one for each event that brought something.
 */
import type { Clock } from "./transport.ts";

/** Something that has to be done before the loop waits again. */
export interface TurnMember {
  /** Called once for each `add`. */
  endTurn(): void;
}

// So many writes at once spare the peers most of their waking up; more would let them wait while this end works.
const maxGathered = 8;

/** Those who wait for the end of the turn on one clock. */
export class TurnEnd {
  readonly #clock: Clock;
  #members: TurnMember[] = [];
  #due = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the clock can tell when a turn ends. */
  get known(): boolean {
    return this.#clock.afterTurn !== undefined;
  }

  /**
   * Calls `member.endTurn()` at the end of this turn, if it may wait so long and the end is known, else in a microtask.
   */
  add(member: TurnMember, mayWait: boolean): void {
    if (!mayWait || !this.known) {
      Promise.resolve().then(() => member.endTurn());
      return;
    }
    if (this.#members.push(member) === maxGathered) Promise.resolve().then(() => this.#end());
    if (this.#due) return;
    this.#due = true;
    this.#clock.afterTurn?.(() => {
      this.#due = false;
      this.#end();
    });
  }

  #end(): void {
    const members = this.#members;
    this.#members = [];
    let done = 0;
    try {
      for (const member of members) {
        done++;
        member.endTurn();
      }
    } finally {
      for (const member of members.slice(done)) this.add(member, true); // one threw: the others still get their turn
    }
  }
}
