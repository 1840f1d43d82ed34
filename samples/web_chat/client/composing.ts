/**
 * Who is typing (RFC 3994): the state machines of both sides with timers around them. One's own says so while one writes;
 * a contact's is believed until it says otherwise, its message comes, or nothing more comes of it.
 */
import { ComposingReceiver, ComposingSender, type ComposingState } from "../../../plugins/codecs.ts";
import { refreshSeconds } from "./notices.ts";

/** Idle after 15 s without a key; told again in time while one writes on. */
const times = { idleMs: 15_000, refreshMs: (refreshSeconds - 10) * 1000, gapMs: 500 };
/** How long "is typing" without a refresh holds, and with any (RFC 3994 §3.3). */
const holdsMs = { unsaid: 120_000, longest: 600_000 };

/** Calls back at a machine's deadline, whenever that is. */
class Alarm {
  #timer: ReturnType<typeof setTimeout> | undefined;

  set(deadline: number, ring: () => void): void {
    clearTimeout(this.#timer);
    if (Number.isFinite(deadline)) this.#timer = setTimeout(ring, Math.max(0, deadline - Date.now()));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** The writer's side, for one contact. */
export class Composer {
  readonly #machine = new ComposingSender(times);
  readonly #alarm = new Alarm();
  readonly #tell: (state: ComposingState) => void;

  constructor(tell: (state: ComposingState) => void) {
    this.#tell = tell;
  }

  /** The text was changed; nothing is left of it when it is empty. */
  changed(empty: boolean): void {
    this.#step(empty ? this.#machine.stopped() : this.#machine.edited(Date.now()));
  }

  /** The message was sent, or the conversation is over: nobody needs to be told. */
  sent(): void {
    this.#machine.sent();
    this.#alarm.stop();
  }

  #step(state: ComposingState | undefined): void {
    if (state !== undefined) this.#tell(state);
    this.#alarm.set(this.#machine.deadline, () => this.#step(this.#machine.wake(Date.now())));
  }
}

/** The reader's side, for all contacts. */
export class Composers {
  readonly #show: (peer: string, typing: boolean) => void;
  readonly #machines: Map<string, { machine: ComposingReceiver; alarm: Alarm }> = new Map();

  /** @param show called when a contact begins and ends to type */
  constructor(show: (peer: string, typing: boolean) => void) {
    this.#show = show;
  }

  /** A contact says something about it. */
  told(peer: string, state: ComposingState, refresh?: number): void {
    const { machine } = this.#of(peer);
    this.#step(peer, machine.status(state, refresh, Date.now()));
  }

  /** A message of the contact came, or its session ended. */
  quiet(peer: string): void {
    this.#step(peer, this.#of(peer).machine.content());
  }

  close(): void {
    for (const { alarm } of this.#machines.values()) alarm.stop();
  }

  #of(peer: string): { machine: ComposingReceiver; alarm: Alarm } {
    let one = this.#machines.get(peer);
    if (one === undefined) {
      one = { machine: new ComposingReceiver(holdsMs.unsaid, holdsMs.longest), alarm: new Alarm() };
      this.#machines.set(peer, one);
    }
    return one;
  }

  #step(peer: string, changed: boolean): void {
    const { machine, alarm } = this.#of(peer);
    if (changed) this.#show(peer, machine.state === "active");
    alarm.set(machine.deadline, () => this.#step(peer, machine.wake(Date.now())));
  }
}
