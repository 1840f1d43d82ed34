/**
 * What the archive of one node is made of: its options with their defaults, and what it uses. Types only.
 */
import type { PluginHost, Session } from "../core/mod.ts";
import type { ArchiveSpool } from "./_archive_spool.ts";
import type { ArchiveDirection, ArchiveProblem } from "./_archive_types.ts";

/** Which messages are kept. */
export interface ArchiveChoice {
  readonly direction: ArchiveDirection;
  readonly contentType: string | undefined;
  readonly session: Session;
}

/** What an archiver is made of. */
export interface ArchiverParts {
  readonly spool: ArchiveSpool;
  readonly maxBodyBytes: number;
  readonly maxCollectedBytes: number;
  readonly maxOpenMessages: number;
  readonly whenFull: "wait" | "refuse" | "pass";
  readonly maxWaitMs: number;
  readonly status: number;
  readonly confirm: boolean;
  readonly only: ((message: ArchiveChoice) => boolean) | undefined;
  readonly parties:
    | ((session: Session) => { readonly local?: string; readonly remote?: string } | undefined)
    | undefined;
  readonly problem: (problem: ArchiveProblem) => void;
  readonly wallClock: () => number;
  readonly host: PluginHost;
}
