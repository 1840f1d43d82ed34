/**
 * Finds peers that vanished without closing the connection: a bodiless SEND when nothing came for a while
 * (RFC 4975 §7.1 allows them at any time). Whatever comes in counts as a sign of life.
 */
import { ConnectionError } from "../errors.ts";
import type { SessionCore } from "./session_core.ts";
import type { SessionHost, SessionLink } from "./session_link.ts";

/** The keep-alive of one session. */
export class KeepAlive {
  readonly #core: SessionCore;
  readonly #link: SessionLink;
  readonly #host: SessionHost;
  readonly #everyMs: number;
  readonly #answerMs: number;
  #askedAt: number = Number.NEGATIVE_INFINITY;
  #cancel: () => void;

  /** @param everyMs silence after which a sign of life is asked for */
  constructor(core: SessionCore, link: SessionLink, host: SessionHost, everyMs: number) {
    this.#core = core;
    this.#link = link;
    this.#host = host;
    this.#everyMs = everyMs;
    this.#answerMs = host.answerTimeoutMs ?? 30_000;
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
    const now = this.#host.now();
    const { lastReceivedAt } = this.#link;
    const quiet = now - lastReceivedAt;
    if (quiet < this.#everyMs) {
      this.#cancel = this.#arm(this.#everyMs - quiet);
      return;
    }
    if (this.#askedAt <= lastReceivedAt) {
      this.#askedAt = now;
      this.#core.probe((error) => this.#link.fail(error));
    }
    // The time limit of a request begins when it has left, and to a peer that does not read nothing leaves.
    const left = this.#askedAt + this.#answerMs - now;
    if (left > 0) this.#cancel = this.#arm(Math.min(left, this.#everyMs));
    else this.#link.fail(new ConnectionError("peer-vanished", "The peer has not answered in time"));
  }
}
