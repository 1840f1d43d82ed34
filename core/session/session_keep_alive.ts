/**
 * Finds peers that vanished without closing the connection: a bodiless SEND when nothing came for a while
 * (RFC 4975 §7.1 allows them at any time). Whatever comes in counts as a sign of life.
 */
import type { SessionCore } from "./session_core.ts";
import type { SessionHost, SessionLink } from "./session_link.ts";

/** The keep-alive of one session. */
export class KeepAlive {
  readonly #core: SessionCore;
  readonly #link: SessionLink;
  readonly #host: SessionHost;
  readonly #everyMs: number;
  #cancel: () => void;

  /** @param everyMs silence after which a sign of life is asked for */
  constructor(core: SessionCore, link: SessionLink, host: SessionHost, everyMs: number) {
    this.#core = core;
    this.#link = link;
    this.#host = host;
    this.#everyMs = everyMs;
    this.#cancel = this.#arm(everyMs);
  }

  /** No more. */
  stop(): void {
    this.#cancel();
  }

  #arm(delayMs: number): () => void {
    return this.#host.setTimer(() => this.#due(), delayMs);
  }

  #due(): void {
    const quiet = this.#host.now() - this.#link.lastReceivedAt;
    if (quiet >= this.#everyMs) {
      this.#core.probe((error) => this.#link.fail(error));
      this.#cancel = this.#arm(this.#everyMs);
    } else this.#cancel = this.#arm(this.#everyMs - quiet);
  }
}
