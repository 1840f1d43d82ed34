/**
 * A session of a client, which outlives its connections and paths. What is not delivered is kept until there is a way to
 * the peer again, and what has come in part is completed then (RFC 4975 §5.4).
 */
import { LocalProtocolError } from "../errors.ts";
import { Handlers } from "../relay/client_events.ts";
import type { RelayPath } from "../relay/client_path.ts";
import type { SendContent } from "../session/sent.ts";
import type { RequestResult } from "../session/session_options.ts";
import { byteRangeFault, parseByteRange } from "../wire/byte_range.ts";
import { createMessageId } from "../wire/ident.ts";
import { formatStatus, parseStatus } from "../wire/status.ts";
import { MsrpUri } from "../wire/uri.ts";
import { type ClientFrame, type Fields, field } from "./frame.ts";
import { Incoming } from "./incoming.ts";
import type { ClientLink } from "./link.ts";
import type {
  BindOptions,
  ClientSendOptions,
  ClientSent,
  ClientSessionOptions,
  ClientSessionState,
} from "./options.ts";
import { Outgoing } from "./outgoing.ts";

/** What a session needs of its client. */
export interface ClientSessionHost {
  readonly link: ClientLink | undefined;
  readonly chunkBytes: number;
  /** Gets another path for it. */
  renew(session: ClientSession): Promise<void>;
  /** What a handler of the application threw. */
  threw(error: unknown): void;
  closed(session: ClientSession): void;
}

/** Message-IDs that are remembered as delivered. */
const maxRemembered = 1024;

/** A session with one peer, made by `MsrpClient`. */
export class ClientSession {
  readonly #host: ClientSessionHost;
  readonly #options: ClientSessionOptions;
  /** Media types that this side takes, for SDP. */
  readonly acceptTypes: readonly string[];
  readonly #incoming: Map<string, { message: Incoming; reported: number }> = new Map();
  /** Octets of messages that were delivered, by Message-ID. */
  readonly #done: Map<string, number> = new Map();
  readonly #outgoing: Map<string, Outgoing> = new Map();
  readonly #messages = new Handlers<Incoming>();
  readonly #beginnings = new Handlers<Incoming>();
  readonly #states = new Handlers<ClientSessionState>();
  readonly #paths = new Handlers<"expiry" | "reconnected">();
  readonly #threw = (error: unknown): void => this.#host.threw(error);
  #path: RelayPath;
  #bound: RelayPath | undefined;
  #remote: readonly MsrpUri[] = [];
  #kept = false;
  /** Own URIs of the peer under which it has what it has reported. */
  readonly #peers: Set<string> = new Set();
  #state: ClientSessionState = "waiting";
  #bindId = "";

  constructor(host: ClientSessionHost, path: RelayPath, options: ClientSessionOptions) {
    this.#host = host;
    this.#options = options;
    this.acceptTypes = options.acceptTypes ?? ["*"];
    this.#path = path;
  }

  get state(): ClientSessionState {
    return this.#state;
  }

  /** The own path as it goes into SDP: the relay first, the own URI last (RFC 7977 §5.2.2). */
  get path(): readonly string[] {
    return this.#path.sdpPath.map(String);
  }

  /** Messages that are not over. */
  get pending(): number {
    return this.#outgoing.size;
  }

  /** Calls `handler` with each message that is whole. The function returned stops it, as with the others. */
  onMessage(handler: (message: Incoming) => void): () => void {
    return this.#messages.add(handler);
  }

  /** Calls `handler` with each message at its first chunk: to show its progress, or to refuse it. */
  onIncoming(handler: (message: Incoming) => void): () => void {
    return this.#beginnings.add(handler);
  }

  onState(handler: (state: ClientSessionState) => void): () => void {
    return this.#states.add(handler);
  }

  /**
   * Calls `handler` when `path` is another one: because the old one expires, or was lost. Tell it to the peer by a new
   * offer, and `bind` again when the answer is here.
   */
  onPath(handler: (reason: "expiry" | "reconnected") => void): () => void {
    return this.#paths.add(handler);
  }

  /**
   * Says where the peer is: for the first time, and after each new offer and answer. Messages that are not delivered go
   * on then, under their Message-IDs.
   *
   * @throws {LocalProtocolError} `session-closed`; {RemoteProtocolError} a URI that cannot be read
   */
  bind({ remote, role = "active", kept = false }: BindOptions): void {
    this.#mustBeOpen();
    const list = typeof remote === "string" || remote instanceof MsrpUri ? [remote] : remote;
    this.#remote = list.map((uri) => (typeof uri === "string" ? MsrpUri.parse(uri) : uri));
    this.#bound = this.#path;
    this.#kept = kept;
    if (!kept) this.#peers.clear();
    this.#peers.add(this.#remote.at(-1)?.key ?? "");
    this.#set("waiting");
    if (role === "active") this.#open();
  }

  /** Gets another path, for a new offer after the peer was lost. @throws what `MsrpClient.session` throws */
  renew(): Promise<void> {
    this.#mustBeOpen();
    return this.#host.renew(this);
  }

  /**
   * Sends a message, or keeps it until there is a way to the peer. Text, octets and Blobs (a File of `<input>` or of a
   * drop) are sent again from what the peer has not reported when the session is made anew; a stream cannot be.
   *
   * @throws {LocalProtocolError} `session-closed`, `queue-full`
   */
  send(content: SendContent, options: ClientSendOptions = {}): ClientSent {
    this.#mustBeOpen();
    const { maxQueued = 1024 } = this.#options;
    if (this.#outgoing.size >= maxQueued) {
      throw new LocalProtocolError("queue-full", `Cannot send: ${maxQueued} messages are not over yet`);
    }
    const session = this;
    const message = new Outgoing(content, options, this.#host.chunkBytes, {
      get link() {
        return session.#state === "open" ? session.#host.link : undefined;
      },
      chunk: (headers, body, flag, answered) =>
        this.#host.link?.request({ method: "SEND", ...this.#way(), headers, body, flag }, answered),
      lost: () => this.lost(),
      over: (one) => this.#outgoing.delete(one.messageId),
    });
    this.#outgoing.set(message.messageId, message);
    if (options.signal?.aborted) message.abort(options.signal.reason);
    if (this.#state === "open") message.start(false);
    return message;
  }

  /**
   * Sends a request other than SEND and REPORT, such as NICKNAME, and gives its answer.
   *
   * @throws {ConnectionError} there is no way to the peer, or no answer
   */
  async request(method: string, headers: Fields = []): Promise<RequestResult> {
    const link = this.#state === "open" ? this.#host.link : undefined;
    if (link === undefined) throw new LocalProtocolError("session-not-open", "Cannot send a request now");
    return await link.ask({ method, ...this.#way(), headers });
  }

  /** Ends the session: what is not delivered fails, what is not complete is given up. */
  close(error: Error = new LocalProtocolError("session-closed", "The session was closed")): void {
    if (this.#state === "closed") return;
    this.#set("closed");
    for (const message of [...this.#outgoing.values()]) message.fail(error);
    for (const { message } of this.#incoming.values()) message.drop("session-closed", 408);
    this.#incoming.clear();
    this.#host.closed(this);
  }

  /** The path that it has now; for the client. */
  get relayPath(): RelayPath {
    return this.#path;
  }

  /** There is no way to the peer any more; for the client. */
  lost(): void {
    if (this.#state === "open") this.#set("waiting");
  }

  /** The path has ended; for the client. */
  expired(path: RelayPath): void {
    if (this.#bound === path) this.lost();
  }

  /** There is another path; for the client. */
  renewed(path: RelayPath, reason: "expiry" | "reconnected"): void {
    this.#path = path;
    this.#paths.call(reason, this.#threw);
  }

  /** A request for the session; for the client. */
  receive(frame: ClientFrame): void {
    const { word, headers, fault } = frame;
    if (fault) this.#respond(frame, 400);
    else if (word === "REPORT") this.#report(frame);
    else if (word !== "SEND") this.#respond(frame, 501);
    else {
      // A passive side speaks after the other has (RFC 4975 §5.4).
      if (this.#state === "waiting" && this.#isBound(frame)) this.#open();
      if (field(headers, "message-id") === undefined) this.#respond(frame, 400);
      else if (frame.body === undefined) this.#respond(frame, 200);
      else this.#chunk(frame);
    }
  }

  #isBound({ toPath }: ClientFrame): boolean {
    return this.#bound !== undefined && toPath[0]?.key === this.#bound.local.key;
  }

  #open(): void {
    if (this.#host.link === undefined) return;
    this.#bindId = createMessageId();
    const headers = [["Message-ID", this.#bindId]] as const;
    this.#host.link.request({ method: "SEND", ...this.#way(), headers }, (status) => {
      if (status !== 0 && status !== 200) this.lost();
    });
    const kept = this.#kept;
    // Whatever else goes wrong with this binding, the peer will have what it reports from now on.
    this.#kept = true;
    this.#set("open");
    for (const message of [...this.#outgoing.values()]) message.start(kept);
  }

  #chunk(frame: ClientFrame): void {
    const { headers, flag } = frame;
    const body = frame.body as Uint8Array;
    const id = field(headers, "message-id") as string;
    const contentType = field(headers, "content-type");
    const range = rangeOf(field(headers, "byte-range") ?? "1-*/*");
    if (range === undefined || contentType === undefined) {
      this.#respond(frame, 400);
      return;
    }
    const wantsReport = field(headers, "success-report")?.toLowerCase() === "yes";
    const delivered = this.#done.get(id);
    if (delivered !== undefined) {
      // RFC 4975 §5.4: sent again by a peer that did not hear of its delivery.
      this.#respond(frame, 200);
      if (flag === "$" && wantsReport) this.#sendReport(frame, id, 1, delivered, delivered);
      return;
    }
    const entry = this.#incoming.get(id) ?? this.#begin(frame, id, contentType, range.total);
    if (typeof entry === "number") {
      this.#respond(frame, entry);
      return;
    }
    const { message } = entry;
    const {
      maxMessageBytes = 104_857_600,
      maxIncompleteBytes = 268_435_456,
      reportBytes = 1_048_576,
    } = this.#options;
    if (
      range.start + body.length - 1 > maxMessageBytes ||
      this.#incomplete + body.length > maxIncompleteBytes
    ) {
      message.refuse();
    }
    if (flag === "#") message.drop("aborted", 413);
    else if (message.refusal === 0) message.add(range.start, body, range.total, flag === "$");
    if (flag === "#" || (flag === "$" && message.refusal !== 0) || message.whole) this.#incoming.delete(id);
    this.#respond(frame, message.refusal || 200);
    if (message.whole) {
      const { receivedBytes } = message;
      this.#remember(id, receivedBytes);
      if (wantsReport) this.#sendReport(frame, id, 1, receivedBytes, receivedBytes);
      this.#messages.call(message, this.#threw);
    } else if (wantsReport && message.receivedBytes - entry.reported >= reportBytes) {
      const end = message.contiguous;
      if (end <= entry.reported) return;
      this.#sendReport(frame, id, entry.reported + 1, end, message.total);
      entry.reported = end;
    }
  }

  #begin(
    frame: ClientFrame,
    id: string,
    contentType: string,
    total = 0,
  ): { message: Incoming; reported: number } | number {
    const { maxMessageBytes = 104_857_600, maxIncomplete = 64 } = this.#options;
    if (frame.flag === "#") return 200;
    if (!this.acceptTypes.some((entry) => covers(entry, contentType))) return 415;
    if (this.#incoming.size >= maxIncomplete || total > maxMessageBytes) return 413;
    const entry = { message: new Incoming(id, contentType, frame.headers), reported: 0 };
    this.#incoming.set(id, entry);
    this.#beginnings.call(entry.message, this.#threw);
    return entry;
  }

  /** Octets of messages that are not complete. */
  get #incomplete(): number {
    let octets = 0;
    for (const { message } of this.#incoming.values()) octets += message.receivedBytes;
    return octets;
  }

  #remember(id: string, bytes: number): void {
    this.#done.set(id, bytes);
    const [oldest] = this.#done.keys();
    if (this.#done.size > maxRemembered) this.#done.delete(oldest as string);
  }

  #sendReport(frame: ClientFrame, id: string, start: number, end: number, total: number | undefined): void {
    this.#host.link?.request({
      method: "REPORT",
      toPath: frame.fromPath,
      fromPath: frame.toPath.slice(0, 1),
      headers: [
        ["Message-ID", id],
        ["Byte-Range", `${start}-${end}/${total ?? "*"}`],
        ["Status", formatStatus(200)],
      ],
    });
  }

  #report({ toPath, fromPath, headers }: ClientFrame): void {
    const id = field(headers, "message-id") ?? "";
    const range = rangeOf(field(headers, "byte-range") ?? "1-*/*");
    const status = statusOf(field(headers, "status") ?? "");
    if (range === undefined || status === undefined) return;
    // What a page had that was loaded anew since is gone.
    if (status === 200 && !this.#peers.has(fromPath.at(-1)?.key ?? "")) return;
    // A failure on a path that is not used any more says nothing of this one.
    if (status !== 200 && toPath[0]?.key !== this.#bound?.local.key) return;
    if (id === this.#bindId && status !== 200) this.lost();
    this.#outgoing.get(id)?.report(status, range.start, range.end);
  }

  /** RFC 4975 §7.2: `no` wants no answer, `partial` only one that tells of a fault. */
  #respond(frame: ClientFrame, status: number): void {
    const wanted = field(frame.headers, "failure-report")?.toLowerCase();
    if (frame.word === "REPORT" || wanted === "no" || (wanted === "partial" && status === 200)) return;
    this.#host.link?.respond(frame, status);
  }

  #way(): { readonly toPath: readonly MsrpUri[]; readonly fromPath: readonly MsrpUri[] } {
    const path = this.#bound as RelayPath;
    return { toPath: path.toPath(this.#remote), fromPath: [path.local] };
  }

  #set(state: ClientSessionState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#states.call(state, this.#threw);
  }

  #mustBeOpen(): void {
    if (this.#state === "closed") throw new LocalProtocolError("session-closed", "The session was closed");
  }
}

/** Whether an entry of accept-types, `*` and `type/*` among them, is about this Content-Type (RFC 4975 §8.6). */
function covers(entry: string, contentType: string): boolean {
  const type = (contentType.split(";")[0] as string).trim().toLowerCase();
  const wanted = entry.toLowerCase();
  return wanted === "*" || wanted === type || (wanted.endsWith("/*") && type.startsWith(wanted.slice(0, -1)));
}

function rangeOf(text: string): ReturnType<typeof parseByteRange> | undefined {
  try {
    const range = parseByteRange(text);
    return byteRangeFault(range) === undefined ? range : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined for what cannot be read, and for other namespaces than that of responses. */
function statusOf(text: string): number | undefined {
  try {
    const { namespace, status } = parseStatus(text);
    return namespace === 0 ? status : undefined;
  } catch {
    return undefined;
  }
}
