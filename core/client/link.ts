/**
 * One connection of a client: requests with the answers that belong to them (RFC 4975 §7.2), and messages that take turns
 * at the connection as it has room. What comes in and is no answer is its owner's.
 */
import { ConnectionError, RemoteProtocolError } from "../errors.ts";
import type { Transport, TransportSink } from "../node/transport.ts";
import type { RequestResult } from "../session/session_options.ts";
import { createTransactionId } from "../wire/ident.ts";
import { defaultComment } from "../wire/status.ts";
import { type ClientFrame, type Fields, findEndLine, readFrame, writeFrame } from "./frame.ts";

/** A sender of chunks: sends one, and tells whether it has another one now. */
export interface Sender {
  /** @returns false: nothing to send now; `wake` tells of more */
  sendChunk(link: ClientLink): boolean;
}

/** Whom a link tells. */
export interface LinkHost {
  /** A request came in. */
  request(frame: ClientFrame): void;
  /** The connection is over. */
  ended(error: Error | undefined): void;
}

/** A request that is to be sent. */
export type ClientRequest = Omit<ClientFrame, "transactionId" | "word" | "comment"> & {
  readonly method: string;
};

/** What answers a request; status 408 when nothing did (RFC 4975 §7.1.1), 0 when the connection ended before. */
export type Answered = (status: number, comment: string | undefined, headers: Fields) => void;

interface Open {
  readonly deadline: number;
  readonly answered: Answered;
}

/** A sender waits 30 s for the answer to each request (RFC 4975 §7.1.1). */
const answerMs = 30_000;
/** Octets that may wait for their answers: enough for a fast line with a long way, and soon paused. */
const windowBytes = 1_048_576;

/** A connection whose messages are frames. */
export class ClientLink implements TransportSink {
  readonly transport: Transport;
  readonly #host: LinkHost;
  readonly #open: Map<string, Open> = new Map();
  readonly #senders: Set<Sender> = new Set();
  #cancel: (() => void) | undefined;
  #room = true;
  #pumping = false;
  #over = false;
  /** Octets of chunks that are not answered. */
  unanswered = 0;
  /** When something was heard from the other end. */
  heardAt: number;

  constructor(transport: Transport, host: LinkHost) {
    this.transport = transport;
    this.#host = host;
    this.heardAt = transport.clock.now();
  }

  /** True until the connection ends. */
  get alive(): boolean {
    return !this.#over;
  }

  /** Sends a request; `answered` is called once, unless the connection ends before. */
  request(request: ClientRequest, answered?: Answered): void {
    let transactionId = createTransactionId();
    // RFC 4975 §7.1: the end-line must not occur in the body.
    while (request.body !== undefined && findEndLine(request.body, transactionId) >= 0) {
      transactionId = createTransactionId();
    }
    if (answered !== undefined) {
      this.#open.set(transactionId, { deadline: this.transport.clock.now() + answerMs, answered });
      this.#watch();
    }
    this.#write({ ...request, transactionId, word: request.method });
  }

  /** Answers a request (RFC 4975 §7.2): over this hop only. */
  respond({ transactionId, toPath, fromPath }: ClientFrame, status: number): void {
    this.#write({
      transactionId,
      word: String(status),
      comment: defaultComment(status),
      toPath: fromPath.slice(0, 1),
      fromPath: toPath.slice(0, 1),
      headers: [],
    });
  }

  /** The sender has something to send. */
  wake(sender: Sender): void {
    this.#senders.add(sender);
    if (!this.#pumping) this.pump();
  }

  /** Lets each sender that has something send a chunk, and the next, as long as there is room. */
  pump(): void {
    this.#pumping = true;
    while (this.#hasRoom() && this.#senders.size > 0) {
      for (const sender of [...this.#senders]) {
        if (!this.#hasRoom()) break;
        // Its turn is over; who has more goes to the end.
        this.#senders.delete(sender);
        if (sender.sendChunk(this)) this.#senders.add(sender);
      }
    }
    this.#pumping = false;
  }

  /** The owner of the last session has gone. */
  close(): void {
    this.transport.close();
  }

  received(bytes: Uint8Array): void {
    this.heardAt = this.transport.clock.now();
    let frame: ClientFrame;
    try {
      frame = readFrame(bytes);
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    const status = Number(frame.word);
    if (!(status > 0)) {
      this.#host.request(frame);
      return;
    }
    const open = this.#open.get(frame.transactionId);
    this.#open.delete(frame.transactionId);
    open?.answered(status, frame.comment, frame.headers);
    this.pump();
  }

  drained(): void {
    this.#room = true;
    this.pump();
  }

  ended(error?: Error): void {
    this.#over = true;
    this.#cancel?.();
    this.#senders.clear();
    for (const { answered } of this.#open.values()) answered(0, undefined, []);
    this.#open.clear();
    this.#host.ended(error);
  }

  #hasRoom(): boolean {
    return this.#room && !this.#over && this.unanswered < windowBytes;
  }

  #write(frame: ClientFrame): void {
    if (this.#over) return;
    if (!this.transport.write(writeFrame(frame))) this.#room = false;
  }

  // All wait equally long, so the first in the table is the next.
  #watch(): void {
    if (this.#cancel !== undefined) return;
    const [next] = this.#open.values();
    if (next === undefined || this.#over) return;
    const { clock } = this.transport;
    this.#cancel = clock.setTimer(
      () => {
        this.#cancel = undefined;
        for (const [id, { deadline, answered }] of this.#open) {
          if (deadline > clock.now()) break;
          this.#open.delete(id);
          answered(408, undefined, []);
        }
        this.#watch();
      },
      Math.max(1, next.deadline - clock.now()),
    );
  }

  #fail(error: Error): void {
    const { transport } = this as { transport: Transport & { fail?: (error: Error, code: number) => void } };
    if (transport.fail) transport.fail(error, error instanceof RemoteProtocolError ? 1002 : 1011);
    else transport.abort();
  }

  /** Sends a request and waits for what answers it. @throws {ConnectionError} no answer, or the connection ended before */
  ask(request: ClientRequest): Promise<RequestResult> {
    return new Promise((resolve, reject) => {
      if (this.#over) throw lost();
      this.request(request, (status, comment, headers) => {
        if (status === 0) reject(lost());
        else if (status === 408) reject(new ConnectionError("timeout", "No answer within 30 seconds"));
        else resolve({ status, comment, headers });
      });
    });
  }
}

function lost(): ConnectionError {
  return new ConnectionError("connection-closed", "The connection was closed");
}
