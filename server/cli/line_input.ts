/**
 * Standard input line by line, for a command that asks for an SDP first and for chat lines afterwards. One reader for
 * both: two of them would lose what the first has read ahead.
 */

/** Longest line that is taken; what is pasted or typed is far shorter, and a stream without line ends must not grow. */
export const MAX_LINE_LENGTH = 65_536;

/** Lines of a byte stream. */
export class LineInput {
  readonly #bytes: AsyncIterator<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";
  #ended = false;

  /** @param source usually `process.stdin` */
  constructor(source: AsyncIterable<Uint8Array>) {
    this.#bytes = source[Symbol.asyncIterator]();
  }

  /** The next line without its end, or `undefined` after the last one. */
  async next(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return line.endsWith("\r") ? line.slice(0, -1) : line;
      }
      if (this.#ended) {
        const rest = this.#text;
        this.#text = "";
        return rest === "" ? undefined : rest;
      }
      if (this.#text.length > MAX_LINE_LENGTH)
        throw new Error(`Cannot read a line of over ${MAX_LINE_LENGTH} characters`);
      const { done, value } = await this.#bytes.next();
      this.#ended = done === true;
      this.#text += done === true ? this.#decoder.decode() : this.#decoder.decode(value, { stream: true });
    }
  }

  /**
   * A session description: lines from the first `v=0` to an empty line or the end of the input, with CRLF after each.
   *
   * @returns `undefined` when the input ends before one begins
   */
  async description(): Promise<string | undefined> {
    let text = "";
    for (;;) {
      const line = await this.next();
      if (text === "") {
        if (line === undefined) return undefined;
        if (line.trim() === "v=0") text = "v=0\r\n";
      } else if (line === undefined || line.trim() === "") {
        return text;
      } else {
        text += `${line.trim()}\r\n`;
      }
    }
  }
}
