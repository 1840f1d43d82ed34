/**
 * When a connection stops reading: too much waits for verdicts, or too many answers wait to be written. It reads on at
 * half the bound, so that the transport is not stopped and started for every frame.
 */
import type { NodeLimits } from "./options.ts";
import type { Transport } from "./transport.ts";

/** The reading of one connection. */
export class ReadGate {
  readonly #transport: Pick<Transport, "pause" | "resume">;
  readonly #limits: Pick<NodeLimits, "maxHeldFrames" | "maxHeldBytes">;
  readonly #congested: () => boolean;
  #frames = 0;
  #bytes = 0;
  #reading = true;

  /** @param congested whether too much waits to be written */
  constructor(
    transport: Pick<Transport, "pause" | "resume">,
    limits: Pick<NodeLimits, "maxHeldFrames" | "maxHeldBytes">,
    congested: () => boolean,
  ) {
    this.#transport = transport;
    this.#limits = limits;
    this.#congested = congested;
  }

  /** Whether it has stopped reading. */
  get paused(): boolean {
    return !this.#reading;
  }

  /** Whether anything waits. */
  get holding(): boolean {
    return this.#frames > 0;
  }

  /** Counts something that waits. */
  hold(bytes: number): void {
    this.#frames++;
    this.#bytes += bytes;
    this.update();
  }

  /** It waits no more. */
  release(bytes: number): void {
    this.#frames--;
    this.#bytes -= bytes;
    this.update();
  }

  /** Looks again whether to read. */
  update(): void {
    const { maxHeldFrames, maxHeldBytes } = this.#limits;
    const share = this.#reading ? 1 : 0.5;
    const full =
      this.#frames >= maxHeldFrames * share || this.#bytes >= maxHeldBytes * share || this.#congested();
    if (full === !this.#reading) return;
    this.#reading = !full;
    if (full) this.#transport.pause();
    else this.#transport.resume();
  }
}
