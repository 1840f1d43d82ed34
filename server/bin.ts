#!/usr/bin/env node
/**
 * Start file of the command `msrpkit`, the same for Bun, Deno and Node.
 * It only turns arguments into an exit status; `cli/program.ts` knows the commands.
 */
import process from "node:process";
import { runCommandLine } from "./cli/program.ts";
import { EXIT_UNREAD } from "./exit_codes.ts";

// Whoever read the output has gone (`msrpkit receive | head -1`): nobody is left to be told anything.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => process.exit(EXIT_UNREAD));

const exitCode = await runCommandLine(process.argv.slice(2));
// A terminal that still waits for input would keep the process alive, so it ends by itself once all is printed.
process.stdout.write("", () => process.stderr.write("", () => process.exit(exitCode)));
