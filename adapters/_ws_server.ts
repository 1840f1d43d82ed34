// From a stream transport that a listener has accepted to a WebSocket: the HTTP handshake within its limits, and the
// `upgrade` stage of the application. After the 101 the core gets the transport.
import type { UpgradeRequest, UpgradeResult } from "../core/mod.ts";
import { ConnectionError } from "../core/mod.ts";
import type { Accept, Transport, TransportSink } from "../core/node/transport.ts";
import { OpenTransports } from "./_open_transports.ts";
import {
  handshakeFault,
  isField,
  type Peer,
  peerOf,
  policyFault,
  type Refusal,
  type RequestHead,
  upgradeFields,
} from "./_ws_handshake.ts";
import type { ResolvedWebSocketOptions } from "./_ws_limits.ts";
import { endOfHead, isRefusal, readHead, refusal, switchingProtocols } from "./_ws_request.ts";
import { ServerWebSocketTransport } from "./_ws_transport.ts";

/** What takes the sockets of handshakes: an `Msrp` node, or anything that takes transports. */
export interface WebSocketAcceptor {
  readonly accept: Accept;
  /** Decides about a handshake; without it all are let in. */
  readonly upgrade?: (request: UpgradeRequest) => UpgradeResult | Promise<UpgradeResult>;
}

/** All handshakes and sockets of one listener. */
export class WebSocketServer {
  readonly #app: WebSocketAcceptor;
  readonly #options: ResolvedWebSocketOptions;
  readonly #path: string | undefined;
  readonly #onError: (error: Error) => void;
  readonly #open = new OpenTransports();
  readonly #pending = new OpenTransports();

  /** @param path the only one that is served; undefined = every path */
  constructor(
    app: WebSocketAcceptor,
    options: ResolvedWebSocketOptions,
    path: string | undefined,
    onError: (error: Error) => void,
  ) {
    this.#app = app;
    this.#options = options;
    this.#path = path;
    this.#onError = onError;
  }

  /** Takes a stream of the listener. */
  readonly accept: Accept = (lower: Transport): TransportSink => {
    const { maxPendingUpgrades } = this.#options;
    if (this.#pending.size >= maxPendingUpgrades) {
      lower.abort();
      const limit = `More than ${maxPendingUpgrades} handshakes at a time (maxPendingUpgrades)`;
      this.#onError(new ConnectionError("too-many-connections", limit));
    }
    const handshake = new Handshake(lower, this.#options, {
      decide: (head, peer) => this.#decide(head, peer, lower),
      refused: (given) =>
        this.#onError(new ConnectionError("upgrade-refused", `A handshake was refused: ${given.reason}`)),
      open: (accept, peer) => this.#join(lower, accept, peer),
      over: () => this.#pending.delete(handshake),
    });
    this.#pending.add(handshake);
    return handshake;
  };

  /** Deals with all open sockets; handshakes are dropped. */
  async close(how: "close" | "abort" | "keep"): Promise<void> {
    await Promise.all([this.#pending.close(how === "keep" ? "keep" : "abort"), this.#open.close(how)]);
  }

  #decide(head: RequestHead, peer: Peer, lower: Transport): Decision | Promise<Decision> {
    const { headers, url } = head;
    const fault = handshakeFault(head);
    if (fault !== undefined) return fault;
    if (this.#path !== undefined && url.split("?", 1)[0] !== this.#path)
      return { status: 404, reason: "There is nothing at this path" };
    const refused = policyFault(headers, this.#options.origins);
    if (refused !== undefined) return refused;
    const { upgrade, accept } = this.#app;
    if (upgrade === undefined) return { accept, response: this.#response(headers, undefined) };
    const settle = (result: UpgradeResult): Decision => {
      const { status, comment, headers: fields } = result.verdict;
      if (result.verdict.accepted)
        return { accept: result.accept, response: this.#response(headers, fields) };
      return { status, reason: comment ?? "The application refused the connection", headers: fields };
    };
    const { peerCertificate, clock } = lower;
    const result = upgrade.call(this.#app, { url, headers, ...peer, peerCertificate, clock });
    return result instanceof Promise ? result.then(settle) : settle(result);
  }

  #response(headers: ReadonlyMap<string, string>, fields: UpgradeResult["verdict"]["headers"]): Uint8Array {
    const bad = fields?.find((field) => !isField(field));
    if (bad !== undefined)
      this.#onError(new ConnectionError("bad-header", `Cannot send header field "${bad[0]}" of a verdict`));
    return switchingProtocols(headers.get("sec-websocket-key") ?? "", upgradeFields(headers, fields));
  }

  #join(lower: Transport, accept: Accept, peer: Peer): ServerWebSocketTransport {
    const transport = new ServerWebSocketTransport(lower, peer, this.#options, () =>
      this.#open.delete(transport),
    );
    this.#open.add(transport);
    try {
      transport.bind(accept);
    } catch (error) {
      this.#onError(error as Error);
    }
    return transport;
  }
}

type Decision = Refusal | { readonly accept: Accept; readonly response: Uint8Array };

interface HandshakeHost {
  decide(head: RequestHead, peer: Peer): Decision | Promise<Decision>;
  refused(refusal: Refusal): void;
  open(accept: Accept, peer: Peer): TransportSink;
  /** It is over, whatever came of it. */
  over(): void;
}

/** One handshake; afterwards it hands through to the WebSocket. */
class Handshake implements TransportSink {
  readonly #lower: Transport;
  readonly #options: ResolvedWebSocketOptions;
  readonly #host: HandshakeHost;
  #bytes = new Uint8Array(0);
  #next: TransportSink | undefined;
  #state: "reading" | "deciding" | "over" = "reading";
  #cancelTimer: () => void = () => undefined;

  constructor(lower: Transport, options: ResolvedWebSocketOptions, host: HandshakeHost) {
    this.#lower = lower;
    this.#options = options;
    this.#host = host;
    this.#time("The request did not come in time");
  }

  /** Drops it. */
  abort(): void {
    this.#finish();
    this.#lower.abort();
  }

  close(): void {
    this.abort();
  }

  received(bytes: Uint8Array): void {
    if (this.#next !== undefined) this.#next.received(bytes);
    else if (this.#state !== "over") this.#read(bytes);
  }

  drained(): void {
    this.#next?.drained();
  }

  ended(error?: Error): void {
    this.#finish();
    this.#next?.ended(error);
  }

  #read(bytes: Uint8Array): void {
    const before = this.#bytes.length;
    // While it is decided, no more is read than what was on its way.
    const { maxRequestBytes } = this.#options;
    const joined = new Uint8Array(before + bytes.length);
    joined.set(this.#bytes);
    joined.set(bytes, before);
    this.#bytes = joined;
    if (this.#state === "deciding") return;
    const end = endOfHead(joined, before);
    if (end > maxRequestBytes || (end < 0 && joined.length > maxRequestBytes)) {
      this.#refuse({ status: 431, reason: `The request is longer than ${maxRequestBytes} octets` });
      return;
    }
    if (end < 0) return;
    const head = readHead(joined.subarray(0, end), this.#options.maxRequestFields);
    this.#bytes = joined.subarray(end);
    if (isRefusal(head)) this.#refuse(head);
    else this.#ask(head);
  }

  #ask(head: RequestHead): void {
    const peer = peerOf(this.#lower, head.headers, this.#options.behindProxy);
    let decision: Decision | Promise<Decision>;
    try {
      decision = this.#host.decide(head, peer);
    } catch {
      decision = { status: 500, reason: "The application failed" };
    }
    if (!(decision instanceof Promise)) {
      this.#settle(decision, peer);
      return;
    }
    this.#state = "deciding";
    this.#lower.pause();
    this.#time("It was not decided in time");
    decision
      .catch((): Decision => ({ status: 500, reason: "The application failed" }))
      .then((late) => {
        if (this.#state !== "deciding") return;
        this.#lower.resume();
        this.#settle(late, peer);
      });
  }

  #settle(decision: Decision, peer: Peer): void {
    if ("status" in decision) {
      this.#refuse(decision);
      return;
    }
    this.#finish();
    this.#lower.write(decision.response);
    const early = this.#bytes;
    this.#bytes = new Uint8Array(0);
    this.#next = this.#host.open(decision.accept, peer);
    if (early.length > 0) this.#next.received(early);
  }

  #refuse(given: Refusal): void {
    this.#finish();
    this.#host.refused(given);
    this.#lower.write(refusal(given));
    this.#lower.close();
  }

  #finish(): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#cancelTimer();
    this.#host.over();
  }

  #time(reason: string): void {
    this.#cancelTimer();
    const refuse = (): void => this.#refuse({ status: this.#state === "reading" ? 408 : 503, reason });
    this.#cancelTimer = this.#lower.clock.setTimer(refuse, this.#options.upgradeTimeoutMs);
  }
}
