/**
 * `relay()`: makes a node an MSRP relay (RFC 4976). Clients authenticate and get URIs; the relay passes on what these
 * permit, and nothing else.
 */
import { definePlugin, type Plugin } from "../node/plugin.ts";
import { MsrpUri } from "../wire/uri.ts";
import type { RelayLimits } from "./limits.ts";
import type { RelayOptions } from "./options.ts";
import { RelayCore, type RelayCounter } from "./relay_core.ts";

/** A relay: a plugin for one node, and what its operator can ask and change while it runs. */
export interface RelayPlugin extends Plugin {
  /** Names a further URI that the relay is reached by, such as that of a listener on any free port. */
  announce(uri: MsrpUri | string): void;
  /** Sets other limits; what is under way goes on. @throws {RangeError} impossible ones */
  setLimits(limits: RelayLimits): void;
  /**
   * Before the end: AUTH is answered 408, messages that begin 481, which ends their session, or 403 where another message
   * of the session has begun: those may end. `Msrp.close` then waits for these as long as it is told, and reports what has
   * not arrived.
   */
  drain(): void;
  /** URIs that hold. */
  readonly bindingCount: number;
  /** Connections. */
  readonly connectionCount: number;
  /** Octets that wait for their next hop. */
  readonly waitingBytes: number;
  /** Ways through it that are kept: pairs of To-Path and From-Path on a connection. */
  readonly flowCount: number;
  /** How often something has happened. */
  counted(counter: RelayCounter): number;
}

/**
 * Makes the relay for one node.
 *
 * @throws {RangeError} no domain, an address for a domain, or impossible limits; {TypeError} no credentials
 */
export function relay(options: RelayOptions): RelayPlugin {
  let core: RelayCore | undefined;
  let limits = options.limits;
  let draining = false;
  const announced: MsrpUri[] = [];
  const plugin = definePlugin("relay", () => ({
    name: "relay",
    // RFC 7977 §5.1: WebSockets have TLS, as everything has that carries credentials.
    upgrade: (c, next) =>
      c.secure || options.allowPlainAuth === true ? next() : c.reject(403, "TLS is required (RFC 7977 §5.1)"),
    forward: (host) => {
      core = new RelayCore(options, host);
      if (limits !== options.limits) core.setLimits(limits);
      for (const uri of announced) core.announce(uri);
      core.draining = draining;
      return core;
    },
  }));
  // A mistake in the options is the caller's now, not that of the first connection.
  void new RelayCore(options, unusedHost);
  return {
    ...plugin,
    announce: (uri) => {
      const parsed = typeof uri === "string" ? MsrpUri.parse(uri) : uri;
      announced.push(parsed);
      core?.announce(parsed);
    },
    setLimits: (changed) => {
      core?.setLimits(changed);
      limits = changed;
    },
    drain: () => {
      draining = true;
      core?.startDrain();
    },
    get bindingCount() {
      return core?.bindings.size ?? 0;
    },
    get connectionCount() {
      return core?.connectionCount ?? 0;
    },
    get waitingBytes() {
      return core?.waitingBytes ?? 0;
    },
    get flowCount() {
      return core?.flowCount ?? 0;
    },
    counted: (counter) => core?.counted(counter) ?? 0,
  };
}

const unusedHost = {} as ConstructorParameters<typeof RelayCore>[1];
