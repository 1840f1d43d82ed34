#!/usr/bin/env node
/**
 * Start file of the command `msrpkit`, the same for Bun, Deno and Node.
 * It only turns arguments into an exit status; `cli/program.ts` knows the commands.
 */
import process from "node:process";
import { runCommandLine } from "./cli/program.ts";

process.exitCode = await runCommandLine(process.argv.slice(2));
