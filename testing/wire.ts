/**
 * Wire builders: requests and responses as a peer would write them, a peer made of octets, and a reader that turns what was
 * written into plain records. For tests that say what goes over the wire and look at what comes back.
 */
import { createSessionId, Decoder, type Transport, type TransportSink } from "../core/mod.ts";
import { joinBytes } from "../core/wire/join_bytes.ts";

/** One frame as a test wants to see it. */
export interface Written {
  kind: "request" | "response";
  id: string;
  /** Method of a request, status of a response. */
  what: string;
  flag: string;
  headers: Record<string, string>;
  range: string | undefined;
  body: Uint8Array | undefined;
  toPath: string[];
  fromPath: string[];
}

/** Reads written bytes frame by frame; keeps what is incomplete for the next call. */
export class WireReader {
  readonly #decoder = new Decoder();
  #open: Written | undefined;

  read(bytes: Uint8Array): Written[] {
    const frames: Written[] = [];
    this.#decoder.receive(bytes, (frame) => {
      if (frame.kind === "request" && this.#open !== undefined) {
        this.#open.body = joinBytes([this.#open.body!, frame.body!]);
        this.#open.flag = frame.flag;
        if (frame.last) {
          frames.push(this.#open);
          this.#open = undefined;
        }
        return;
      }
      const headers: Record<string, string> = {};
      for (const [name, value] of frame.headers) headers[name] = value;
      const written: Written = {
        kind: frame.kind,
        id: frame.transactionId,
        what: frame.kind === "request" ? frame.method : String(frame.status),
        flag: frame.flag,
        headers,
        range: headers["Byte-Range"],
        body: frame.kind === "request" ? frame.body?.slice() : undefined,
        toPath: frame.toPath.map((uri) => uri.text),
        fromPath: frame.fromPath.map((uri) => uri.text),
      };
      if (frame.kind === "request" && !frame.last) this.#open = written;
      else frames.push(written);
    });
    return frames;
  }
}

/** Octets 0, 1, 2 … modulo 251, so that a shift shows. */
export function pattern(length: number, from = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (from + index) % 251);
}

/** A peer made of bytes. */
export class Peer implements TransportSink {
  readonly transport: Transport;
  readonly octets: Uint8Array[] = [];
  readonly ended_: Promise<Error | undefined>;
  readonly #reader = new WireReader();
  readonly #frames: Written[] = [];
  #waiting: ((frame: Written) => void)[] = [];
  #end!: (error: Error | undefined) => void;
  #probes = 0;
  isEnded = false;

  constructor(transport: Transport) {
    this.transport = transport;
    this.ended_ = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  received(bytes: Uint8Array): void {
    this.octets.push(bytes.slice());
    for (const frame of this.#reader.read(bytes)) {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#frames.push(frame);
      else waiting(frame);
    }
  }
  drained(): void {}
  ended(error?: Error): void {
    this.isEnded = true;
    this.#end(error);
  }

  /** The next frame. */
  frame(): Promise<Written> {
    const frame = this.#frames.shift();
    return frame === undefined
      ? new Promise((resolve) => this.#waiting.push(resolve))
      : Promise.resolve(frame);
  }

  /** Writes text; `\n` becomes CRLF. */
  write(text: string): void {
    this.transport.write(new TextEncoder().encode(text.replace(/\r?\n/g, "\r\n")));
  }

  /** Asks for something that is always answered with 481, and returns what came before that answer. */
  async silence(): Promise<Written[]> {
    const id = `probe${String(++this.#probes).padStart(7, "0")}`;
    const nowhere = `msrp://nowhere.example:1/${createSessionId()};tcp`;
    this.write(request({ id, method: "SEND", to: nowhere, from: "msrp://probe.example:2/probe;tcp" }));
    const before: Written[] = [];
    for (let frame = await this.frame(); frame.id !== id; frame = await this.frame()) before.push(frame);
    return before;
  }
}

/** A request as a peer would write it. */
export interface RawRequest {
  id?: string;
  method?: string;
  to: string;
  from: string;
  messageId?: string;
  range?: string;
  headers?: string[];
  type?: string;
  body?: string;
  flag?: string;
}

let count = 0;

/** Text of a request; LF stands for CRLF. */
export function request(fields: RawRequest): string {
  const id = fields.id ?? `raw${String(++count).padStart(9, "0")}`;
  const lines = [
    `MSRP ${id} ${fields.method ?? "SEND"}`,
    `To-Path: ${fields.to}`,
    `From-Path: ${fields.from}`,
    `Message-ID: ${fields.messageId ?? `m.${id}`}`,
  ];
  if (fields.range !== undefined) lines.push(`Byte-Range: ${fields.range}`);
  lines.push(...(fields.headers ?? []));
  if (fields.body !== undefined) lines.push(`Content-Type: ${fields.type ?? "text/plain"}`, "", fields.body);
  lines.push(`-------${id}${fields.flag ?? "$"}`, "");
  return lines.join("\n");
}

/** A 200, or another answer, to a request that a peer got. */
export function answer(to: Written, status: string = "200 OK"): string {
  const lines = [
    `MSRP ${to.id} ${status}`,
    `To-Path: ${to.fromPath[0]}`,
    `From-Path: ${to.toPath[0]}`,
    `-------${to.id}$`,
    "",
  ];
  return lines.join("\n");
}
