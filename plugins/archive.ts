/**
 * Keeps messages and what became of them: what an endpoint or an echo receives and sends, and what a relay passes on. A
 * store that stalls loses nothing: messages wait in a bounded spool, and beyond it senders wait or are refused.
 */
import { z } from "zod";
import { definePlugin, type Plugin, type Session } from "../core/mod.ts";
import { ArchiveSpool } from "./_archive_spool.ts";
import type { ArchiveProblem, ArchiveStore } from "./_archive_types.ts";
import { Archiver } from "./_archiver.ts";
import type { ArchiveChoice } from "./_archiver_parts.ts";
import { callback, limit, readOptions } from "./_options.ts";
import { watch } from "./_tell.ts";
import { problemTeller } from "./_tell_problem.ts";
import { Undelivered } from "./_undelivered.ts";

export { type MemoryArchiveOptions, memoryArchive } from "./_archive_memory.ts";
export { archiveLine, archiveLines } from "./_archive_text.ts";
export type {
  ArchiveDirection,
  ArchiveFate,
  ArchiveFateName,
  ArchivePage,
  ArchiveProblem,
  ArchiveQuery,
  ArchiveRecord,
  ArchiveStore,
} from "./_archive_types.ts";
export type { ArchiveChoice } from "./_archiver_parts.ts";

/** Who talks in a session, for the archive. */
export interface ArchiveParties {
  /** This side. */
  readonly local?: string;
  /** The other side. */
  readonly remote?: string;
}

/** Options of `archive()`. */
export interface ArchiveOptions {
  /** Where messages are kept: `openArchive()` of `msrpkit/archive`, `memoryArchive()`, or one's own. The plugin does not close it. */
  readonly store: ArchiveStore;
  /** Which messages are kept. @default all */
  readonly only?: (message: ArchiveChoice) => boolean;
  /** Names of those who talk, as the signalling knows them. @default the logged-in user, else user and host of the URIs */
  readonly parties?: (session: Session) => ArchiveParties | undefined;
  /** Octets of one message; of a longer one so many are kept, and its size. @default 1048576 */
  readonly maxBodyBytes?: number;
  /** Octets of messages that are still coming, of all sessions; beyond, messages are kept without the rest of their bodies. @default 67108864 */
  readonly maxCollectedBytes?: number;
  /** Messages of one session that are still coming; the oldest one is then kept as it is. @default 64 */
  readonly maxOpenMessages?: number;
  /** Messages that wait for the store: a minute of 170 a second. @default 10000 */
  readonly maxSpooledMessages?: number;
  /** Octets that wait for the store. @default 67108864 */
  readonly maxSpooledBytes?: number;
  /**
   * What becomes of a message when the spool is full. `"wait"`: its last chunk waits for room, and is refused after
   * `maxWaitMs`; `"refuse"`: refused at once; `"pass"`: it goes on, and `onProblem` is told.
   * @default "wait"
   */
  readonly whenFull?: "wait" | "refuse" | "pass";
  /** How long the last chunk of a message waits for room in the spool, and again for `confirm`. Below the 10 s after which the node answers for itself. @default 4000 */
  readonly maxWaitMs?: number;
  /** Status of the refusal. @default 413 */
  readonly status?: number;
  /** A message is accepted, passed on or sent only when the store has it, so that a 200 means archived. @default false */
  readonly confirm?: boolean;
  /** How long a message waits for others to be written with. @default 100 */
  readonly batchMs?: number;
  /** Messages that are written together. @default 200 */
  readonly maxBatchMessages?: number;
  /** Time for the store to answer; then it is asked again. @default 30000 */
  readonly storeTimeoutMs?: number;
  /** Wait after the first failure; twice as long after each further one. @default 500 */
  readonly retryMs?: number;
  /** Longest wait after a failure. @default 30000 */
  readonly maxRetryMs?: number;
  /** Older messages are removed. @default Infinity */
  readonly maxAgeMs?: number;
  /** How often old messages are looked for. @default 3600000 */
  readonly retentionEveryMs?: number;
  /** Told when the store fails, and what comes of it. @default the `error` tap */
  readonly onProblem?: (problem: ArchiveProblem) => void;
  /** Time of day in milliseconds since 1970. @default Date.now */
  readonly wallClock?: () => number;
}

const schema = z.strictObject({
  store: z.custom<ArchiveStore>(
    (value) =>
      ["store", "search", "removeBefore"].every(
        (name) => typeof (value as Record<string, unknown> | undefined)?.[name] === "function",
      ),
    { error: "a store is wanted" },
  ),
  only: z.exactOptional(callback<(message: ArchiveChoice) => boolean>()),
  parties: z.exactOptional(callback<(session: Session) => ArchiveParties | undefined>()),
  maxBodyBytes: z.exactOptional(limit(0)),
  maxCollectedBytes: z.exactOptional(limit(0)),
  maxOpenMessages: z.exactOptional(limit()),
  maxSpooledMessages: z.exactOptional(limit()),
  maxSpooledBytes: z.exactOptional(limit()),
  whenFull: z.exactOptional(z.enum(["wait", "refuse", "pass"])),
  maxWaitMs: z.exactOptional(limit()),
  status: z.exactOptional(z.int().min(300).max(999)),
  confirm: z.exactOptional(z.boolean()),
  batchMs: z.exactOptional(limit(0)),
  maxBatchMessages: z.exactOptional(limit()),
  storeTimeoutMs: z.exactOptional(limit()),
  retryMs: z.exactOptional(limit()),
  maxRetryMs: z.exactOptional(limit()),
  maxAgeMs: z.exactOptional(limit()),
  retentionEveryMs: z.exactOptional(limit()),
  onProblem: z.exactOptional(callback<(problem: ArchiveProblem) => void>()),
  wallClock: z.exactOptional(callback<() => number>()),
});

/** The plugin, and what waits in it. */
export interface ArchivePlugin extends Plugin {
  /**
   * Writes what waits, of all nodes that have the plugin: to be called after `app.close()` and before the store is closed.
   *
   * @param withinMs the time there is @default 5000
   * @returns false when not all of it was stored
   */
  flush(withinMs?: number): Promise<boolean>;
  /** Messages that the store does not have. */
  readonly spooled: number;
}

/**
 * An archive.
 *
 * ```ts
 * const store = await openArchive("sqlite:messages.db");
 * const archived = archive({ store, maxAgeMs: 90 * 24 * 3_600_000 });
 * app.use(archived);
 * ```
 *
 * @throws {TypeError} an option is unknown or wrong
 */
export function archive(options: ArchiveOptions): ArchivePlugin {
  const checked = readOptions("archive", schema, options);
  const { store, maxAgeMs = Number.POSITIVE_INFINITY, retentionEveryMs = 3_600_000 } = checked;
  const wallClock = checked.wallClock ?? Date.now;
  // Those that have something to write; the others are their nodes'.
  const spools = new Undelivered<ArchiveSpool>();
  const plugin = definePlugin("archive", (host) => {
    const problem = problemTeller(host, "archive", checked.onProblem, errorOf);
    const spool = new ArchiveSpool(
      {
        store,
        maxMessages: checked.maxSpooledMessages ?? 10_000,
        maxBytes: checked.maxSpooledBytes ?? 67_108_864,
        batchMs: checked.batchMs ?? 100,
        maxBatch: checked.maxBatchMessages ?? 200,
        storeTimeoutMs: checked.storeTimeoutMs ?? 30_000,
        retryMs: checked.retryMs ?? 500,
        maxRetryMs: checked.maxRetryMs ?? 30_000,
        problem,
        busy: (one, busy) => spools.note(one, busy),
      },
      host,
    );
    const hooks = new Archiver({
      spool,
      maxBodyBytes: checked.maxBodyBytes ?? 1_048_576,
      maxCollectedBytes: checked.maxCollectedBytes ?? 67_108_864,
      maxOpenMessages: checked.maxOpenMessages ?? 64,
      whenFull: checked.whenFull ?? "wait",
      maxWaitMs: checked.maxWaitMs ?? 4_000,
      status: checked.status ?? 413,
      confirm: checked.confirm ?? false,
      only: checked.only,
      parties: checked.parties,
      problem,
      wallClock,
      host,
    }).hooks();
    const retain = (): void => {
      const failed = (thrown: unknown): void =>
        problem({ kind: "retention", messages: 0, error: thrown instanceof Error ? thrown : undefined });
      watch(() => store.removeBefore(wallClock() - maxAgeMs), failed);
      host.setTimer(retain, retentionEveryMs);
    };
    let started = false;
    const connected = (): void => {
      // Before the first connection a node has no clock.
      spool.kick(false);
      if (started) return;
      started = true;
      if (maxAgeMs !== Number.POSITIVE_INFINITY) retain();
    };
    return { ...hooks, taps: { ...hooks.taps, connected } };
  });
  return Object.freeze({
    ...plugin,
    flush: (withinMs?: number) => spools.flush(withinMs),
    get spooled() {
      return spools.sum(({ messages }) => messages);
    },
  });
}

function errorOf({ kind, messages, error }: ArchiveProblem): Error {
  const what: Record<ArchiveProblem["kind"], string> = {
    store: `The archive cannot store; ${messages} messages wait`,
    retention: "The archive cannot remove old messages",
    passed: "A message went on without being archived",
    refused: "A message was refused, because it cannot be archived",
    lost: "The archive does not take a message",
  };
  return new Error(what[kind], { cause: error });
}
