/**
 * How many connections the system lets this process have: each costs a descriptor, and a process without descriptors
 * cannot even refuse. So the relay's own limit stays below, and it closes what is used least before the system says no.
 */
import { readFile } from "node:fs/promises";
import type { RelayLimits } from "../../core/mod.ts";
import { relayLimits } from "../../core/relay/limits.ts";

// A handshake holds a descriptor before anybody knows of the connection; strangers get no more than a part of them.
const handshakeShare = 0.25;
const maxHandshakes = 1024;

// For listeners, files, databases, look-ups, and connections that are just being refused.
const reserved = 64;

/** The limits with `maxConnections` no higher than what the system permits. @param openFiles asks the system */
export async function withinDescriptors(
  limits: RelayLimits,
  openFiles: () => Promise<number> = systemOpenFiles,
): Promise<RelayLimits> {
  const files = await openFiles();
  const permitted = files - reserved - handshakesWithin(files);
  const { maxConnections } = relayLimits(limits);
  return permitted >= maxConnections ? limits : { ...limits, maxConnections: Math.max(1, permitted) };
}

/** How many handshakes all listeners of a process may have under way. */
export function handshakesWithin(openFiles: number): number {
  return Math.max(1, Math.min(maxHandshakes, Math.floor((openFiles - reserved) * handshakeShare)));
}

/** Files and sockets that this process may have open; Infinity where the system does not say. */
export async function systemOpenFiles(): Promise<number> {
  try {
    return readOpenFiles(await readFile("/proc/self/limits", "utf8"));
  } catch {
    return Number.POSITIVE_INFINITY; // not Linux
  }
}

/** The soft limit of open files in the text of `/proc/self/limits`. */
export function readOpenFiles(text: string): number {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(text)?.[1];
  return soft === undefined || soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
}
