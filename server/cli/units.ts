/**
 * Quantities on the command line: reading `--rate 2M` and printing octets, speeds and times for people.
 * k, M and G are powers of 1000, as in MB/s of the summary.
 */
import { EXIT_USAGE } from "../exit_codes.ts";
import { CommandError } from "./command_error.ts";

const FACTORS: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9 };

/**
 * Reads a rate in octets a second.
 *
 * @param text digits, optionally with a fraction and `k`, `M` or `G`, for example `500k` or `1.5M`
 * @throws {CommandError} (usage) when it is not a positive rate
 */
export function parseRate(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([kmg]?)$/i.exec(text.trim());
  const rate = match === null ? 0 : Number(match[1]) * FACTORS[match[2]!.toLowerCase()]!;
  if (!(rate >= 1)) {
    throw new CommandError(
      EXIT_USAGE,
      `Cannot read the rate "${text}": give octets a second, e.g. 500k or 2M`,
    );
  }
  return rate;
}

/**
 * Reads a whole number above zero.
 *
 * @param what name of the option, for the error
 * @throws {CommandError} (usage) when it is none
 */
export function parseCount(text: string, what: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count < 1)
    throw new CommandError(EXIT_USAGE, `Cannot read ${what} "${text}": give a whole number from 1`);
  return count;
}

/**
 * Reads a port to listen on; 0 is any free one.
 *
 * @throws {CommandError} (usage)
 */
export function parsePort(text: string, what: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 65_536;
  if (port > 65_535)
    throw new CommandError(EXIT_USAGE, `Cannot use ${what} "${text}": give a number from 0 to 65535`);
  return port;
}

/** Octets with a unit that keeps three digits, for example `104.9 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

/** Mean speed in MB/s (10^6 octets a second); 0 when no time has passed. */
export function megabytesPerSecond(bytes: number, milliseconds: number): number {
  return milliseconds <= 0 ? 0 : bytes / milliseconds / 1e3;
}

/** A speed in MB/s as text, with as many digits as mean something. */
export function formatSpeed(megabytes: number): string {
  return `${megabytes < 10 ? megabytes.toFixed(2) : megabytes.toFixed(0)} MB/s`;
}

/** A time span in seconds or minutes, for example `3.2 s` or `4 min 05 s`. */
export function formatDuration(milliseconds: number): string {
  const seconds = milliseconds / 1e3;
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${String(Math.floor(seconds % 60)).padStart(2, "0")} s`;
}
