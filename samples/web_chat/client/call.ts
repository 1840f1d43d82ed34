/**
 * One exchange of offer and answer with a contact, and the session that comes of it. A call is never changed: when
 * anything about it is over, another one is made.
 */

import type { Connector, NegotiatorAdapter, RelayClient } from "../../../mod.ts";
import { createSessionId, type Msrp, type RelayPath, type Session, SessionNegotiator } from "../../../mod.ts";
import type { HeldMessage, Signal } from "../protocol.ts";
import { composingType, cpimType, noticeType } from "./content.ts";

/** What calls are made with. */
export interface Line {
  readonly app: Msrp;
  readonly relay: RelayClient;
  readonly connector: Connector;
}

/** Longest message that is taken: what a browser keeps without asking its owner. */
const maxSize = 2_147_483_648;

/** A call under way, or a session. */
export class Call {
  readonly id: string;
  /** Key of the own URI, by which incoming messages find their contact. */
  readonly localKey: string;
  readonly #negotiator: SessionNegotiator;
  readonly #path: RelayPath;
  #session: Session | undefined;
  #over = false;

  private constructor(id: string, line: Line, path: RelayPath, plain: boolean) {
    this.id = id;
    this.#path = path;
    this.localKey = path.local.key;
    const adapter: NegotiatorAdapter = { transportConnect: line.connector };
    this.#negotiator = new SessionNegotiator(line.app, adapter, {
      host: "anonymous.invalid",
      acceptTypes: [cpimType, "text/plain", composingType, "*"],
      acceptWrappedTypes: ["text/plain", noticeType, "*"],
      maxSize,
      session: { keepAliveMs: 25_000 },
      allowDowngrade: plain,
      usePath: path.stream.usePath,
      uri: path.stream.uri,
    });
  }

  /**
   * Gets a path at the relay, for a call of ours, or for one that was offered.
   *
   * @param options `plain`: the other side may be without TLS, as the echo on the server's own machine is
   */
  static async open(line: Line, options: { id?: string | undefined; plain: boolean }): Promise<Call> {
    return new Call(options.id ?? createSessionId(), line, await line.relay.path(), options.plain);
  }

  /** The path that it uses. */
  get path(): RelayPath {
    return this.#path;
  }

  /** The session, once both sides have agreed. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** Whether it was given up. */
  get over(): boolean {
    return this.#over;
  }

  /** The offer of this call. */
  offer(held: readonly HeldMessage[]): Signal {
    return { kind: "offer", call: this.id, sdp: this.#negotiator.createOffer(), held };
  }

  /** Answers an offer. @throws {RemoteProtocolError} it cannot be read */
  async answer(sdp: string, held: readonly HeldMessage[]): Promise<Signal> {
    // Behind relays each side's first hop is its own affair: one may have TLS and the other not.
    const { usePath, uri } = this.#path.stream;
    const outcome = await this.#negotiator.acceptOffer(sdp, { decide: () => ({ usePath, uri }) });
    if (!outcome.ok) return { kind: "refuse", call: this.id, reason: outcome.code };
    if (outcome.session === undefined) {
      return { kind: "refuse", call: this.id, reason: outcome.refused[0]?.code ?? "no-stream" };
    }
    this.#session = outcome.session;
    return { kind: "answer", call: this.id, sdp: outcome.answer, held };
  }

  /** Takes the answer to our offer. @returns whether there is a session now @throws {RemoteProtocolError} */
  async answered(sdp: string): Promise<boolean> {
    this.#session = (await this.#negotiator.acceptAnswer(sdp)).session;
    return this.#session !== undefined;
  }

  /** Ends it: what is under way on its session fails, and is sent again on the next. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#session?.abort();
    this.#path.release();
    void this.#negotiator.close({ drain: false }).catch(() => undefined);
  }
}
