/**
 * The objects behind the `c` of each stage. Those of chunks are used again as long as chunks are decided
 * synchronously; a chunk that must wait keeps its own, so that what an asynchronous middleware sees stays put.
 */
import { LocalProtocolError } from "../errors.ts";
import type { Key, KeyedValues } from "../session/key.ts";
import type { Message } from "../session/message.ts";
import type { Session } from "../session/session.ts";
import type { OutgoingDraft } from "../session/session_link.ts";
import type { ByteRange } from "../wire/byte_range.ts";
import type { Flag, RequestFrame } from "../wire/frame.ts";
import type { HeaderList } from "../wire/header_list.ts";
import type {
  ChunkContext,
  ConnectContext,
  ConnectionHandle,
  MessageContext,
  OutgoingContent,
  OutgoingContext,
  RequestContext,
} from "./context.ts";
import type { ConnectTarget } from "./transport.ts";
import { ACCEPTED, type HeaderFields, type MaybeVerdict, Verdict } from "./verdict.ts";

/** Typed values and the two verdicts. */
export class BaseContext {
  #values: Map<Key<unknown>, unknown> | undefined;

  get<T>(key: Key<T>): T | undefined {
    return this.#values?.get(key) as T | undefined;
  }

  set<T>(key: Key<T>, value: T | undefined): void {
    if (value === undefined) this.#values?.delete(key);
    else (this.#values ??= new Map()).set(key, value);
  }

  accept(headers?: HeaderFields): Verdict {
    return headers === undefined ? ACCEPTED : new Verdict(200, undefined, headers);
  }

  reject(status: number, comment?: string, headers?: HeaderFields): Verdict {
    if (!Number.isInteger(status) || status < 300 || status > 999) {
      throw new LocalProtocolError(
        "bad-status",
        `Cannot reject with status ${status}: 300 to 999 are refusals`,
      );
    }
    return new Verdict(status, comment, headers);
  }

  /** Puts the values on something that lives longer. */
  handOn(to: KeyedValues): void {
    for (const [key, value] of this.#values ?? []) to.set(key, value);
  }

  /** Forgets the values; for objects that are used again. */
  protected clear(): void {
    this.#values = undefined;
  }
}

/** `c` of the stage `chunk`. */
export class NodeChunkContext<Owner> extends BaseContext implements ChunkContext {
  readonly method: string = "SEND";
  frame!: RequestFrame;
  session!: Session;
  connection!: ConnectionHandle;
  /** The session's place in the node. */
  owner!: Owner;
  /** True when the node has stopped waiting for the verdict: nothing may be delivered any more. */
  abandoned: boolean = false;

  /** Points the object at another chunk. */
  fill(frame: RequestFrame, session: Session, connection: ConnectionHandle, owner: Owner): this {
    this.clear();
    this.frame = frame;
    this.session = session;
    this.connection = connection;
    this.owner = owner;
    return this;
  }

  get headers(): HeaderList {
    return this.frame.headers;
  }
  get contentType(): string | undefined {
    return this.frame.contentType;
  }
  get messageId(): string | undefined {
    return this.frame.messageId;
  }
  get byteRange(): ByteRange | undefined {
    return this.frame.byteRange;
  }
  get body(): Uint8Array | undefined {
    return this.frame.body;
  }
  get flag(): Flag {
    return this.frame.flag;
  }
  get first(): boolean {
    return this.frame.first;
  }
  get last(): boolean {
    return this.frame.last;
  }
}

/** `c` of the stage `request`. */
export class NodeRequestContext extends BaseContext implements RequestContext {
  readonly frame: RequestFrame;
  readonly session: Session | undefined;
  readonly connection: ConnectionHandle;
  /** What the node answers when no middleware does: 481, 506 or 501. */
  readonly otherwise: Verdict;
  /** Stands inside the stage in place of `otherwise`, for requests that are a forwarder's. */
  inner: ((c: NodeRequestContext) => MaybeVerdict) | undefined = undefined;

  constructor(
    frame: RequestFrame,
    session: Session | undefined,
    connection: ConnectionHandle,
    otherwise: Verdict,
  ) {
    super();
    this.frame = frame;
    this.session = session;
    this.connection = connection;
    this.otherwise = otherwise;
  }

  get method(): string {
    return this.frame.method;
  }
  get headers(): HeaderList {
    return this.frame.headers;
  }
  get contentType(): string | undefined {
    return this.frame.contentType;
  }
  get body(): Uint8Array | undefined {
    return this.frame.body;
  }
}

/** `c` of the stages `message` and `deliver`. */
export class NodeMessageContext<Owner> extends BaseContext implements MessageContext {
  message: Message;
  /** What came in, whatever became of it since: reports are about its octets. */
  readonly received: Message;
  /** True once the application has it. */
  handedOver: boolean = false;
  readonly chunk: NodeChunkContext<Owner>;
  readonly session: Session;
  readonly connection: ConnectionHandle;

  constructor(message: Message, chunk: NodeChunkContext<Owner>) {
    super();
    this.message = message;
    this.received = message;
    this.chunk = chunk;
    this.session = chunk.session;
    this.connection = chunk.connection;
  }

  get messageId(): string {
    return this.message.messageId;
  }
  get contentType(): string | undefined {
    return this.message.contentType;
  }
  get headers(): HeaderList {
    return this.message.headers;
  }
  get body(): Uint8Array | undefined {
    return this.message.mode === "memory" ? this.message.body : undefined;
  }
}

/** `c` of the stage `connect`. */
export class NodeConnectContext extends BaseContext implements ConnectContext {
  readonly direction: "inbound" | "outbound";
  readonly connection: ConnectionHandle | undefined;
  readonly target: ConnectTarget | undefined;

  constructor(connection: ConnectionHandle | undefined, target: ConnectTarget | undefined) {
    super();
    this.direction = target === undefined ? "inbound" : "outbound";
    this.connection = connection;
    this.target = target;
  }
}

/** `c` of the stage `outgoing`. */
export class NodeOutgoingContext extends BaseContext implements OutgoingContext {
  readonly method: string;
  readonly session: Session;
  readonly messageId: string;
  readonly resumed: boolean;
  readonly headers: (readonly [name: string, value: string])[];
  contentType: string | undefined;
  body: OutgoingContent;
  total: number | undefined;

  constructor(session: Session, draft: OutgoingDraft) {
    super();
    this.method = draft.method;
    this.session = session;
    this.messageId = draft.messageId;
    this.contentType = draft.contentType;
    this.body = draft.body;
    this.total = draft.total;
    this.resumed = draft.resumed;
    this.headers = [...draft.headers];
  }
}
