/**
 * Opens the archive that an option or a plugin file names, with the exit status that tells an operator what is wrong.
 * Only what is opened is loaded.
 */
import type { SqlArchive } from "../adapters/archive.ts";
import { CommandError } from "./cli/command_error.ts";
import { EXIT_CONNECTION, EXIT_FILE, EXIT_USAGE } from "./exit_codes.ts";

/**
 * Opens an archive.
 *
 * @param place `sqlite:FILE` or `postgres://…`
 * @param options `create`: make what is missing; otherwise it is only read
 * @throws {CommandError} (usage) there is no such kind, (file) it cannot be opened, (connection) it cannot be reached
 */
export async function openArchivePlace(place: string, options: { create: boolean }): Promise<SqlArchive> {
  const { ArchiveError, openArchive } = await import("../adapters/archive.ts");
  try {
    return await openArchive(place, options);
  } catch (cause) {
    if (cause instanceof TypeError) throw new CommandError(EXIT_USAGE, cause.message, { cause });
    if (!(cause instanceof ArchiveError)) throw cause;
    throw archiveFailure(place, cause);
  }
}

/** An error of an archive as the error of a command. */
export function archiveFailure(place: string, cause: Error): CommandError {
  return new CommandError(/^postgres/i.test(place) ? EXIT_CONNECTION : EXIT_FILE, cause.message, { cause });
}
