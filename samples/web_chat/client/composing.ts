/**
 * Who is typing (RFC 3994): says so for oneself while one writes, and takes back what a contact said when nothing more
 * comes of it.
 */

/** After so long without a key the writer is idle (RFC 3994 §3.2). */
const idleMs = 15_000;
/** The state is told again so often while one writes on; what is sent says that it holds a little longer. */
const refreshMs = 50_000;

/** The writer's side, for one contact. */
export class Composer {
  readonly #tell: (active: boolean) => void;
  #active = false;
  #toldAt = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(tell: (active: boolean) => void) {
    this.#tell = tell;
  }

  /** The text was changed; nothing is left of it when it is empty. */
  changed(empty: boolean): void {
    clearTimeout(this.#idle);
    if (empty) {
      this.#set(false);
      return;
    }
    this.#set(true);
    this.#idle = setTimeout(() => this.#set(false), idleMs);
  }

  /** The message was sent, which says by itself that nobody is typing any more (RFC 3994 §3.2). */
  sent(): void {
    clearTimeout(this.#idle);
    this.#active = false;
  }

  #set(active: boolean): void {
    const now = Date.now();
    if (active === this.#active && (!active || now - this.#toldAt < refreshMs)) return;
    this.#active = active;
    this.#toldAt = now;
    this.#tell(active);
  }
}

/** The reader's side, for all contacts. */
export class Composers {
  readonly #show: (peer: string, typing: boolean) => void;
  readonly #timers: Map<string, ReturnType<typeof setTimeout>> = new Map();

  constructor(show: (peer: string, typing: boolean) => void) {
    this.#show = show;
  }

  /** A contact is typing for so many seconds, or not (0): it said so, or its message came, or its session ended. */
  told(peer: string, seconds: number): void {
    clearTimeout(this.#timers.get(peer));
    this.#timers.delete(peer);
    this.#show(peer, seconds > 0);
    if (seconds > 0)
      this.#timers.set(
        peer,
        setTimeout(() => this.told(peer, 0), seconds * 1000),
      );
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
