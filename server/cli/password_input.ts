/**
 * Reads a password from the person at the terminal without showing it, or from a pipe. Never from the command line:
 * every process of the machine can read that.
 */
import process from "node:process";
import { EXIT_USAGE, exitCodeOfSignal } from "../exit_codes.ts";
import { CommandError } from "./command_error.ts";
import { LineInput } from "./line_input.ts";

/** Longest password, in characters. */
export const MAX_PASSWORD_LENGTH = 1024;

/** Where a password comes from; `process.stdin` is one. */
export interface PasswordSource extends AsyncIterable<Uint8Array | string> {
  /** True when somebody types. */
  readonly isTTY?: boolean;
  /** Takes keys one by one, without showing them. */
  setRawMode?(raw: boolean): unknown;
}

/**
 * A password: typed twice at a terminal, or the first line of a pipe.
 *
 * @param prompt what is asked for, such as `"Password for alice"`
 * @param source @default standard input
 * @param write shows the prompts @default standard error, so that output can be piped
 * @param options `again: false` asks once: for a password that somebody has, not for a new one
 * @throws CommandError when it is empty, too long, has control characters, or was typed differently; with the status of
 *   SIGINT on Ctrl-C
 */
export async function readPassword(
  prompt: string,
  source: PasswordSource = process.stdin,
  write: (text: string) => void = (text) => process.stderr.write(text),
  options: { again?: boolean } = {},
): Promise<string> {
  if (source.isTTY !== true || source.setRawMode === undefined) {
    return check((await new LineInput(octets(source)).next()) ?? "");
  }
  const keys = new Keys(source);
  source.setRawMode(true);
  try {
    write(`${prompt}: `);
    const password = check(await keys.line(write));
    if (options.again === false) return password;
    write("Again: ");
    if ((await keys.line(write)) !== password) throw new CommandError(EXIT_USAGE, "the passwords differ");
    return password;
  } finally {
    source.setRawMode(false);
    await keys.end();
  }
}

function check(password: string): string {
  if (password === "") throw new CommandError(EXIT_USAGE, "a password must not be empty");
  if (password.length > MAX_PASSWORD_LENGTH) {
    throw new CommandError(EXIT_USAGE, `a password has at most ${MAX_PASSWORD_LENGTH} characters`);
  }
  if (/[\u0000-\u001f\u007f]/.test(password)) {
    throw new CommandError(EXIT_USAGE, "a password must not have control characters");
  }
  return password;
}

/** The keys that somebody types; what comes after Enter is kept for the next line. */
class Keys {
  readonly #source: AsyncIterator<Uint8Array | string>;
  readonly #decoder = new TextDecoder();
  #pending: string[] = [];

  constructor(source: PasswordSource) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async line(write: (text: string) => void): Promise<string> {
    const typed: string[] = [];
    for (;;) {
      const key = this.#pending.shift();
      if (key === undefined) {
        if (!(await this.#more())) break;
      } else if (key === "\r" || key === "\n" || key === "\u0004") {
        break;
      } else if (key === "\u0003") {
        write("\n");
        throw new CommandError(exitCodeOfSignal("SIGINT"), "interrupted");
      } else if (key === "\u007f" || key === "\b") {
        typed.pop();
      } else if (key === "\u0015") {
        typed.length = 0;
      } else if (typed.length <= MAX_PASSWORD_LENGTH) {
        typed.push(key);
      }
    }
    write("\n");
    return typed.join("");
  }

  async end(): Promise<void> {
    await this.#source.return?.();
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#source.next();
    if (done === true) return false;
    const text = typeof value === "string" ? value : this.#decoder.decode(value, { stream: true });
    // By code points, so that backspace takes back what one key gave.
    this.#pending.push(...text);
    return true;
  }
}

async function* octets(source: PasswordSource): AsyncIterable<Uint8Array> {
  const encoder = new TextEncoder();
  for await (const piece of source) yield typeof piece === "string" ? encoder.encode(piece) : piece;
}
