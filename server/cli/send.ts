/**
 * `msrpkit send`: connects, sends a text, files or standard input, waits for the result of each and sums it up.
 * The exit status is 0 only when every message was delivered and, with `--echo`, came back unchanged.
 */
import * as Effect from "effect/Effect";
import {
  type ConnectOptions,
  encodeRequest,
  Msrp,
  MsrpUri,
  type Session,
  type TlsOptions,
} from "../../core/mod.ts";
import { reassembly, reports } from "../../plugins/mod.ts";
import { EXIT_NOT_DELIVERED, EXIT_OK, EXIT_USAGE, exitCodeOfSignal } from "../exit_codes.ts";
import { type BodySource, fileSource, standardInput, textSource } from "../files/body_source.ts";
import { attempt, runProgram, scopedNode, untilSignal } from "../lifetime.ts";
import { loadAdapter } from "../runtime.ts";
import { activeUri, parsePath, parseUri } from "./addresses.ts";
import { CommandError } from "./command_error.ts";
import { Counters } from "./counters.ts";
import { EchoInbox } from "./echo_inbox.ts";
import { type OwnRelayOptions, readAuthorities, scopedRelay } from "./own_relay.ts";
import { askForOctetsThere } from "./resume.ts";
import type { Terminal } from "./terminal.ts";
import { type TransferOptions, transfer } from "./transfer.ts";

/** Options of `msrpkit send`. */
export interface SendOptions extends OwnRelayOptions {
  /** Path to the peer. */
  to: string;
  /** Own URI. */
  from?: string;
  /** Content-Type. */
  type?: string;
  /** Files to send. */
  file?: readonly string[];
  /** Send a SEND without a body. */
  bodiless?: boolean;
  /** Ask for success reports. */
  successReport?: boolean;
  /** Failure-Report of the message. */
  failureReport: "yes" | "no" | "partial";
  /** Wait for each message to come back. */
  echo?: boolean;
  /** Store what comes back. */
  out?: string;
  /** Message-ID to use. */
  messageId?: string;
  /** Message-ID of an interrupted transfer. */
  resume?: string;
  /** Octets a second. */
  rate?: number;
  /** Do not check the peer's certificate. */
  insecure?: boolean;
  /** Seconds to wait. */
  timeout: number;
  /** Print results as JSON lines. */
  json?: boolean;
}

/** Sends everything that the command line names; returns the exit status. */
export async function runSend(
  words: readonly string[],
  options: SendOptions,
  terminal: Terminal,
): Promise<number> {
  const remote = parsePath(options.to, "--to");
  const local = options.from === undefined ? activeUri(remote[0]!) : parseUri(options.from, "--from").text;
  checkCombination(words, options);
  checkFields(remote, local, options);
  const sources = await openSources(words, options);
  const tls = await tlsOptions(options);
  const waitMs = options.timeout * 1000;
  let interrupted = false;

  const program = Effect.gen(function* () {
    const echoes = new EchoInbox(options.out, terminal);
    const app = yield* scopedNode(() =>
      new Msrp().use(reassembly({ mode: "stream" }), reports()).onMessage((message) => echoes.take(message)),
    );
    const counters = new Counters(app);
    const adapter = yield* attempt(loadAdapter);
    const connecting: ConnectOptions = {
      local,
      remote,
      connectTimeoutMs: waitMs,
      ...(tls === undefined ? {} : { tls }),
    };
    const relay = yield* scopedRelay(app, options, terminal);
    const open = (signal: AbortSignal): Promise<Session> =>
      relay === undefined
        ? adapter.connect(app, { ...connecting, signal })
        : relay.connect({ remote, connectTimeoutMs: waitMs, signal });
    const session = yield* Effect.acquireRelease(attempt(open), (open) =>
      Effect.promise(() => open.close({ drain: !interrupted }).catch(() => undefined)),
    );
    const shared: TransferOptions = {
      ...options,
      waitMs,
      echoes: options.echo === true ? echoes : undefined,
    };
    const work = attempt(() => sendAll(session, sources, shared, options, counters, terminal));
    return yield* untilSignal(work, (signal) => {
      interrupted = true;
      counters.interrupt(terminal);
      return exitCodeOfSignal(signal);
    });
  });
  return await runProgram(program);
}

/** Sends one after the other; stops at the first that fails. */
async function sendAll(
  session: Session,
  sources: readonly BodySource[],
  shared: TransferOptions,
  options: SendOptions,
  counters: Counters,
  terminal: Terminal,
): Promise<number> {
  if (options.bodiless === true) return await sendBodiless(session, options, terminal);
  for (const source of sources) {
    const start =
      options.resume === undefined
        ? 0
        : await askForOctetsThere(session, options.resume, source, counters, terminal);
    if (start === source.size && start > 0) {
      terminal.result(
        { event: "sent", messageId: options.resume, bytes: 0, complete: true },
        "the receiver has all of it",
      );
      continue;
    }
    if (!(await transfer(session, source, start, shared, counters, terminal))) return EXIT_NOT_DELIVERED;
  }
  return EXIT_OK;
}

/** A SEND without a body: 200 says that the session is there. */
async function sendBodiless(session: Session, options: SendOptions, terminal: Terminal): Promise<number> {
  const startedAt = performance.now();
  const sent = session.send(
    undefined,
    options.messageId === undefined ? {} : { messageId: options.messageId },
  );
  await sent.accepted;
  const milliseconds = performance.now() - startedAt;
  terminal.result(
    { event: "answered", messageId: sent.messageId, milliseconds: Math.round(milliseconds * 10) / 10 },
    `the session answers (${milliseconds.toFixed(1)} ms)`,
  );
  return EXIT_OK;
}

/** Refuses options that exclude each other. */
function checkCombination(words: readonly string[], options: SendOptions): void {
  const files = options.file ?? [];
  const refuse = (why: string): never => {
    throw new CommandError(EXIT_USAGE, why);
  };
  const count = (words.length > 0 ? 1 : 0) + files.length;
  if (options.bodiless === true) {
    if (count > 0 || options.echo === true)
      refuse("--bodiless sends no content: leave out TEXT, --file and --echo");
  } else if (count === 0) {
    refuse("Nothing to send: give a TEXT, --file PATH, - for standard input, or --bodiless");
  }
  if (options.resume !== undefined && (files.length !== 1 || words.length > 0 || options.echo === true)) {
    refuse("--resume goes on with exactly one --file, without TEXT and --echo");
  }
  if (options.resume !== undefined && options.messageId !== undefined)
    refuse("--resume names the Message-ID already");
  if (options.messageId !== undefined && count > 1)
    refuse("--message-id is for one message: send one at a time");
  if (options.relay !== undefined && (options.from !== undefined || options.insecure === true)) {
    refuse("--relay chooses the own URI and checks certificates: leave out --from and --insecure");
  }
  if (options.out !== undefined && options.echo !== true) refuse("--out stores echoes: it needs --echo");
  if (options.out !== undefined && count > 1) refuse("--out stores one echo: send one message at a time");
  if (options.successReport === true && options.failureReport === "no" && options.resume !== undefined) {
    refuse("--resume needs failure reports");
  }
}

/** Refuses values that no message could carry, before anything is connected. */
function checkFields(to: readonly MsrpUri[], from: string, options: SendOptions): void {
  encodeRequest({
    transactionId: "check",
    method: "SEND",
    toPath: to,
    fromPath: [MsrpUri.parse(from)],
    headers: [["Message-ID", options.resume ?? options.messageId ?? "check"]],
    contentType: options.type ?? "text/plain",
    body: new Uint8Array(0),
  });
}

/** What the command line names, in order: the text (or standard input) first, then the files. */
async function openSources(words: readonly string[], options: SendOptions): Promise<BodySource[]> {
  const sources: BodySource[] = [];
  if (words.length === 1 && words[0] === "-") sources.push(standardInput());
  else if (words.length > 0) sources.push(textSource(words.join(" ")));
  for (const path of options.file ?? []) sources.push(await fileSource(path));
  return sources;
}

/** TLS options for the connection; the adapter uses them for msrps only. */
async function tlsOptions(options: SendOptions): Promise<TlsOptions | undefined> {
  if (options.insecure === true) return { rejectUnauthorized: false };
  if (options.ca === undefined) return undefined;
  return { ca: await readAuthorities(options.ca) };
}
