/**
 * `msrpkit echo`: runs the echo sample on all its addresses until a signal ends it.
 * Its first lines say what to type in a second terminal.
 */
import process from "node:process";
import * as Effect from "effect/Effect";
import type { Msrp, MsrpUri, UnknownSession } from "../../core/mod.ts";
import { echo } from "../../samples/echo.ts";
import { EXIT_OK } from "../exit_codes.ts";
import { attempt, runProgram, scopedNode, untilSignal } from "../lifetime.ts";
import { type ObservingOptions, observers } from "../observing.ts";
import { scopedPlugins } from "../plugin_file.ts";
import { isUnspecified, type ListenAddress, sameHost, sessionUri } from "./addresses.ts";
import { invocation } from "./invocation.ts";
import { type ListeningOptions, listenAddresses, openListeners } from "./listening.ts";
import { DEFAULT_LISTEN } from "./program.ts";
import type { Terminal } from "./terminal.ts";

/** Options of `msrpkit echo`. */
export interface EchoOptions extends ListeningOptions, ObservingOptions {
  /** JSON file with plugins and their options. */
  plugins?: string;
  /** Print events as JSON lines. */
  json?: boolean;
}

/** Runs the echo endpoint until SIGINT or SIGTERM; returns the exit status. */
export function runEcho(options: EchoOptions, terminal: Terminal): Promise<number> {
  const addresses = listenAddresses(options, DEFAULT_LISTEN);
  const program = Effect.gen(function* () {
    const listening: MsrpUri[] = [];
    const watching = yield* attempt(() => observers(options, terminal));
    const chosen = yield* scopedPlugins(options.plugins, terminal);
    let node: Msrp | undefined;
    yield* watching.serve(
      () => node,
      () => true,
    );
    const app = yield* scopedNode(() =>
      echo({ acceptUnknown: accepts(addresses, listening) }).use(...chosen.plugins, ...watching.plugins),
    );
    node = app;
    const { uris, certificate } = yield* openListeners(app, addresses, options, terminal);
    listening.push(...uris);
    for (const uri of uris) {
      const fingerprint = uri.scheme === "msrps" ? certificate?.fingerprint : undefined;
      terminal.result(
        { event: "listening", uri: uri.text, ...(fingerprint === undefined ? {} : { fingerprint }) },
        `listening on ${uri.text}`,
      );
    }
    nextStep(uris[0]!, addresses[0]!.sessionId ?? "hello", options, terminal);
    return yield* untilSignal(Effect.never, (signal) => {
      terminal.note(`${signal}: finishing what is on its way`);
      return EXIT_OK;
    });
  });
  return runProgram(program);
}

/** Says how to try the endpoint from a second terminal. */
function nextStep(uri: MsrpUri, sessionId: string, options: EchoOptions, terminal: Terminal): void {
  const trust =
    uri.scheme !== "msrps" ? "" : options.cert === undefined ? " --insecure" : ` --ca ${options.cert}`;
  const to = `--to "${sessionUri(uri, sessionId)}"${trust}`;
  // Only a checkout is known to have a file to send.
  const program = invocation(process);
  const file = program === "msrpkit" ? "" : " --file LICENSE";
  terminal.note("");
  terminal.note("Now send something to it from a second terminal, which prints what comes back:");
  terminal.note(`  ${program} send ${to} --echo "Hello, MSRP"${file}`);
  terminal.note("Ctrl-C ends the server.");
}

/**
 * Accepts what is below the authority of a listener; one that listens on every address may be reached by any name and,
 * through a port forwarding, at any port. When `--listen` named session-ids there, no others.
 */
function accepts(
  addresses: readonly ListenAddress[],
  listening: readonly MsrpUri[],
): (request: UnknownSession) => boolean {
  return ({ local }) =>
    listening.some(({ scheme, host, port }, index) => {
      if (local.scheme !== scheme) return false;
      if (!isUnspecified(host) && (local.port !== port || !sameHost(local.host, host))) return false;
      const { sessionId } = addresses[index]!;
      return sessionId === undefined || local.sessionId === sessionId;
    });
}
