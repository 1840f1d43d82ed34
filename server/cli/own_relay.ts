/**
 * `--relay` and `--user` of the commands that hold sessions: logs in at the own relay (RFC 4976 §5), with a password from
 * MSRPKIT_PASSWORD or from the person at the terminal. Never from the command line, which every process can read.
 */
import { once } from "node:events";
import process from "node:process";
import * as Effect from "effect/Effect";
import type { Scope } from "effect/Scope";
import { connectThroughRelay, type Msrp, type RelayClient, type RelayPath } from "../../core/mod.ts";
import { EXIT_FILE, EXIT_USAGE } from "../exit_codes.ts";
import { readText } from "../files/read_text.ts";
import { attempt } from "../lifetime.ts";
import { loadAdapter } from "../runtime.ts";
import { parseUri } from "./addresses.ts";
import { CommandError } from "./command_error.ts";
import { type PasswordSource, readPassword } from "./password_input.ts";
import type { Terminal } from "./terminal.ts";

/** Options of a command that can use a relay, as commander gives them. */
export interface OwnRelayOptions {
  /** The own relay; several are a chain, the nearest first. */
  relay?: readonly string[];
  /** The user there. */
  user?: string;
  /** PEM file of authorities. */
  ca?: string;
  /** Log in without TLS. */
  allowPlainAuth?: boolean;
}

/** Logs in, when there is a `--relay`; the client is closed with the scope. */
export function scopedRelay(
  app: Msrp,
  options: OwnRelayOptions,
  terminal: Terminal,
): Effect.Effect<RelayClient | undefined, Error, Scope> {
  const { relay = [], allowPlainAuth = false } = options;
  if (relay.length === 0) return Effect.succeed(undefined);
  return Effect.acquireRelease(
    attempt(async (signal) => {
      const relays = relay.map((text) => parseUri(text, "--relay"));
      const username = options.user ?? relays[0]?.user;
      if (username === undefined)
        throw new CommandError(EXIT_USAGE, "--relay needs --user NAME, or msrps://NAME@…");
      const password = await relayPassword(username);
      const adapter = await loadAdapter();
      const ca = options.ca === undefined ? undefined : await readAuthorities(options.ca);
      const client = await connectThroughRelay(
        app,
        {
          relay: relays,
          credentials: { username, password },
          allowPlainAuth,
          // As long as it may be: most of these commands have no way to tell the peer another path.
          expires: 86_400,
          signal,
          ...(ca === undefined ? {} : { tls: { ca } }),
        },
        adapter.transportConnect,
      );
      client.onProblem(({ error, retryInMs }) => {
        const next = retryInMs === undefined ? "" : `; next try in ${Math.ceil(retryInMs / 1000)} s`;
        terminal.note(`the relay gives no new address: ${error.message}${next}`);
      });
      terminal.note(`logged in at ${relays.map(({ host }) => host).join(", ")} as ${username}`);
      return client;
    }),
    (client) => Effect.sync(() => client.close()),
  );
}

/** The path that others use for a session, as `--to` takes it. */
export function pathText(path: RelayPath): string {
  return path.sdpPath.map(({ text }) => text).join(" ");
}

/** @throws {CommandError} the file cannot be read, or holds no certificate */
export async function readAuthorities(path: string): Promise<string> {
  const ca = await readText(path);
  if (!ca.includes("BEGIN CERTIFICATE"))
    throw new CommandError(EXIT_FILE, `Cannot use ${path}: it holds no PEM certificate`);
  return ca;
}

/** The password of a user: MSRPKIT_PASSWORD, or what the person at the terminal types. */
export async function relayPassword(user: string): Promise<string> {
  const given = process.env["MSRPKIT_PASSWORD"];
  if (given !== undefined && given !== "") return given;
  if (process.stdin.isTTY !== true) {
    throw new CommandError(
      EXIT_USAGE,
      "--relay needs the password in MSRPKIT_PASSWORD, or a terminal to ask",
    );
  }
  return await readPassword(`Password for ${user}`, keys(process.stdin), undefined, { again: false });
}

// Standard input is read on by the command afterwards, which a plain iterator would end.
function keys(input: typeof process.stdin): PasswordSource {
  return {
    isTTY: true,
    setRawMode: (raw) => input.setRawMode(raw),
    async *[Symbol.asyncIterator]() {
      try {
        input.resume();
        for (;;) yield ((await once(input, "data")) as [Uint8Array | string])[0];
      } finally {
        input.pause();
      }
    },
  };
}
