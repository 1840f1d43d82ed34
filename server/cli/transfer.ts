/**
 * One message of `msrpkit send`, from its first octet to the last report or to its echo: progress while it goes out,
 * a summary when it is over.
 */
import { DeliveryError, type Msrp, type SendOptions, type Sent, type Session } from "../../core/mod.ts";
import type { BodySource } from "../files/body_source.ts";
import { digesting, RunningDigest } from "../files/digest.ts";
import { contentDisposition } from "../files/file_name.ts";
import { throttle } from "../files/throttle.ts";
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

/** Counts what the peer answers on one session. */
export class Counters {
  /** Chunks that were answered. */
  chunks = 0;
  /** REPORTs that came. */
  reports = 0;
  /** Hears each REPORT about a Message-ID: the last octet up to which a success is reported, and the total. */
  onReport: ((messageId: string, status: number, end: number, total: number | undefined) => void) | undefined;
  #current: { messageId: string; source: BodySource } | undefined;

  /** Counts from now on. */
  constructor(app: Msrp, session: Session) {
    app.tap("response", (event) => {
      if (event.session === session && event.method === "SEND") this.chunks += 1;
    });
    app.tap("report", (event) => {
      if (event.session !== session) return;
      this.reports += 1;
      const { start, end, total } = event.byteRange ?? { start: 1 };
      this.onReport?.(event.messageId, event.status, start === 1 ? (end ?? total ?? 0) : 0, total);
    });
  }

  /** The message that is on its way. */
  begin(messageId: string, source: BodySource): void {
    this.chunks = 0;
    this.reports = 0;
    this.#current = { messageId, source };
  }

  /** The message is over. */
  end(): void {
    this.#current = undefined;
  }

  /** Tells how an interrupted transfer can go on, if one was on its way. */
  explainInterruption(terminal: Terminal): void {
    const current = this.#current;
    if (current === undefined) return;
    const { messageId, source } = current;
    const resumable = source.isFile && source.size !== undefined;
    terminal.result({ event: "interrupted", messageId }, undefined);
    terminal.note(resumable ? `interrupted; go on with --resume ${messageId}` : "interrupted");
  }
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
  const meter = new ProgressMeter(terminal, source.name, start);
  const contentType = options.type ?? source.contentType;
  const startedAt = performance.now();
  const sent = session.send(octets(source, start, digest, options.rate), {
    ...sendOptions(source, start, contentType, options),
    onProgress: (bytes) => meter.update(bytes, source.size),
  });
  counters.begin(sent.messageId, source);
  try {
    const echo = options.echoes?.expect();
    await settled(sent, options, session);
    const milliseconds = performance.now() - startedAt;
    meter.finish();
    summarize(source, start, sent, milliseconds, counters, terminal);
    if (echo === undefined || digest === undefined) return true;
    const back = await withTimeout(echo, options.waitMs, () => timeoutError(sent.messageId, "echo"));
    return await options.echoes!.compare(back, { contentType, sha256: digest.finish(), bytes: digest.bytes });
  } finally {
    meter.finish();
    counters.end();
  }
}

/** The octets to send, through the throttle and past the digest. */
function octets(
  source: BodySource,
  start: number,
  digest: RunningDigest | undefined,
  rate: number | undefined,
): AsyncIterable<Uint8Array> {
  const plain = source.read(start);
  const paced = rate === undefined ? plain : throttle(plain, rate);
  return digest === undefined ? paced : digesting(paced, digest);
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
    ...(options.successReport === true ? { successReport: true } : {}),
    ...(messageId === undefined ? {} : { messageId }),
    ...(source.size === undefined ? {} : { total: source.size }),
    ...(start > 0 ? { start: start + 1 } : {}),
    ...(source.isFile
      ? { headers: [["Content-Disposition", contentDisposition(source.name)]] as const }
      : {}),
  };
}

/** Waits until the message is accepted and, when reports were asked for, reported; throws what went wrong. */
async function settled(sent: Sent, options: TransferOptions, session: Session): Promise<void> {
  // A session that fails settles `accepted` itself; a file may take hours, so there is no time limit here.
  await sent.accepted;
  if (options.successReport !== true) return;
  const late = (): Error => timeoutError(sent.messageId, `success report`);
  await withTimeout(sent.delivered, options.waitMs, late);
  void session;
}

/** Prints what became of the message. */
function summarize(
  source: BodySource,
  start: number,
  sent: Sent,
  milliseconds: number,
  counters: Counters,
  terminal: Terminal,
): void {
  const total = sent.total ?? source.size ?? 0;
  const bytes = total - start;
  const speed = megabytesPerSecond(bytes, milliseconds);
  const { chunks, reports } = counters;
  terminal.result(
    {
      event: "sent",
      messageId: sent.messageId,
      name: source.name,
      bytes,
      chunks,
      reports,
      milliseconds: Math.round(milliseconds),
      megabytesPerSecond: Number(speed.toFixed(2)),
      ...(start > 0 ? { resumedAfterBytes: start } : {}),
    },
    undefined,
  );
  const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
  const parts = [
    formatBytes(bytes),
    plural(chunks, "chunk"),
    formatDuration(milliseconds),
    formatSpeed(speed),
    plural(reports, "report"),
  ];
  terminal.note(`sent ${source.name}: ${parts.join(", ")}`);
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
  return new DeliveryError("timeout", `No ${what} came in time`, { status: 408, messageId });
}
