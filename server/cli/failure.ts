/**
 * Turns whatever a command threw into one sentence and an exit status. Stack traces are for bugs only, and even
 * then only on request.
 */
import process from "node:process";
import {
  ConnectionError,
  DeliveryError,
  LocalProtocolError,
  MsrpError,
  RemoteProtocolError,
} from "../../core/mod.ts";
import { StoreError } from "../credentials/store.ts";
import { EXIT_CONNECTION, EXIT_FILE, EXIT_INTERNAL, EXIT_NOT_DELIVERED, EXIT_USAGE } from "../exit_codes.ts";
import { reasonOf } from "../files/reason_of.ts";
import { CommandError } from "./command_error.ts";
import type { Terminal } from "./terminal.ts";

/** A failure as the user sees it. */
export interface Explanation {
  /** One sentence. */
  readonly message: string;
  /** Exit status. */
  readonly exitCode: number;
}

/** Prints why a command failed and gives its exit status. */
export function reportFailure(error: unknown, terminal: Terminal): number {
  const { message, exitCode } = explain(error);
  terminal.error(message, exitCode);
  if (process.env["MSRPKIT_DEBUG"] === "1" && error instanceof Error) terminal.note(error.stack ?? "");
  return exitCode;
}

/** Finds the words and the exit status for an error. */
export function explain(error: unknown): Explanation {
  if (error instanceof CommandError) return { message: error.message, exitCode: error.exitCode };
  if (error instanceof DeliveryError) return { message: deliveryText(error), exitCode: EXIT_NOT_DELIVERED };
  if (error instanceof ConnectionError) return { message: error.message, exitCode: EXIT_CONNECTION };
  if (error instanceof LocalProtocolError) return { message: error.message, exitCode: EXIT_USAGE };
  if (error instanceof RemoteProtocolError) return { message: error.message, exitCode: EXIT_CONNECTION };
  if (error instanceof MsrpError) return { message: error.message, exitCode: EXIT_NOT_DELIVERED };
  if (error instanceof StoreError) {
    return { message: error.message, exitCode: error.network ? EXIT_CONNECTION : EXIT_FILE };
  }
  if (error instanceof Error && isSystemError(error)) {
    const network = /^(E(CONN|ADDR|HOST|NET|AI_)|ETIMEDOUT)/.test(error.code);
    return network
      ? { message: error.message, exitCode: EXIT_CONNECTION }
      : { message: `${error.path ?? error.syscall ?? "system"}: ${reasonOf(error)}`, exitCode: EXIT_FILE };
  }
  const text = error instanceof Error ? error.message : String(error);
  return { message: `internal error: ${text} (MSRPKIT_DEBUG=1 shows more)`, exitCode: EXIT_INTERNAL };
}

/** What a delivery error means for somebody who sent a message. */
function deliveryText(error: DeliveryError): string {
  if (error.code === "timeout") return `not delivered: no answer in time (${error.message})`;
  return `not delivered: ${error.message}`;
}

interface SystemError extends Error {
  readonly code: string;
  readonly syscall?: string;
  readonly path?: string;
}

/** True for errors of the operating system, as node:fs and node:net throw them. */
function isSystemError(error: Error): error is SystemError {
  return /^E[A-Z_]+$/.test((error as { code?: string }).code ?? "");
}
