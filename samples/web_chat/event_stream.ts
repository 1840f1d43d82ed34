/**
 * Reads a stream of server-sent events from a response. `EventSource` cannot send the header that says who one is, so
 * clients use `fetch` and this.
 */

/** One event of a stream. */
export interface StreamedEvent {
  readonly id: string | undefined;
  readonly data: string;
}

/** Longest line that is taken, in characters: an SDP text is far below it. */
const maxLine = 262_144;

/**
 * The events of a response's body, as they come; ends with it.
 *
 * @param onLife called whenever anything came, a heartbeat included
 * @throws what reading throws; {RangeError} a line that has no end
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  onLife: () => void = () => undefined,
): AsyncGenerator<StreamedEvent, void, undefined> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = "";
  let id: string | undefined;
  let data: string[] = [];
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      onLife();
      const lines = (rest + decoder.decode(next.value, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > maxLine)
        throw new RangeError(`Cannot read events: a line of over ${maxLine} characters`);
      for (const line of lines.map((one) => one.replace(/\r$/, ""))) {
        if (line === "") {
          if (data.length > 0) yield { id, data: data.join("\n") };
          id = undefined;
          data = [];
        } else if (line.startsWith("data:")) data.push(line.slice(5).trimStart());
        else if (line.startsWith("id:")) id = line.slice(3).trim();
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
