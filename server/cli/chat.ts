/**
 * `msrpkit offer` and `msrpkit answer`: two people paste each other's SDP between two terminals, and then talk. The
 * SDP does what SIP would carry: it says who connects to whom, under which session-id, with which certificate.
 */
import process from "node:process";
import * as Effect from "effect/Effect";
import { Msrp, type NegotiationOutcome, type Session, SessionNegotiator } from "../../core/mod.ts";
import { makeSelfSigned } from "../certificate.ts";
import { EXIT_CONNECTION, EXIT_NOT_DELIVERED, EXIT_OK, EXIT_USAGE, exitCodeOfSignal } from "../exit_codes.ts";
import { attempt, runProgram, scopedListeners, scopedNode, untilSignal } from "../lifetime.ts";
import { loadAdapter } from "../runtime.ts";
import { ownAddress } from "./addresses.ts";
import { CommandError } from "./command_error.ts";
import { LineInput } from "./line_input.ts";
import { type OwnRelayOptions, readAuthorities, scopedRelay } from "./own_relay.ts";
import type { Terminal } from "./terminal.ts";
import { parsePort } from "./units.ts";

/** Options of `msrpkit offer` and `msrpkit answer`. */
export interface ChatOptions extends OwnRelayOptions {
  /** Own host for the SDP. */
  host?: string;
  /** Port to listen on, 0 for any. */
  port: string;
  /** Protect the session with TLS. */
  tls?: boolean;
  /** Print events as JSON lines. */
  json?: boolean;
}

/** Everything that the two halves of the exchange need. */
interface Rendezvous {
  readonly input: LineInput;
  readonly negotiator: SessionNegotiator;
  readonly terminal: Terminal;
}

/** Runs one side of a chat; returns the exit status. */
export function runChat(side: "offer" | "answer", options: ChatOptions, terminal: Terminal): Promise<number> {
  const port = parsePort(options.port, "--port");
  const host = options.host ?? ownAddress();
  const input = new LineInput(process.stdin);

  const program = Effect.gen(function* () {
    const adapter = yield* attempt(loadAdapter);
    const app = yield* scopedNode(() => new Msrp());
    const relay = yield* scopedRelay(app, options, terminal);
    const path = relay === undefined ? undefined : yield* attempt((signal) => relay.path(signal));
    const offer = side === "answer" ? yield* attempt(() => readOffer(input, terminal)) : undefined;
    const ca = options.ca === undefined ? undefined : yield* attempt(() => readAuthorities(options.ca!));
    const secure =
      path?.stream.secure === true ||
      options.tls === true ||
      (offer !== undefined && /^a=path:msrps:/im.test(offer));
    const certificate = secure ? yield* attempt(() => makeSelfSigned([host])) : undefined;
    const scheme = secure ? "msrps" : "msrp";
    const trusted = ca === undefined ? {} : { ca };
    const tls = certificate && { cert: certificate.cert, key: certificate.key, ...trusted };
    // RFC 8122 §6.2: clients are asked for their certificate; who they must be is in their SDP.
    const listening = tls && { tls: { ...tls, requestCert: true, rejectUnauthorized: false } };
    const uri = `${scheme}://${host.includes(":") ? "[::]" : "0.0.0.0"}:${port};tcp`;
    // Behind a relay nobody connects to this machine.
    const targets = path === undefined ? [{ uri, options: listening ?? {} }] : [];
    const listeners = yield* scopedListeners(adapter, app, targets);
    const negotiator = new SessionNegotiator(app, adapter, {
      host,
      listener: listeners,
      acceptTypes: ["text/plain"],
      acceptWrappedTypes: [],
      ...(tls === undefined ? {} : { tls }),
      ...path?.stream,
    });
    const rendezvous: Rendezvous = { input, negotiator, terminal };
    const talk = attempt(async () => {
      const session = await (offer === undefined
        ? exchangeAsOfferer(rendezvous)
        : answerTo(offer, rendezvous));
      terminal.note("connecting…");
      await session.ready;
      // Nobody can paste a second offer while they talk, so the path is not renewed; the relay was asked for a day.
      path?.release();
      terminal.result({ event: "connected", role: session.role }, undefined);
      terminal.note("connected: each line is a message, Ctrl-D ends the chat");
      return await converse(session, input, terminal);
    });
    return yield* untilSignal(talk, exitCodeOfSignal);
  });
  return runProgram(program);
}

/** Prints an offer and takes the answer. */
async function exchangeAsOfferer({ input, negotiator, terminal }: Rendezvous): Promise<Session> {
  const offer = negotiator.createOffer();
  terminal.note("Give this offer to the other terminal (msrpkit answer):\n");
  terminal.result({ event: "offer", sdp: offer }, offer.replace(/\r\n/g, "\n"));
  terminal.note("Then paste its answer here, and after it an empty line:");
  for (;;) {
    const answer = await pasted(input, terminal);
    if (answer === undefined) throw new CommandError(EXIT_USAGE, "No answer: the input ended");
    // One's own offer is what the clipboard still holds most often.
    if (sameText(answer, offer)) terminal.note("That is the offer of this terminal: paste the answer to it.");
    else return agreed(await negotiator.acceptAnswer(answer));
  }
}

/** The next description that is pasted; says so when something else comes first. */
function pasted(input: LineInput, terminal: Terminal): Promise<string | undefined> {
  let told = false;
  return input.description(() => {
    if (!told) terminal.note("That is no SDP: it begins with v=0. Waiting for one.");
    told = true;
  });
}

function sameText(one: string, other: string): boolean {
  return one.trim() === other.trim();
}

/** Takes the offer for `msrpkit answer`. */
async function readOffer(input: LineInput, terminal: Terminal): Promise<string> {
  terminal.note("Paste the offer of the other terminal (msrpkit offer) here, and after it an empty line:");
  const offer = await pasted(input, terminal);
  if (offer === undefined) throw new CommandError(EXIT_USAGE, "No offer: the input ended");
  return offer;
}

/** Prints the answer to an offer. */
async function answerTo(offer: string, { negotiator, terminal }: Rendezvous): Promise<Session> {
  const result = await negotiator.acceptOffer(offer);
  if (!result.ok) {
    throw new CommandError(
      EXIT_NOT_DELIVERED,
      `Cannot use this offer: ${result.code} (SIP would say ${result.sipStatus})`,
    );
  }
  const session = agreed(result);
  terminal.note("Give this answer to the other terminal:\n");
  terminal.result({ event: "answer", sdp: result.answer }, result.answer.replace(/\r\n/g, "\n"));
  return session;
}

function agreed({ session, refused }: NegotiationOutcome): Session {
  if (session !== undefined) return session;
  const why = refused[0]?.code ?? "there is no MSRP stream in it";
  throw new CommandError(EXIT_NOT_DELIVERED, `No session comes of this exchange: ${why}`);
}

/** Lines out, messages in, until one side ends. */
async function converse(session: Session, input: LineInput, terminal: Terminal): Promise<number> {
  const incoming = (async () => {
    for await (const message of session) {
      const text = await message.text();
      terminal.result({ event: "message", messageId: message.messageId, text }, undefined);
      if (!terminal.json) await terminal.text(`< ${text}\n`);
    }
  })();
  let failed = false;
  let left = false; // by us: `closed` settles before `close()` returns
  const outgoing = (async () => {
    for (let line = await input.next(); line !== undefined; line = await input.next()) {
      if (line === "") continue;
      session.send(line).accepted.catch((error: Error) => {
        failed = true;
        terminal.error(`not delivered: ${error.message}`, EXIT_NOT_DELIVERED);
      });
    }
    left = true;
    await session.close();
  })();
  const end: unknown = await Promise.race([outgoing, session.closed]);
  // What came before the end is still printed.
  await incoming.catch(() => undefined);
  if (left) return failed ? EXIT_NOT_DELIVERED : EXIT_OK;
  terminal.result({ event: "ended" }, undefined);
  terminal.note("the other side has left");
  return end === undefined || (end as { code?: string }).code === "connection-closed"
    ? EXIT_OK
    : EXIT_CONNECTION;
}
