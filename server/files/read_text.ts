/**
 * Reads the files that an operator names: configurations, plugins, certificates. What is wrong with one is said with its
 * path and ends the command with the right status.
 */
import { readFile } from "node:fs/promises";
import { CommandError } from "../cli/command_error.ts";
import { EXIT_FILE, EXIT_USAGE } from "../exit_codes.ts";
import { reasonOf } from "./reason_of.ts";

/** Reads a file as UTF-8, with or without a mark of that at its beginning. @throws {CommandError} (file) it cannot be read */
export async function readText(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((cause: Error) => {
    throw new CommandError(EXIT_FILE, `Cannot read ${path}: ${reasonOf(cause)}`, { cause });
  });
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

/** Reads a file of JSON. @throws {CommandError} (file) it cannot be read, (usage) it is no JSON */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CommandError(EXIT_USAGE, `Cannot use ${path}: it is no JSON`, { cause });
  }
}
