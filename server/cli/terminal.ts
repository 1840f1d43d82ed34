/**
 * Where a command prints: results to standard output, everything else to standard error, and with `--json`
 * one JSON object a line instead of sentences. Commands write through this and never to the console.
 */
import process from "node:process";

/** What a command prints with. */
export interface Terminal {
  /** True when results are JSON lines. */
  readonly json: boolean;
  /** Columns of the terminal behind standard error, or 0 when there is none (then no progress bar is drawn). */
  readonly columns: number;
  /** A result: with `--json` the event as one line, else the text. An `undefined` text is for machines only. */
  result(event: Readonly<Record<string, unknown>>, text: string | undefined): void;
  /** A remark for the person at the terminal; silent with `--json`. */
  note(text: string): void;
  /** An error; with `--json` also as an event. */
  error(text: string, exitCode: number): void;
  /**
   * Text of a message, to standard output; settles when it is written. On a terminal control characters are made
   * harmless: escape sequences of a stranger could rewrite the screen.
   */
  text(text: string): Promise<void>;
  /** Replaces the line of the progress bar; an empty text clears it. */
  progress(text: string): void;
}

/** Width of a terminal that does not tell its own: pseudo-terminals without a window say 0. */
const FALLBACK_COLUMNS = 80;

/**
 * The terminal of this process.
 *
 * @param options `json`: print JSON lines
 */
export function processTerminal(options: { json?: boolean | undefined }): Terminal {
  const json = options.json === true;
  const columns = json ? 0 : columnsOf(process.stderr);
  let bar = false;
  const clearBar = (): void => {
    if (bar) process.stderr.write("\r\x1b[K");
    bar = false;
  };
  return {
    json,
    columns,
    result(event, text) {
      clearBar();
      if (json) process.stdout.write(`${JSON.stringify(event)}\n`);
      else if (text !== undefined) process.stdout.write(`${text}\n`);
    },
    note(text) {
      clearBar();
      if (!json) process.stderr.write(`${text}\n`);
    },
    error(text, exitCode) {
      clearBar();
      if (json) process.stdout.write(`${JSON.stringify({ event: "error", message: text, exitCode })}\n`);
      process.stderr.write(`msrpkit: ${text}\n`);
    },
    text(text) {
      clearBar();
      const shown = process.stdout.isTTY ? harmless(text) : text;
      return new Promise((resolve, reject) => {
        process.stdout.write(shown, (error) => (error ? reject(error) : resolve()));
      });
    },
    progress(text) {
      if (columns === 0) return;
      process.stderr.write(`\r\x1b[K${text}`);
      bar = text !== "";
    },
  };
}

/**
 * Columns of a stream, 0 when it is no terminal.
 *
 * @param stream a stream of the process
 */
export function columnsOf(stream: { isTTY?: boolean; columns?: number }): number {
  return stream.isTTY === true ? stream.columns || FALLBACK_COLUMNS : 0;
}

/** The text with every control character but line feed and tab shown as its picture (U+2400 and following). */
export function harmless(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : "\u2421";
  });
}
