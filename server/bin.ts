#!/usr/bin/env node
/**
 * Start file of the command `msrpkit`, the same for Bun, Deno and Node.
 * It only turns arguments into an exit status; `cli/program.ts` knows the commands.
 */
import process from "node:process";
import { runCommandLine } from "./cli/program.ts";

const exitCode = await runCommandLine(process.argv.slice(2));
// A terminal that still waits for input would keep the process alive, so it ends by itself once all is printed.
process.stdout.write("", () => process.stderr.write("", () => process.exit(exitCode)));
