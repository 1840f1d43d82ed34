/**
 * One message of `msrpkit send`, from its first octet to the last report or to its echo.
 * It shows progress while the message goes out, and a summary when it is over.
 */
import { DeliveryError, type SendOptions, type Sent, type Session } from "../../core/mod.ts";
import type { BodySource } from "../files/body_source.ts";
import { RunningDigest } from "../files/digest.ts";
import { contentDisposition } from "../files/file_name.ts";
import { throttle } from "../files/throttle.ts";
import type { Counters } from "./counters.ts";
import type { EchoInbox } from "./echo_inbox.ts";
import { ProgressMeter } from "./progress.ts";
import type { Terminal } from "./terminal.ts";
import { formatBytes, formatDuration, formatSpeed, megabytesPerSecond } from "./units.ts";

/** How a message is sent. */
export interface TransferOptions {
  /** Content-Type instead of the source's own. */
  readonly type?: string;
  /** Ask for success reports and wait for them. */
  readonly successReport?: boolean;
  /** Failure-Report of the message. */
  readonly failureReport: "yes" | "no" | "partial";
  /** Message-ID to use. */
  readonly messageId?: string;
  /** Message-ID of an interrupted transfer. */
  readonly resume?: string;
  /** Octets a second. */
  readonly rate?: number;
  /** Milliseconds to wait for reports and echoes after the last octet was accepted. */
  readonly waitMs: number;
  /** Where echoes come in, when they are waited for. */
  readonly echoes: EchoInbox | undefined;
}

/**
 * Sends one message and waits for its result.
 *
 * @param start octets that the receiver has already (a resumed transfer), else 0
 * @returns false when the echo differs; everything else that goes wrong is thrown
 */
export async function transfer(
  session: Session,
  source: BodySource,
  start: number,
  options: TransferOptions,
  counters: Counters,
  terminal: Terminal,
): Promise<boolean> {
  const digest = options.echoes === undefined ? undefined : new RunningDigest();
  const echo = options.echoes?.expect();
  const meter = new ProgressMeter(terminal, source.name, start);
  const contentType = options.type ?? source.contentType;
  const tally: Tally = { bytes: 0, failure: undefined };
  const startedAt = performance.now();
  const sent = session.send(octets(source, start, tally, digest, options.rate), {
    ...sendOptions(source, start, contentType, options),
    onProgress: (bytes) => meter.update(bytes, source.size),
  });
  counters.begin(sent.messageId, source);
  try {
    await settled(sent, options);
    const milliseconds = performance.now() - startedAt;
    meter.finish();
    summarize(
      source,
      start,
      { messageId: sent.messageId, bytes: tally.bytes, milliseconds },
      counters,
      terminal,
    );
    if (echo === undefined || digest === undefined || options.echoes === undefined) return true;
    const back = await withTimeout(echo, options.waitMs, () => timeoutError(sent.messageId, "echo"));
    const original = { contentType, sha256: digest.finish(), bytes: digest.bytes };
    return await options.echoes.compare(back, original);
  } catch (error) {
    // A file that cannot be read ends the message, but is the better explanation.
    throw tally.failure ?? error;
  } finally {
    meter.finish();
    counters.end();
  }
}

/** What has gone out of a source, and why it ended early. */
interface Tally {
  bytes: number;
  failure: unknown;
}

/** The octets to send: counted, through the throttle, and past the digest. */
async function* octets(
  source: BodySource,
  start: number,
  tally: Tally,
  digest: RunningDigest | undefined,
  rate: number | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const plain = source.read(start);
  try {
    for await (const bytes of rate === undefined ? plain : throttle(plain, rate)) {
      tally.bytes += bytes.length;
      digest?.update(bytes);
      yield bytes;
    }
  } catch (error) {
    tally.failure = error;
    throw error;
  }
}

/** Options for the session. */
function sendOptions(
  source: BodySource,
  start: number,
  contentType: string,
  options: TransferOptions,
): SendOptions {
  const messageId = options.resume ?? options.messageId;
  return {
    contentType,
    failureReport: options.failureReport,
    messageId,
    total: source.size === undefined ? undefined : source.size - start,
    successReport: options.successReport === true,
    ...(start > 0 ? { start: start + 1 } : {}),
    ...(source.isFile ? { headers: [["Content-Disposition", contentDisposition(source.name)]] } : {}),
  };
}

/** Waits until the message is accepted and, when reports were asked for, reported; throws what went wrong. */
async function settled(sent: Sent, options: TransferOptions): Promise<void> {
  // A session that fails settles `accepted` itself; a file may take hours, so there is no time limit here.
  await sent.accepted;
  if (options.successReport !== true) return;
  await withTimeout(sent.delivered, options.waitMs, () => timeoutError(sent.messageId, "success report"));
}

/** Prints what became of the message. */
function summarize(
  source: BodySource,
  start: number,
  { messageId, bytes, milliseconds }: { messageId: string; bytes: number; milliseconds: number },
  { chunks, reports }: Counters,
  terminal: Terminal,
): void {
  const speed = megabytesPerSecond(bytes, milliseconds);
  terminal.result(
    {
      event: "sent",
      messageId,
      name: source.name,
      bytes,
      // What nobody answers is not counted: Failure-Report is "no" or "partial".
      ...(chunks > 0 ? { chunks } : {}),
      reports,
      milliseconds: Math.round(milliseconds),
      megabytesPerSecond: Number(speed.toFixed(2)),
      ...(start > 0 ? { resumedAfterBytes: start } : {}),
    },
    undefined,
  );
  const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
  const figures = [
    formatBytes(bytes),
    ...(chunks > 0 ? [plural(chunks, "chunk")] : []),
    formatDuration(milliseconds),
    formatSpeed(speed),
    plural(reports, "report"),
  ];
  terminal.note(`sent ${source.name}: ${figures.join(", ")}`);
}

/** Rejects when the promise takes longer. */
async function withTimeout<T>(promise: Promise<T>, milliseconds: number, late: () => Error): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), milliseconds);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

function timeoutError(messageId: string, what: string): DeliveryError {
  return new DeliveryError("timeout", `no ${what} came in time`, { status: 408, messageId });
}
