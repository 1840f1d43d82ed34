/**
 * The sessions of a node by their own URI: what a To-Path is looked up in. Comparison is RFC 4975 §6.1's through the
 * canonical key; how much of the URI must match is the node's choice.
 */
import { LocalProtocolError } from "../errors.ts";
import type { MsrpUri } from "../wire/uri.ts";

/**
 * How a To-Path finds its session: `"strict"` compares whole URIs (RFC 4975 §6.1); `"session-id"` the session-id and
 * transport alone, for peers behind something that rewrites addresses; `"cema"` strict first, then by session-id.
 */
export type PathMatching = "strict" | "session-id" | "cema";

/** The table. `L` is what a session is to the node. */
export class Registry<L> {
  readonly #byKey: Map<string, L> = new Map();
  // Session-ids have 80 random bits or more (RFC 4975 §14.1), so one that occurs twice was not chosen by the rules.
  readonly #byId: Map<string, L> | undefined;
  readonly #matching: PathMatching;
  readonly #limit: number;
  /** Counts removals; a cache of look-ups is good as long as it stands still. */
  generation: number = 0;

  /** @param matching how much of the URI must match @param limit most sessions at a time */
  constructor(matching: PathMatching, limit: number) {
    this.#matching = matching;
    this.#limit = limit;
    this.#byId = matching === "strict" ? undefined : new Map();
  }

  /** Sessions in the table. */
  get size(): number {
    return this.#byKey.size;
  }

  /** True when no further session fits. */
  get full(): boolean {
    return this.#byKey.size >= this.#limit;
  }

  /** All sessions. */
  values(): IterableIterator<L> {
    return this.#byKey.values();
  }

  /**
   * @param peer whose session it is, at a URI where peers behind relays have one each
   * @throws {LocalProtocolError} `no-session-id`, `uri-in-use` (RFC 4975 §6: one URI, one session), `too-many-sessions`
   */
  add(uri: MsrpUri, entry: L, peer?: MsrpUri): void {
    if (uri.sessionId === undefined) {
      throw new LocalProtocolError("no-session-id", "Cannot make a session: its URI has no session-id");
    }
    if (this.full)
      throw new LocalProtocolError("too-many-sessions", `Cannot make a session: there are ${this.#limit}`);
    const key = entryKey(uri.key, peer);
    const id = entryKey(idKey(uri), peer);
    if (this.#byKey.has(key) || this.#byId?.has(id)) {
      throw new LocalProtocolError("uri-in-use", "Cannot make a session: another one has this URI");
    }
    this.#byKey.set(key, entry);
    this.#byId?.set(id, entry);
  }

  /** Takes a session out; its URI finds nothing from now on. */
  remove(uri: MsrpUri, peer?: MsrpUri): void {
    if (!this.#byKey.delete(entryKey(uri.key, peer))) return;
    this.#byId?.delete(entryKey(idKey(uri), peer));
    this.generation++;
  }

  /** The session that a To-Path of exactly this one URI is for, when it comes from this peer. */
  find(uri: MsrpUri, peer?: MsrpUri): L | undefined {
    // RFC 4975 §6: a URI without session-id names a device, never a session.
    if (uri.sessionId === undefined) return undefined;
    return (peer === undefined ? undefined : this.#get(uri, peer)) ?? this.#get(uri, undefined);
  }

  #get(uri: MsrpUri, peer: MsrpUri | undefined): L | undefined {
    if (this.#matching === "session-id") return this.#byId?.get(entryKey(idKey(uri), peer));
    return this.#byKey.get(entryKey(uri.key, peer)) ?? this.#byId?.get(entryKey(idKey(uri), peer));
  }
}

function entryKey(own: string, peer: MsrpUri | undefined): string {
  return peer === undefined ? own : `${own} ${peer.key}`;
}

function idKey(uri: MsrpUri): string {
  return `${uri.transport.toLowerCase()} ${uri.sessionId}`;
}
