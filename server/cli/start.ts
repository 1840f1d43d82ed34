/**
 * `msrpkit start`: everything at once, to try out: an echo endpoint, a relay with two demo users in front of it, and a web
 * chat. It listens to this machine alone, because its passwords are known to everybody.
 */
import { X509Certificate } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import * as Effect from "effect/Effect";
import type { Scope } from "effect/Scope";
import {
  DialPolicy,
  Msrp,
  type MsrpUri,
  type RelayPlugin,
  relay,
  StaticCredentials,
} from "../../core/mod.ts";
import { echo } from "../../samples/echo.ts";
import { type CertificatePair, loadCertificate } from "../certificate.ts";
import { EXIT_OK, EXIT_USAGE } from "../exit_codes.ts";
import { attempt, runProgram, scopedListeners, scopedNode, untilSignal } from "../lifetime.ts";
import { relayConnector } from "../relay/connector.ts";
import { openRelayListeners } from "../relay/listeners.ts";
import { type Adapter, loadAdapter } from "../runtime.ts";
import { type ListenAddress, parseListen, sameHost } from "./addresses.ts";
import { CommandError } from "./command_error.ts";
import { invocation } from "./invocation.ts";
import { DEFAULT_LISTEN, DEFAULT_RELAY_LISTEN } from "./program.ts";
import type { Terminal } from "./terminal.ts";

/** Name of the demo's relay: a relay has a name, never an address (RFC 4976 §4.2). */
const domain = "localhost";

/** Users of the demo, with passwords that are no secret: nobody but this machine gets as far as using them. */
const demoUsers = { alice: "wonderland", bob: "builder" } as const;

/** Options of `msrpkit start`. */
export interface StartOptions {
  /** URI of the echo endpoint. */
  listen?: readonly string[];
  /** URIs of the relay. */
  relayListen?: readonly string[];
  /** Port of the web chat, 0 for any. */
  http: number;
  /** Where the demo's certificate is kept. */
  folder: string;
  /** Print events as JSON lines. */
  json?: boolean;
}

/** Runs the demo until SIGINT or SIGTERM; returns the exit status. */
export function runStart(options: StartOptions, terminal: Terminal): Promise<number> {
  const program = Effect.gen(function* () {
    const echoes = addresses(options.listen, DEFAULT_LISTEN);
    const relays = addresses(options.relayListen, DEFAULT_RELAY_LISTEN);
    const adapter = yield* attempt(loadAdapter);
    const identity = yield* attempt(() => demoCertificate(options.folder));
    const [echoUri] = yield* openEcho(adapter, echoes, terminal);
    const running = yield* openRelay(adapter, relays, echoUri as MsrpUri, identity, terminal);
    const [relayUri] = running.uris as [MsrpUri];
    const page = yield* openPage(running, options.http, relayUri, echoUri as MsrpUri, terminal);
    nextStep(relayUri, echoUri as MsrpUri, join(options.folder, "cert.pem"), page, terminal);
    return yield* untilSignal(Effect.never, (signal) => {
      terminal.note(`${signal}: finishing what is on its way`);
      return EXIT_OK;
    });
  });
  return runProgram(program);
}

/** @throws {CommandError} (usage) an address that others could reach */
function addresses(given: readonly string[] | undefined, fallback: string): ListenAddress[] {
  const all = (given === undefined || given.length === 0 ? [fallback] : given).map(parseListen);
  const open = all.find(({ host }) => !sameHost(host, domain));
  if (open !== undefined) {
    throw new CommandError(
      EXIT_USAGE,
      `Cannot listen on "${open.uri}": everybody knows the demo's passwords, so it is for this machine alone; \`msrpkit relay\` is for others`,
    );
  }
  return all;
}

function openEcho(
  adapter: Adapter,
  at: readonly ListenAddress[],
  terminal: Terminal,
): Effect.Effect<readonly MsrpUri[], Error, Scope> {
  return Effect.gen(function* () {
    const app = yield* scopedNode(() => echo());
    const listeners = yield* scopedListeners(
      adapter,
      app,
      at.map(({ uri }) => ({ uri, options: {} })),
    );
    return listeners.map(({ uri }) => {
      terminal.result({ event: "listening", what: "echo", uri: uri.text }, `echo:  ${uri.text}`);
      return uri;
    });
  });
}

/** The relay, once it listens. */
interface RunningRelay {
  readonly node: Msrp;
  readonly plugin: RelayPlugin;
  readonly uris: readonly MsrpUri[];
}

function openRelay(
  adapter: Adapter,
  at: readonly ListenAddress[],
  behind: MsrpUri,
  identity: CertificatePair,
  terminal: Terminal,
): Effect.Effect<RunningRelay, Error, Scope> {
  return Effect.gen(function* () {
    // Of all that is on this machine only the echo endpoint is to be reached from outside through the demo.
    const dial = { allow: [`${behind.host}:${behind.port}`] };
    const { systemClock: clock } = adapter;
    const tls = { cert: identity.cert, key: identity.key };
    const plugin = relay({
      domains: [domain],
      credentials: StaticCredentials.of(domain, demoUsers),
      connector: relayConnector(adapter, new DialPolicy(dial), {}, clock),
      dial,
      tls,
      // For the page, which no browser would load with a certificate that nobody vouches for; all other listeners have TLS.
      allowPlainAuth: true,
    });
    const node = yield* scopedNode(() => new Msrp({ clock }).use(plugin));
    const { uris } = yield* openRelayListeners(adapter, node, plugin, at, tls, clock, (uri) => {
      terminal.result({ event: "listening", what: "relay", uri: uri.text }, `relay: ${uri.text}`);
    });
    return { node, plugin, uris };
  });
}

/** Serves the web chat with the relay's WebSockets; gives its address. */
function openPage(
  { node, plugin }: RunningRelay,
  port: number,
  relayUri: MsrpUri,
  echoUri: MsrpUri,
  terminal: Terminal,
): Effect.Effect<string, Error, Scope> {
  const open = attempt(async () => {
    const { msrpUpgrade } = await import("../../adapters/hono.ts");
    const { serveHttp } = await import("../../samples/web_chat/http_server.ts");
    const { webChat } = await import("../../samples/web_chat/server.ts");
    const origins: string[] = [];
    const uri = `${relayUri.scheme}://${domain}:${relayUri.port};tcp`;
    const server = await serveHttp(
      (upgradeWebSocket) => {
        const chat = webChat({ users: demoUsers, relay: { url: "/msrp", uri }, echo: echoUri.text });
        chat.get("/msrp", msrpUpgrade(node, upgradeWebSocket, { origins }));
        return chat;
      },
      { hostname: "127.0.0.1", port },
    );
    // Pages of others, open in the same browser, have no business here.
    origins.push(`http://${domain}:${server.port}`);
    plugin.announce(`msrp://${domain}:${server.port};ws`);
    return server;
  });
  const served = Effect.acquireRelease(open, (server) => Effect.promise(() => server.close()));
  return Effect.map(served, (server) => {
    const url = `http://${domain}:${server.port}/`;
    terminal.result({ event: "listening", what: "page", url }, `chat:  ${url}`);
    return url;
  });
}

/** The certificate of the demo, made once and again when it has run out; clients find it in the folder. */
async function demoCertificate(folder: string): Promise<CertificatePair> {
  const files = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const before = await readFile(files.cert, "utf8").catch(() => undefined);
  if (before !== undefined && new Date(new X509Certificate(before).validTo).getTime() < Date.now()) {
    await Promise.all([rm(files.cert), rm(files.key, { force: true })]);
  }
  return await loadCertificate(files, [domain]);
}

/** Says how to chat through the relay from a second terminal. */
function nextStep(relayUri: MsrpUri, echoUri: MsrpUri, ca: string, page: string, terminal: Terminal): void {
  const program = invocation(process);
  const file = program === "msrpkit" ? "" : " --file LICENSE";
  const username = "alice";
  const through = `--relay "${relayUri.scheme}://${domain}:${relayUri.port};tcp" --user ${username} --ca ${ca}`;
  const to = `--to "${echoUri.scheme}://${echoUri.host}:${echoUri.port}/hello;tcp"`;
  terminal.note("");
  terminal.note("Now send something through the relay from a second terminal, which prints what comes back:");
  terminal.note(
    `  MSRPKIT_PASSWORD=${demoUsers[username]} ${program} send ${through} ${to} --echo "Hello, MSRP"${file}`,
  );
  const users = Object.entries(demoUsers).map(([user, password]) => `${user} (password ${password})`);
  terminal.note(`Or open ${page} in a browser, or in two, and sign in.`);
  terminal.note(`Users: ${users.join(", ")}.`);
  terminal.note("Ctrl-C ends it all.");
}
