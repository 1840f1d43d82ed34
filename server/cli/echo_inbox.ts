/**
 * The receiving side of `msrpkit send --echo`: takes messages as they come back, prints or stores them.
 * It compares them with what was sent, octet for octet, without keeping either.
 */
import { type FileHandle, open } from "node:fs/promises";
import type { Message } from "../../core/mod.ts";
import { EXIT_FILE } from "../exit_codes.ts";
import { RunningDigest } from "../files/digest.ts";
import { isText, OCTET_STREAM } from "../files/media_type.ts";
import { reasonOf } from "../files/reason_of.ts";
import { CommandError } from "./command_error.ts";
import { decodeText, MAX_PRINTED_BYTES } from "./print_message.ts";
import type { Terminal } from "./terminal.ts";
import { formatBytes } from "./units.ts";

/** A message that came back, read to its end. */
export interface Echo {
  readonly messageId: string;
  readonly contentType: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Its beginning, when it is a text. */
  readonly text: string | undefined;
}

/** What is known of the message that was sent. */
export interface Original {
  readonly contentType: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Where echoes come in. */
export class EchoInbox {
  readonly #out: string | undefined;
  readonly #terminal: Terminal;
  #expected: { resolve: (echo: Echo) => void; reject: (error: unknown) => void } | undefined;

  /** @param out file for the echo, or `undefined` to print it */
  constructor(out: string | undefined, terminal: Terminal) {
    this.#out = out;
    this.#terminal = terminal;
  }

  /** Waits for the next message. Call it before sending, so that no echo is missed. */
  expect(): Promise<Echo> {
    const echo = new Promise<Echo>((resolve, reject) => {
      this.#expected = { resolve, reject };
    });
    // The sender may fail first, and then nobody looks at the echo.
    echo.catch(() => undefined);
    return echo;
  }

  /** Handler of the node: reads a message to its end. Messages that nobody waits for are read and dropped. */
  async take(message: Message): Promise<void> {
    const expected = this.#expected;
    this.#expected = undefined;
    try {
      const echo = await this.#read(message, expected === undefined ? undefined : this.#out);
      expected?.resolve(echo);
    } catch (error) {
      expected?.reject(error);
    }
  }

  /** Prints an echo and says whether it is what was sent. */
  async compare(echo: Echo, original: Original): Promise<boolean> {
    const identical = echo.sha256 === original.sha256 && echo.contentType === original.contentType;
    const { text, ...figures } = echo;
    if (text !== undefined && this.#out === undefined && !this.#terminal.json)
      await this.#terminal.text(`${text}\n`);
    this.#terminal.result(
      { event: "echo", ...figures, identical, ...(text === undefined ? {} : { text }) },
      undefined,
    );
    if (identical) {
      this.#terminal.note(`echo: ${formatBytes(echo.bytes)} of ${echo.contentType}, identical`);
    } else {
      this.#terminal.error(
        `the echo differs: sent ${original.bytes} octets of ${original.contentType}, got ${echo.bytes} of ${echo.contentType}`,
        1,
      );
    }
    return identical;
  }

  async #read(message: Message, out: string | undefined): Promise<Echo> {
    const contentType = message.contentType ?? OCTET_STREAM;
    const digest = new RunningDigest();
    const kept: Uint8Array[] = [];
    const file = out === undefined ? undefined : await openOut(out);
    try {
      for await (const bytes of message.stream() as AsyncIterable<Uint8Array>) {
        const room = MAX_PRINTED_BYTES - digest.bytes;
        if (room > 0 && isText(contentType)) kept.push(bytes.slice(0, room));
        digest.update(bytes);
        await file?.writeFile(bytes);
      }
    } finally {
      await file?.close();
    }
    const text = isText(contentType) ? decodeText(kept) : undefined;
    return { messageId: message.messageId, contentType, bytes: digest.bytes, sha256: digest.finish(), text };
  }
}

/** Opens the file of `--out`, which replaces what is there: the user named it. */
function openOut(path: string): Promise<FileHandle> {
  return open(path, "w").catch((cause: Error) => {
    throw new CommandError(EXIT_FILE, `Cannot write ${path}: ${reasonOf(cause)}`, { cause });
  });
}
