/**
 * `msrpkit relay`: runs an MSRP relay (RFC 4976) until a signal ends it. SIGHUP reads users, certificates and limits
 * again without dropping a session; SIGTERM lets what is under way finish.
 */
import * as Effect from "effect/Effect";
import type { Scope } from "effect/Scope";
import { type Connector, DialPolicy, Msrp, type MsrpUri, relay } from "../../core/mod.ts";
import { loadCertificate } from "../certificate.ts";
import { openCredentials } from "../credentials/open_credentials.ts";
import type { CredentialStore } from "../credentials/store.ts";
import { EXIT_OK } from "../exit_codes.ts";
import { attempt, runProgram, scopedNode, untilSignal } from "../lifetime.ts";
import { observers } from "../observing.ts";
import { scopedPlugins } from "../plugin_file.ts";
import { type RelayCommandOptions, type RelayConfig, relayConfig } from "../relay/config.ts";
import { relayConnector } from "../relay/connector.ts";
import { cookieLogin } from "../relay/cookie_login.ts";
import { handshakesWithin, systemOpenFiles, withinDescriptors } from "../relay/descriptors.ts";
import { openRelayListeners } from "../relay/listeners.ts";
import { ownAddresses } from "../relay/own_addresses.ts";
import { onReload } from "../relay/reload.ts";
import { scaledClock } from "../relay/scaled_clock.ts";
import { keepHeapSmall } from "../relay/small_heap.ts";
import { loadAdapter } from "../runtime.ts";
import { parseWebListen } from "./addresses.ts";
import { readAuthorities } from "./own_relay.ts";
import type { Terminal } from "./terminal.ts";

export type { RelayCommandOptions };

/** Runs the relay until SIGINT or SIGTERM; returns the exit status. */
export function runRelay(options: RelayCommandOptions, terminal: Terminal): Promise<number> {
  const program = Effect.gen(function* () {
    yield* Effect.acquireRelease(Effect.sync(keepHeapSmall), (end) => Effect.sync(end));
    const config = yield* attempt(() => relayConfig(options));
    let current = config;
    const adapter = yield* attempt(loadAdapter);
    const users = yield* scopedUsers(config, terminal);
    let identity = yield* attempt(() => identityOf(config));
    const addresses = config.listen.map(parseWebListen);
    const clock =
      config.clockScale === 1 ? adapter.systemClock : scaledClock(adapter.systemClock, config.clockScale);
    let policy = new DialPolicy(config.dial);
    const connector: Connector = relayConnector(
      adapter,
      { mayConnect: (...asked) => policy.mayConnect(...asked) },
      config.hosts,
      clock,
    );
    const limits = yield* attempt(() => withinDescriptors(config.limits));
    const plugin = relay({
      domains: config.domains,
      ...(config.member === undefined ? {} : { member: config.member }),
      credentials: users,
      ...(config.realm === undefined ? {} : { realm: config.realm }),
      ...(config.nonceLifetimeMs === undefined ? {} : { nonceLifetimeMs: config.nonceLifetimeMs }),
      ...(config.algorithms === undefined ? {} : { algorithms: config.algorithms }),
      hashes: adapter.digestHashes,
      permitUser: (user) => current.permitUser(user),
      relays: config.relays,
      connector,
      // Other relays see the certificate of the day.
      get tls() {
        return identity;
      },
      dial: { mayDial: (host, port) => policy.mayDial(host, port) },
      allowPlainAuth: config.allowPlainAuth,
      limits,
    });
    const { webSocket } = config;
    const logins = webSocket.logins.map((login) =>
      cookieLogin(login, (message) => tellProblem(message, terminal)),
    );
    const watching = yield* attempt(() => observers(options, terminal, plugin));
    const chosen = yield* scopedPlugins(options.plugins, terminal);
    let node: Msrp | undefined;
    let draining = false;
    yield* watching.serve(
      () => node,
      () => !draining,
    );
    const app = yield* scopedNode(
      () => new Msrp({ clock }).use(...chosen.plugins, plugin, ...logins, ...watching.plugins),
      config.drainMs,
    );
    node = app;
    const listeners = yield* openRelayListeners(
      adapter,
      app,
      plugin,
      addresses,
      identity,
      clock,
      (uri, url) => tellListening(uri, url, terminal),
      webSocket.options,
      handshakesWithin(yield* attempt(systemOpenFiles)),
    );
    const own = ownAddresses(listeners.uris);
    policy = new DialPolicy({ ...config.dial, own });
    if (limits !== config.limits) {
      terminal.note(`room for ${limits.maxConnections} connections: the system permits no more open files`);
    }
    yield* onReload(() =>
      reloading(terminal, async () => {
        const next = await relayConfig(options);
        const room = await withinDescriptors(next.limits);
        const renewed = await identityOf(next, identity);
        const rules = new DialPolicy({ ...next.dial, own });
        await users.reload();
        await chosen.reload();
        plugin.setLimits(room);
        policy = rules;
        current = next;
        if (sameIdentity(renewed, identity)) return;
        identity = renewed;
        await listeners.renew(renewed);
      }),
    );
    tell(config, users, terminal);
    return yield* untilSignal(Effect.never, (signal) => {
      terminal.note(`${signal}: no new sessions; finishing what is on its way`);
      draining = true;
      plugin.drain();
      terminal.result({ event: "ending", signal }, undefined);
      return EXIT_OK;
    });
  });
  return runProgram(program);
}

function tellListening(uri: MsrpUri, url: string | undefined, terminal: Terminal): void {
  const event = { event: "listening", uri: uri.text, ...(url === undefined ? {} : { url }) };
  terminal.result(event, `listening on ${uri.text}${url === undefined ? "" : ` (${url})`}`);
}

function tell(config: RelayConfig, users: CredentialStore, terminal: Terminal): void {
  terminal.note(`relay for ${config.domains.join(", ")}; users in ${users.description}`);
  if (config.allowPlainAuth) terminal.note("AUTH without TLS is answered: for development only");
  terminal.note("Ctrl-C ends the relay, SIGHUP reads users, certificate and limits again.");
}

/** Something that does not end the relay. */
function tellProblem(message: string, terminal: Terminal): void {
  terminal.result({ event: "problem", message }, undefined);
  terminal.note(message);
}

function scopedUsers(config: RelayConfig, terminal: Terminal): Effect.Effect<CredentialStore, Error, Scope> {
  return Effect.acquireRelease(
    attempt(() =>
      openCredentials(config.users, { onProblem: ({ message }) => tellProblem(message, terminal) }),
    ),
    (users) => Effect.promise(() => users.close().catch(() => undefined)),
  );
}

interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

/** Certificate, key and authorities, as texts. @param made those of this run, which stay where no file has others */
async function identityOf({ domains, ca, ...files }: RelayConfig, made?: Identity): Promise<Identity> {
  const own = files.cert === undefined ? made : undefined;
  const { cert, key } = own ?? (await loadCertificate(files, domains));
  return ca === undefined ? { cert, key } : { cert, key, ca: await readAuthorities(ca) };
}

function sameIdentity(a: Identity, b: Identity): boolean {
  return a.cert === b.cert && a.key === b.key && a.ca === b.ca;
}

/** Reads all again; what ran before goes on when something is wrong, because a slip in a file must not end a relay. */
async function reloading(terminal: Terminal, read: () => Promise<void>): Promise<void> {
  try {
    await read();
    terminal.result({ event: "reloaded" }, "read users, certificate, limits and plugins again");
  } catch (error) {
    const { message } = error as Error;
    terminal.result({ event: "reload-failed", message }, undefined);
    terminal.note(`cannot reload: ${message}`);
  }
}
