/**
 * The meeting place of the chat: who is signed in, who is online, and a mailbox for each, in which offers and answers wait.
 * It carries SDP and reads none of it; the conversation itself goes through the relay.
 */

import type { Contact, ReceivedSignal, RendezvousEvent, Signal } from "./protocol.ts";
import { sameText, Tokens } from "./tokens.ts";

/** Options of a rendezvous. */
export interface RendezvousOptions {
  /** Who may sign in: names and passwords. */
  readonly users: Readonly<Record<string, string>>;
  /** Whether the echo endpoint is among the contacts. @default false */
  readonly echo?: boolean;
  /** Milliseconds that somebody whose stream has ended still counts as online: a page that reloads does not blink. @default 4000 */
  readonly graceMs?: number;
  /** Signals that wait for one client; the oldest are dropped then, and their calls are made anew. @default 64 */
  readonly maxWaiting?: number;
  /** Milliseconds that a sign-in is valid. @default 86400000, a day */
  readonly signInMs?: number;
  /** Failed sign-ins of one name in a minute, after which even the right password has to wait. @default 20 */
  readonly maxFailures?: number;
  /** Clock in milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** An event with its place in the mailbox. */
export interface NumberedEvent {
  /** Only signals are numbered: they are what a stream that was cut off must get again. */
  readonly id?: number | undefined;
  readonly event: RendezvousEvent;
}

/** What a stream of events is written to. */
export type EventSink = (numbered: NumberedEvent) => void;

/** Name of the contact that is the echo endpoint. */
export const echoName = "echo";

/** Clients of a person that were replaced and are remembered: one that comes back is told again. */
const maxReplaced = 32;

interface Seat {
  instance: string;
  /** Absent between two streams. */
  sink: EventSink | undefined;
  leaving: ReturnType<typeof setTimeout> | undefined;
  lastId: number;
  readonly waiting: { readonly id: number; readonly signal: ReceivedSignal }[];
  /** Instances that this one has taken the place of, and those that they had. */
  readonly replaced: readonly string[];
}

/** State of the service; one for all its clients. */
export class Rendezvous {
  readonly #options: Required<RendezvousOptions>;
  readonly #tokens: Tokens;
  /** By name: the one client of each person that is online. */
  readonly #seats: Map<string, Seat> = new Map();
  readonly #failures: Map<string, { since: number; count: number }> = new Map();

  constructor(options: RendezvousOptions) {
    const defaults = { echo: false, graceMs: 4000, maxWaiting: 64, signInMs: 86_400_000, maxFailures: 20 };
    this.#options = { ...defaults, now: Date.now, ...options };
    this.#tokens = new Tokens(this.#options.users, this.#options.signInMs, this.#options.now);
  }

  /** Signs in. @returns the token, or why not */
  signIn(user: string, password: string): string | "refused" | "too-many-failures" {
    const { users, maxFailures, now } = this.#options;
    const known = Object.hasOwn(users, user);
    const failures = known ? this.#failures.get(user) : undefined;
    const recent = failures !== undefined && now() - failures.since < 60_000;
    if (recent && failures.count >= maxFailures) return "too-many-failures";
    if (!known || !sameText(users[user] as string, password)) {
      // Only names that exist are counted, so that inventing names fills no table.
      if (known) {
        this.#failures.set(
          user,
          recent ? { since: failures.since, count: failures.count + 1 } : { since: now(), count: 1 },
        );
      }
      return "refused";
    }
    this.#failures.delete(user);
    return this.#tokens.issue(user);
  }

  /** The person behind a token. */
  userOf(token: string): string | undefined {
    return this.#tokens.userOf(token);
  }

  /** Ends a sign-in, and the person is offline at once. */
  signOut(token: string): void {
    const user = this.#tokens.userOf(token);
    this.#tokens.revoke(token);
    if (user !== undefined) this.#vacate(user);
  }

  /** Everybody but oneself, as `user` sees them. */
  contactsOf(user: string): readonly Contact[] {
    const people = Object.keys(this.#options.users).filter((name) => name !== user);
    const contacts = people.map((name): Contact => {
      const seat = this.#seats.get(name);
      return { name, kind: "person", online: seat !== undefined, instance: seat?.instance };
    });
    if (this.#options.echo) contacts.push({ name: echoName, kind: "echo", online: true, instance: echoName });
    return contacts;
  }

  /**
   * Opens the stream of one client: contacts first, then the signals after `after`. Another client of the same person is
   * told that it was replaced.
   *
   * @returns what to call when the stream has ended
   */
  attend(user: string, instance: string, after: number, sink: EventSink): () => void {
    let seat = this.#seats.get(user);
    // A page in the background that lost its stream must not take the chat from the one that is used.
    if (seat?.replaced.includes(instance)) {
      sink({ event: { type: "replaced" } });
      return () => undefined;
    }
    const fresh = seat?.instance !== instance;
    if (seat !== undefined) {
      clearTimeout(seat.leaving);
      if (fresh) seat.sink?.({ event: { type: "replaced" } });
    }
    if (seat === undefined || fresh) {
      const replaced = seat === undefined ? [] : [...seat.replaced, seat.instance].slice(-maxReplaced);
      seat = { instance, sink, leaving: undefined, lastId: 0, waiting: [], replaced };
      this.#seats.set(user, seat);
    }
    seat.sink = sink;
    const mine = seat;
    sink({ event: { type: "contacts", contacts: this.contactsOf(user) } });
    for (const { id, signal } of mine.waiting) if (id > after) sink(signalEvent(id, signal));
    if (fresh) this.#tellAll(user);
    return () => {
      if (mine.sink !== sink) return;
      mine.sink = undefined;
      mine.leaving = setTimeout(() => {
        if (this.#seats.get(user) === mine) this.#vacate(user);
      }, this.#options.graceMs);
    };
  }

  /** Puts a signal into somebody's mailbox. @returns false when nobody of that name is online */
  send(to: string, from: string, instance: string, signal: Signal): boolean {
    const seat = this.#seats.get(to);
    if (seat === undefined) return false;
    const received: ReceivedSignal = { from, instance, signal };
    const id = ++seat.lastId;
    seat.waiting.push({ id, signal: received });
    if (seat.waiting.length > this.#options.maxWaiting) seat.waiting.shift();
    seat.sink?.(signalEvent(id, received));
    return true;
  }

  #vacate(user: string): void {
    const seat = this.#seats.get(user);
    if (seat === undefined) return;
    clearTimeout(seat.leaving);
    this.#seats.delete(user);
    seat.sink?.({ event: { type: "replaced" } });
    this.#tellAll(user);
  }

  #tellAll(about: string): void {
    for (const [name, { sink }] of this.#seats) {
      if (name !== about) sink?.({ event: { type: "contacts", contacts: this.contactsOf(name) } });
    }
  }
}

function signalEvent(id: number, signal: ReceivedSignal): NumberedEvent {
  return { id, event: { type: "signal", ...signal } };
}
