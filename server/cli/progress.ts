/**
 * The progress bar of a transfer. Drawing is a pure function of the figures; the meter only decides when to draw,
 * ten times a second at most, because a terminal is slower than a loopback transfer.
 */
import type { Terminal } from "./terminal.ts";
import { formatBytes, formatDuration, formatSpeed, megabytesPerSecond } from "./units.ts";

/** Milliseconds between two drawings. */
const REDRAW_MS = 100;

/**
 * One line that shows how far a transfer is.
 *
 * @param label what is being transferred
 * @param bytes octets so far
 * @param total octets in all, or `undefined` when unknown (then no bar and no remaining time)
 * @param elapsedMs milliseconds since the start
 * @param columns width that the line must not exceed
 */
export function renderProgress(
  label: string,
  bytes: number,
  total: number | undefined,
  elapsedMs: number,
  columns: number,
): string {
  const speed = megabytesPerSecond(bytes, elapsedMs);
  if (total === undefined || total === 0) {
    return `${label}  ${formatBytes(bytes)}  ${formatSpeed(speed)}`.slice(0, columns - 1);
  }
  const share = Math.min(1, bytes / total);
  const left = speed > 0 ? `  ${formatDuration(Math.max(0, total - bytes) / speed / 1e3)} left` : "";
  const tail = ` ${String(Math.floor(share * 100)).padStart(3)}%  ${formatBytes(bytes)}  ${formatSpeed(speed)}${left}`;
  const room = columns - 1 - label.length - tail.length - 3;
  if (room < 8) return `${label}${tail}`.slice(0, columns - 1);
  const width = Math.min(room, 40);
  const filled = Math.floor(share * width);
  return `${label} [${"#".repeat(filled)}${"-".repeat(width - filled)}]${tail}`;
}

/** Draws the progress of one transfer on a terminal. */
export class ProgressMeter {
  readonly #terminal: Terminal;
  readonly #label: string;
  readonly #startedAt: number;
  readonly #firstByte: number;
  #drawnAt: number;

  /** @param firstByte octets that were there before the start (a resumed transfer) and do not count as speed */
  constructor(terminal: Terminal, label: string, firstByte = 0) {
    this.#terminal = terminal;
    this.#label = label;
    this.#firstByte = firstByte;
    this.#startedAt = Date.now();
    this.#drawnAt = 0;
  }

  /** Tells how many octets have been transferred, and of how many. */
  update(bytes: number, total: number | undefined): void {
    if (this.#terminal.columns === 0) return;
    const now = Date.now();
    if (now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    const moved = Math.max(0, bytes - this.#firstByte);
    const rest = total === undefined ? undefined : total - this.#firstByte;
    this.#terminal.progress(
      renderProgress(this.#label, moved, rest, now - this.#startedAt, this.#terminal.columns),
    );
  }

  /** Removes the bar. */
  finish(): void {
    this.#terminal.progress("");
  }
}
