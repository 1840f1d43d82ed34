/**
 * `msrpkit archive`: looks for messages in an archive that the plugin `archive` has written, and exports them as JSON
 * lines. It only reads, so it may run beside the server.
 */
import { ArchiveError, type SqlArchive } from "../../adapters/archive.ts";
import type { ArchiveFateName, ArchiveQuery, ArchiveRecord } from "../../plugins/archive.ts";
import { archiveLine, archiveLines } from "../../plugins/archive.ts";
import { archiveFailure, openArchivePlace } from "../archive_place.ts";
import { EXIT_OK, EXIT_USAGE } from "../exit_codes.ts";
import { CommandError } from "./command_error.ts";
import { harmless, type Terminal } from "./terminal.ts";

/** What can be done with an archive. */
export type ArchiveAction = "search" | "export";

/** Options of `msrpkit archive`. */
export interface ArchiveCommandOptions {
  /** The place: `sqlite:FILE` or `postgres://…`. */
  readonly store?: string;
  /** Times that `Date` reads. */
  readonly since?: string;
  readonly until?: string;
  readonly party?: string;
  readonly type?: string;
  readonly text?: string;
  readonly fate?: ArchiveFateName;
  readonly direction?: "in" | "out" | "relayed";
  readonly session?: string;
  /** Messages of a page; for `search`. */
  readonly limit?: number;
  readonly after?: string;
  /** Print JSON lines. */
  readonly json?: boolean;
}

/** Characters of a text that a search shows. */
const maxShown = 60;

/** Runs `msrpkit archive ACTION`; returns the exit status. */
export async function runArchive(
  action: ArchiveAction,
  options: ArchiveCommandOptions,
  terminal: Terminal,
): Promise<number> {
  const { store: place } = options;
  if (place === undefined)
    throw new CommandError(EXIT_USAGE, "name the archive with --store or MSRPKIT_ARCHIVE");
  const query = queryOf(options);
  const archive = await openArchivePlace(place, { create: false });
  try {
    if (action === "search") await search(archive, query, terminal);
    else for await (const line of archiveLines(archive, query)) await terminal.text(`${line}\n`);
  } catch (error) {
    if (error instanceof ArchiveError) throw archiveFailure(place, error);
    if (error instanceof TypeError) throw new CommandError(EXIT_USAGE, error.message, { cause: error });
    throw error;
  } finally {
    await archive.close();
  }
  return EXIT_OK;
}

async function search(archive: SqlArchive, query: ArchiveQuery, terminal: Terminal): Promise<void> {
  const { messages, next } = await archive.search(query);
  for (const message of messages)
    terminal.result({ event: "message", ...JSON.parse(archiveLine(message)) }, lineOf(message));
  if (next === undefined) return;
  terminal.result({ event: "more", after: next }, undefined);
  terminal.note(`there are more: --after ${next}`);
}

function lineOf({ at, direction, from, to, contentType, size, fate, status, text }: ArchiveRecord): string {
  const time = new Date(at).toISOString().slice(0, 19).replace("T", " ");
  const end = status === 0 || status === 200 ? fate : `${fate} ${status}`;
  const shown =
    text === undefined ? "" : `  ${text.length > maxShown ? `${text.slice(0, maxShown)}…` : text}`;
  const type = contentType?.split(";", 1)[0] ?? "no type";
  const line = `${time}  ${direction}  ${from} -> ${to}  ${type}  ${size}  ${end}${shown}`;
  return harmless(line).replaceAll("\n", "\u240a");
}

function queryOf(options: ArchiveCommandOptions): ArchiveQuery {
  const { since, until, party, type, text, fate, direction, session, limit, after } = options;
  return {
    since: timeOf(since, "--since"),
    until: timeOf(until, "--until"),
    party,
    type,
    text,
    fate,
    direction,
    session,
    limit,
    after,
  };
}

function timeOf(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) {
    throw new CommandError(
      EXIT_USAGE,
      `Cannot read ${option} "${text}": give a time such as 2026-11-23 or 2026-11-23T10:00:00Z`,
    );
  }
  return time;
}
