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
   * A terminal that gets CRLF hands on two line ends: then an empty line stands behind each line, `v=0` being the first, and
   * two of them are the end.
   *
   * @param skipped called with each line that is not empty and stands before `v=0`
   * @returns `undefined` when the input ends before one begins
   */
  async description(skipped?: (line: string) => void): Promise<string | undefined> {
    for (;;) {
      const line = (await this.next())?.trim();
      if (line === undefined) return undefined;
      if (line === "v=0") break;
      if (line !== "") skipped?.(line);
    }
    let text = "v=0\r\n";
    let doubled = false;
    let empty = 0;
    for (let line = await this.next(); line !== undefined; line = await this.next()) {
      if (line.trim() !== "") {
        text += `${line.trim()}\r\n`;
        empty = 0;
        continue;
      }
      if (text === "v=0\r\n") doubled = true;
      empty++;
      if (empty === (doubled ? 2 : 1)) break;
    }
    return text;
  }
}
