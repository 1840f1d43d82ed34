/**
 * The error that ends a command with a sentence for its user and a documented exit status.
 * Everything else that a command throws is mapped to one of these in `failure.ts`, never to a stack trace.
 */

/** A failure that is explained to the user of the command line and ends it with `exitCode`. */
export class CommandError extends Error {
  /** Exit status, one of `exit_codes.ts`. */
  readonly exitCode: number;

  /** @param exitCode exit status @param message what failed and on which input @param options the cause, if any */
  constructor(exitCode: number, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "CommandError";
    this.exitCode = exitCode;
  }
}
