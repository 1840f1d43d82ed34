// Checks of the `sender` entries of streams.json: what an outbox on a connection puts on the wire, written in the
// smallest steps, so that something can happen between any two of them; and when it reports failure.
import { Connection } from "../../core/connection/connection.ts";
import type { DeliveryError } from "../../core/errors.ts";
import { Outbox } from "../../core/session/outbox.ts";
import type { SendOptions } from "../../core/session/sent.ts";
import type { FailureReport } from "../../core/wire/frame.ts";
import {
  alice,
  answer,
  bob,
  concat,
  events,
  pattern,
  WireReader,
  type Written,
  writes,
} from "../support/connections.ts";
import type { Checks, Vector } from "./registry.ts";

interface Given {
  readonly body_base64?: string;
  readonly bodyLength?: number;
  readonly idSequence?: readonly string[];
  readonly pieces?: readonly number[];
  readonly chunkSize?: number;
  readonly interruptAt?: number;
  readonly interruptBy?: string;
  readonly failureReport?: FailureReport;
  readonly responseAfter_ms?: number | null;
  readonly response?: number;
}

interface ExpectedFrame {
  readonly tid?: string | readonly string[];
  readonly flag?: string;
  readonly byteRange?: readonly string[];
  readonly bodyLength?: number;
}

/** The checks of the senders, by the vectors' `type`. */
export const checks: Checks = {
  sender: (vector) => {
    const given = vector["given"] as Given;
    if ("failureAt_ms" in vector.expect) return checkFailure(vector, given);
    if (given.pieces !== undefined) return checkStream(vector, given.pieces);
    if (given.body_base64 !== undefined || given.bodyLength !== undefined) return checkFrames(vector, given);
    return `no check for what is given: ${JSON.stringify(given)}`;
  },
};

/**
 * One sender: a connection that writes as little as it may at a time, and the outbox of a session on it.
 *
 * @param interruptBytes where a chunk may be interrupted; 2048 octets is the least that RFC 4975 §7.1.1 allows
 */
function sender(
  ids: readonly string[] = [],
  interruptBytes = 2048,
): { connection: Connection; outbox: Outbox } {
  let drawn = 0;
  const last = ids.at(-1);
  const connection = new Connection({
    maxWriteBytes: 1,
    interruptBytes,
    ...(last === undefined ? {} : { transactionId: () => ids[drawn++] ?? last }),
  });
  const outbox = new Outbox({ toPath: [bob], fromPath: [alice] });
  outbox.attach({ send: (m) => connection.send(m), wake: (m) => connection.wakeMessage(m) });
  return { connection, outbox };
}

function checkFrames(vector: Vector, given: Given): string | undefined {
  const { connection, outbox } = sender(given.idSequence, Math.max(2048, given.interruptAt ?? 0));
  const body =
    given.body_base64 === undefined
      ? pattern(given.bodyLength ?? 0)
      : Uint8Array.from(atob(given.body_base64), (character) => character.charCodeAt(0));
  const options: SendOptions = given.chunkSize === undefined ? {} : { chunkBytes: given.chunkSize };
  const { messageId } = outbox.enqueue(body, options);
  const written: Uint8Array[] = [];
  if (given.interruptBy !== undefined) {
    let octets = 0;
    const reader = new BodyCounter();
    while (octets < (given.interruptAt ?? 0)) {
      const bytes = connection.transmit(0);
      if (bytes === undefined) return `nothing more is written at ${octets} octets`;
      written.push(bytes);
      octets = reader.add(bytes);
    }
    interrupt(connection, outbox, given.interruptBy, reader.transactionId, messageId);
  }
  written.push(...writes(connection));
  const sends = new WireReader().read(concat(written)).filter((frame) => frame.what === "SEND");
  const wrong = compareFrames(sends, vector);
  if (wrong !== undefined) return wrong;
  if (vector.expect["noFurtherChunks"] !== true) {
    const joined = concat(sends.map((frame) => frame.body ?? new Uint8Array(0)));
    if (joined.length !== body.length || joined.some((octet, at) => octet !== body[at]))
      return "the octets changed";
  }
  return connection.queuedMessages === 0 ? undefined : "the message is still queued";
}

/** Counts the octets of body in what one chunk after the other was written so far. */
class BodyCounter {
  #text = "";
  transactionId = "";

  add(bytes: Uint8Array): number {
    this.#text += new TextDecoder("latin1").decode(bytes);
    this.transactionId = /^MSRP (\S+)/.exec(this.#text)?.[1] ?? "";
    const body = this.#text.slice(this.#text.indexOf("\r\n\r\n") + 4);
    const end = body.indexOf(`\r\n-------${this.transactionId}`);
    return end < 0 ? body.length : end;
  }
}

function interrupt(connection: Connection, outbox: Outbox, by: string, id: string, messageId: string): void {
  const [what, status] = /^\d{3}$/.test(by) ? ["response", by] : by.split(" ");
  if (what === "response" && status !== undefined) {
    connection.receive(answer(id, Number(status)));
  } else if (what === "REPORT" && status !== undefined) {
    const fields = `Message-ID: ${messageId}\r\nByte-Range: 1-2048/*\r\nStatus: 000 ${status} Stop`;
    const paths = `To-Path: ${alice.text}\r\nFrom-Path: ${bob.text}`;
    connection.receive(
      new TextEncoder().encode(
        `MSRP report000001 REPORT\r\n${paths}\r\n${fields}\r\n-------report000001$\r\n`,
      ),
    );
  } else {
    connection.respond({ transactionId: "other000001", status: 200, toPath: [bob], fromPath: [alice] });
  }
  for (const event of events(connection)) {
    if (event.type === "request" && event.frame.method === "REPORT") outbox.report(event.frame);
  }
}

function compareFrames(frames: readonly Written[], vector: Vector): string | undefined {
  const alternatives = (vector.expect["anyOf"] as { frames: ExpectedFrame[] }[] | undefined) ?? [
    vector.expect as unknown as { frames: ExpectedFrame[] },
  ];
  const reasons = alternatives.map(({ frames: expected }) => compareAll(frames, expected));
  return reasons.includes(undefined) ? undefined : reasons.join("; or ");
}

function compareAll(frames: readonly Written[], expected: readonly ExpectedFrame[]): string | undefined {
  // An empty "#" frame that marks the abort between two chunks is allowed too.
  const counted = frames.filter((frame) => !(frame.flag === "#" && frame.body?.length === 0));
  if (counted.length !== expected.length) return `${counted.length} frames instead of ${expected.length}`;
  for (const [index, want] of expected.entries()) {
    const frame = counted[index]!;
    const ids = want.tid === undefined ? [frame.id] : [want.tid].flat();
    if (!ids.includes(frame.id)) return `frame ${index} has the id ${frame.id}`;
    if (want.flag !== undefined && frame.flag !== want.flag) return `frame ${index} ends in ${frame.flag}`;
    if (want.byteRange !== undefined && !want.byteRange.includes(frame.range ?? "")) {
      return `frame ${index} has the range ${frame.range}`;
    }
    if (want.bodyLength !== undefined && frame.body?.length !== want.bodyLength) {
      return `frame ${index} has ${frame.body?.length} octets`;
    }
  }
  return undefined;
}

async function checkStream(vector: Vector, pieces: readonly number[]): Promise<string | undefined> {
  const { connection, outbox } = sender();
  const written: Uint8Array[] = [];
  outbox.enqueue(
    (async function* () {
      for (const length of pieces) {
        yield pattern(length);
        written.push(...writes(connection));
      }
    })(),
    { chunkBytes: 2048 },
  );
  written.push(...writes(connection));
  for (let turns = 0; turns < 1000 && connection.queuedMessages > 0; turns++) {
    await Promise.resolve();
    written.push(...writes(connection));
  }
  const frames = new WireReader().read(concat(written));
  const last = frames.at(-1);
  const { flag, bodyLengthMin } = vector.expect["lastFrame"] as { flag: string; bodyLengthMin: number };
  if (last?.flag !== flag) return `the last frame ends in ${last?.flag}`;
  if ((last.body?.length ?? 0) < bodyLengthMin) return `the last frame has ${last.body?.length} octets`;
  const early = frames
    .slice(0, -1)
    .find((frame) => !frame.range?.endsWith(`/${vector.expect["totalBeforeLast"]}`));
  if (early !== undefined) return `a frame before the last has the range ${early.range}`;
  const octets = frames.reduce((sum, frame) => sum + (frame.body?.length ?? 0), 0);
  return octets === pieces.reduce((sum, length) => sum + length) ? undefined : `${octets} octets were sent`;
}

async function checkFailure(vector: Vector, given: Given): Promise<string | undefined> {
  const { connection, outbox } = sender();
  let failed: { at: number; error: DeliveryError } | undefined;
  let now = 0;
  outbox.enqueue("hello", {
    failureReport: given.failureReport,
    onFailure: (error) => {
      failed = { at: now, error };
    },
  });
  const [frame] = new WireReader().read(concat(writes(connection)));
  connection.flushed(0);
  const answerAt = given.responseAfter_ms ?? Number.POSITIVE_INFINITY;
  // Millisecond by millisecond around what matters, in leaps elsewhere.
  for (const time of [499, 500, 501, answerAt, 29_999, 30_000, 30_001, 120_000].sort((a, b) => a - b)) {
    if (time === Number.POSITIVE_INFINITY || time < now) continue;
    now = time;
    if (now === answerAt) connection.receive(answer(frame!.id, given.response ?? 200));
    connection.wake(now);
  }
  const expected = vector.expect["failureAt_ms"];
  if ((failed?.at ?? null) !== expected) return `failure is reported at ${failed?.at}`;
  const kind = vector.expect["failureKind"];
  return kind === undefined || failed?.error.code === kind
    ? undefined
    : `the failure is "${failed?.error.code}"`;
}
