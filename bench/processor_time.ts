/**
 * Processor time of processes, user and system, from the kernel's own books. On a machine with other work it tells what the
 * clock on the wall cannot: what a thing costs.
 */
import { readFileSync } from "node:fs";

// USER_HZ; 100 on every Linux that Bun, Deno and Node run on.
const ticksPerSecond = 100;

/** Seconds that a process has used on all its threads so far; NaN where there is no /proc. */
export function processorSeconds(pid: number): number {
  try {
    // The name of the program, in brackets, may hold blanks: count from behind it.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  } catch {
    return Number.NaN;
  }
}
