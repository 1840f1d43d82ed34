// The tester's side of a WebSocket, octet by octet: masked frames out, whole messages in, and nothing forgiven.
// A relay sends binary messages that hold one MSRP message each; whatever else comes fails the flow.
import { randomBytes } from "node:crypto";

/** How the next blocks are written. */
export type WriteMode = "binary" | "text" | "join" | "split";

/** Frames of one connection. */
export class WebSocketFrames {
  /** Payloads of pongs that have come. */
  readonly pongs: string[] = [];
  /** The closing frame has come. */
  closed: number | undefined;
  mode: WriteMode = "binary";
  readonly #send: (bytes: Buffer) => void;
  #data: Buffer = Buffer.alloc(0);
  #message: Buffer[] = [];

  /** @param send writes octets */
  constructor(send: (bytes: Buffer) => void) {
    this.#send = send;
  }

  /** Takes octets; returns the messages that are whole now. @throws when the server breaks the protocol */
  receive(chunk: Buffer): Buffer[] {
    this.#data = Buffer.concat([this.#data, chunk]);
    const messages: Buffer[] = [];
    for (let frame = this.#cut(); frame !== undefined; frame = this.#cut()) {
      const { opcode, final, payload } = frame;
      if (opcode === 8) {
        this.closed ??= payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
        this.#frame(8, payload.subarray(0, 2));
      } else if (opcode === 9) this.#frame(10, payload);
      else if (opcode === 10) this.pongs.push(payload.toString("hex"));
      else {
        if (opcode !== 2 && opcode !== 0) throw new Error(`a message with opcode ${opcode}`);
        this.#message.push(payload);
        if (!final) continue;
        messages.push(Buffer.concat(this.#message));
        this.#message = [];
      }
    }
    return messages;
  }

  #cut(): { opcode: number; final: boolean; payload: Buffer } | undefined {
    const data = this.#data;
    if (data.length < 2) return undefined;
    const [first = 0, second = 0] = data;
    if ((second & 0x80) !== 0) throw new Error("a frame of the server is masked");
    if ((first & 0x70) !== 0) throw new Error("a frame of the server has a reserved bit set");
    let [length, at] = [second & 0x7f, 2];
    if (length === 126) {
      if (data.length < 4) return undefined;
      [length, at] = [data.readUInt16BE(2), 4];
    } else if (length === 127) {
      if (data.length < 10) return undefined;
      [length, at] = [Number(data.readBigUInt64BE(2)), 10];
    }
    if (data.length < at + length) return undefined;
    this.#data = data.subarray(at + length);
    return { opcode: first & 0x0f, final: (first & 0x80) !== 0, payload: data.subarray(at, at + length) };
  }

  #frame(opcode: number, payload: Buffer): void {
    this.#send(clientFrame(opcode, payload));
  }

  /** Sends a ping. */
  ping(payload: Buffer): void {
    this.#frame(9, payload);
  }

  /** Sends one block of a script, as the mode says. */
  write(octets: string): void {
    const opcode = this.mode === "text" ? 1 : 2;
    for (const part of this.#parts(octets)) this.#frame(opcode, Buffer.from(part, "latin1"));
  }

  #parts(octets: string): string[] {
    if (this.mode === "join") return [octets];
    if (this.mode === "split") {
      const middle = octets.length >> 1;
      return [octets.slice(0, middle), octets.slice(middle)];
    }
    const parts: string[] = [];
    for (let rest = octets; rest !== ""; ) {
      const length = messageLength(rest) ?? rest.length;
      parts.push(rest.slice(0, length));
      rest = rest.slice(length);
    }
    return parts;
  }
}

/** What is unusual about a frame. */
export interface FrameOddity {
  /** @default true */
  readonly final?: boolean;
  /** @default true */
  readonly masked?: boolean;
  /** Bits of the first octet besides. @default 0 */
  readonly bits?: number;
  /** What the head says in place of the payload's length, in eight octets. */
  readonly length?: bigint;
}

/** A frame as clients send it. */
export function clientFrame(opcode: number, payload: Buffer, oddity: FrameOddity = {}): Buffer {
  const { final = true, masked = true, bits = 0 } = oddity;
  const length = oddity.length ?? payload.length;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = (final ? 0x80 : 0) | bits | opcode;
  const marked = masked ? 0x80 : 0;
  if (length < 126) head[1] = marked | Number(length);
  else if (length < 65_536) {
    head[1] = marked | 126;
    head.writeUInt16BE(Number(length), 2);
  } else {
    head[1] = marked | 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  if (!masked) return Buffer.concat([head, payload]);
  const mask = randomBytes(4);
  const hidden = Buffer.from(payload);
  for (let index = 0; index < payload.length; index++) {
    hidden[index] = (hidden[index] ?? 0) ^ (mask[index & 3] ?? 0);
  }
  return Buffer.concat([head, mask, hidden]);
}

/** Octets of the MSRP message that a text begins with; undefined when it has no whole one there. */
export function messageLength(text: string): number | undefined {
  const [, id] = /^MSRP (\S+) /.exec(text) ?? [];
  if (id === undefined) return undefined;
  const mark = `-------${id}`;
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
    const end = at + mark.length;
    if (text.startsWith("\r\n", at - 2) && /^[$+#]\r\n$/.test(text.slice(end, end + 3))) return end + 3;
  }
  return undefined;
}
