// Receives the chunks of messages until each is whole, and checks what RFC 4975 §7.1.1 says of every chunk.
// However a relay has cut the message, its octets must be those that were sent.
import type { RawFrame, Wire } from "./wire.ts";

/** What is to be received. */
export interface Gathering {
  /** Octets by Message-ID. */
  readonly messages: ReadonlyMap<string, string>;
  readonly acknowledge: boolean;
  /** Flag of the last chunk. */
  readonly flag: string;
  /** Transaction whose response must come before the last chunk. */
  readonly beforeEnd: string | undefined;
  readonly minPieces: number;
}

interface State {
  octets: number;
  pieces: number;
  lastLength: number;
  done: boolean;
}

/** Why what came is not what was sent; undefined = all is well. */
export async function gather(wire: Wire, wanted: Gathering, limitMs: number): Promise<string | undefined> {
  const states = new Map<string, State>();
  for (const id of wanted.messages.keys())
    states.set(id, { octets: 0, pieces: 0, lastLength: 0, done: false });
  const transactions = new Set<string>();
  let answered = wanted.beforeEnd === undefined;
  const until = performance.now() + limitMs;
  while ([...states.values()].some((state) => !state.done)) {
    const frame = await wire.frame(until - performance.now());
    if (frame === "eof" || frame === "time") return `gather: ${frame}; ${JSON.stringify([...states])}`;
    const [, id, word] = frame.startLine.split(" ");
    if (word !== "SEND") {
      if (id === wanted.beforeEnd) answered = true;
      else return `gather: unexpected "${frame.startLine}"`;
      continue;
    }
    if (transactions.has(frame.transactionId)) return "gather: a transaction id came twice";
    transactions.add(frame.transactionId);
    const fault = take(frame, wanted, states);
    if (fault !== undefined) return `gather: ${fault}`;
    const ended = [...states.values()].every((state) => state.done);
    if (ended && !answered) return "gather: the response came after the last chunk";
    if (wanted.acknowledge) acknowledge(wire, frame);
  }
  return undefined;
}

function take(frame: RawFrame, wanted: Gathering, states: ReadonlyMap<string, State>): string | undefined {
  const ids = frame.headers.filter((line) => line.startsWith("Message-ID: ")).map((line) => line.slice(12));
  const [messageId = ""] = ids;
  const state = states.get(messageId);
  const whole = wanted.messages.get(messageId);
  if (ids.length !== 1 || state === undefined || whole === undefined) return "a chunk of another message";
  if (state.done) return "a chunk after the last one";
  const body = frame.body ?? "";
  const range = frame.headers.find((line) => line.startsWith("Byte-Range: "))?.slice(12) ?? "";
  const [, start, end] = /^(\d+)-(\d+|\*)\/(?:\d+|\*)$/.exec(range) ?? [];
  if (Number(start) !== state.octets + 1) return `Byte-Range ${range} after ${state.octets} octets`;
  if (end !== "*" && Number(end) !== state.octets + body.length)
    return `Byte-Range ${range} of ${body.length} octets`;
  if (whole.slice(state.octets, state.octets + body.length) !== body) return "other octets than were sent";
  if (state.pieces > 0 && state.lastLength < 2048)
    return `a piece of ${state.lastLength} octets before the last`;
  state.octets += body.length;
  state.lastLength = body.length;
  state.pieces++;
  if (state.octets < whole.length)
    return frame.flag === "+" ? undefined : `flag ${frame.flag} before the end`;
  if (frame.flag === "+") return undefined; // an empty chunk may end the message
  state.done = true;
  if (frame.flag !== wanted.flag) return `flag ${frame.flag} at the end`;
  return state.pieces < wanted.minPieces ? `${state.pieces} pieces` : undefined;
}

function acknowledge(wire: Wire, frame: RawFrame): void {
  const path = (name: string): string =>
    frame.headers.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? "";
  const [to = ""] = path("From-Path").split(" ");
  const [from = ""] = path("To-Path").split(" ");
  const id = frame.transactionId;
  wire.write(`MSRP ${id} 200 OK\r\nTo-Path: ${to}\r\nFrom-Path: ${from}\r\n-------${id}$\r\n`);
}
