/**
 * Sessions as Effects and Streams, over any adapter: scoped listeners and sessions, sending with typed errors and an
 * interruption that aborts the message, received messages as a Stream. Chunks never pass through Effect.
 */
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { Scope } from "effect/Scope";
import * as Stream from "effect/Stream";
import {
  ConnectionError,
  type ConnectOptions,
  DeliveryError,
  LocalProtocolError,
  type Message,
  type Msrp,
  RemoteProtocolError,
  type SendContent,
  type SendOptions,
  type Session,
} from "../core/mod.ts";
import type { ListenOptions } from "./_listen.ts";

/** What can go wrong with a session; a wrong argument (`TypeError`, `RangeError`) is a defect, not one of these. */
export type SessionError = ConnectionError | DeliveryError | LocalProtocolError | RemoteProtocolError;

/** The part of an adapter that listens; `msrpkit/bun`, `msrpkit/deno` and `msrpkit/node` have it. */
export interface ListeningAdapter<Listener extends Closable> {
  /** Listens on a URI and gives connections to the node. */
  listen(app: Msrp, uri: string, options?: ListenOptions): Promise<Listener>;
}

/** The part of an adapter that connects; `msrpkit/bun`, `msrpkit/deno` and `msrpkit/node` have it. */
export interface ConnectingAdapter {
  /** Opens a session as the active endpoint. */
  connect(app: Msrp, options: ConnectOptions): Promise<Session>;
}

/** Something that stops listening. */
export interface Closable {
  /** Stops; `"keep"` leaves the open connections alone. */
  close(options?: { connections?: "keep" }): Promise<void>;
}

/** What became of a message. */
export interface Delivery {
  /** Message-ID of the message. */
  readonly messageId: string;
  /** `"accepted"`: the next hop has answered every chunk. `"delivered"`: the far end has reported every octet. */
  readonly confirmed: "accepted" | "delivered";
}

/**
 * Listens as long as the scope lives. Closing the listener does not end its sessions; the node's own `close` does.
 *
 * ```ts
 * const listener = yield* listen(node, app, "msrp://127.0.0.1:0;tcp")
 * ```
 */
export function listen<Listener extends Closable>(
  adapter: ListeningAdapter<Listener>,
  app: Msrp,
  uri: string,
  options?: ListenOptions,
): Effect.Effect<Listener, SessionError, Scope> {
  return Effect.acquireRelease(
    fromPromise(() => adapter.listen(app, uri, options)),
    (listener) => quietly(() => listener.close({ connections: "keep" })),
  );
}

/**
 * Opens a session that ends with the scope: drained when the scope ends well, aborted when it fails or is interrupted.
 * Interrupting the Effect itself gives up the attempt to connect.
 */
export function connect(
  adapter: ConnectingAdapter,
  app: Msrp,
  options: ConnectOptions,
): Effect.Effect<Session, SessionError, Scope> {
  const acquire = fromPromise(async (signal) => {
    const both = options.signal === undefined ? signal : AbortSignal.any([signal, options.signal]);
    const session = await adapter.connect(app, { ...options, signal: both });
    // Interrupted in the moment of success: nobody will get this session, so nobody else could end it.
    if (signal.aborted) session.abort(signal.reason);
    return session;
  });
  return Effect.acquireRelease(
    acquire,
    (session, exit) => {
      if (Exit.isSuccess(exit)) return quietly(() => session.close());
      return Effect.sync(() => session.abort(exit.cause));
    },
    { interruptible: true },
  );
}

/**
 * Sends a message and waits until it is accepted, or, with `successReport: true` given here, until the far end has
 * reported all of it. Interruption aborts the message (flag `#`, RFC 4975 §7.1.1). A Stream is read with back-pressure; when it
 * fails, so does the message, with the Stream's error as cause.
 */
export function send<R = never>(
  session: Session,
  body: SendContent | Stream.Stream<Uint8Array, unknown, R>,
  options: SendOptions = {},
): Effect.Effect<Delivery, SessionError, R> {
  if (!Stream.isStream(body)) return sendContent(session, body as SendContent, options);
  const readable = Stream.toReadableStreamEffect(body as Stream.Stream<Uint8Array, unknown, R>);
  return Effect.flatMap(readable, (content) => sendContent(session, content, options));
}

/** The messages of a session, in order, until it ends; fails with what made the session fail. */
export function messages(session: Session): Stream.Stream<Message, SessionError> {
  return Stream.fromAsyncIterable(session, toSessionError);
}

/** The octets of a message, while they arrive if it streams. */
export function octets(message: Message): Stream.Stream<Uint8Array, SessionError> {
  return Stream.fromReadableStream({ evaluate: () => message.stream(), onError: toSessionError });
}

function sendContent(
  session: Session,
  body: SendContent,
  options: SendOptions,
): Effect.Effect<Delivery, SessionError> {
  return Effect.callback<Delivery, SessionError>((resume) => {
    const confirmed = options.successReport === true ? "delivered" : "accepted";
    try {
      const sent = session.send(body, options);
      const done = confirmed === "delivered" ? Promise.all([sent.accepted, sent.delivered]) : sent.accepted;
      done.then(
        () => resume(Effect.succeed({ messageId: sent.messageId, confirmed })),
        (error: unknown) => resume(failure(error)),
      );
      return Effect.sync(() => sent.abort(new Error("interrupted")));
    } catch (error) {
      resume(failure(error));
      return undefined;
    }
  });
}

/** A promise of the toolkit as an Effect. */
function fromPromise<A>(evaluate: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, SessionError> {
  return Effect.callback<A, SessionError>((resume, signal) => {
    Promise.resolve()
      .then(() => evaluate(signal))
      .then(
        (value) => resume(Effect.succeed(value)),
        (error: unknown) => resume(failure(error)),
      );
  });
}

/** A finalizer whose failure changes nothing: what it closes is over either way. */
function quietly(close: () => Promise<unknown>): Effect.Effect<void> {
  return Effect.promise(() =>
    close().then(
      () => undefined,
      () => undefined,
    ),
  );
}

function failure(error: unknown): Effect.Effect<never, SessionError> {
  return isSessionError(error) ? Effect.fail(error) : Effect.die(error);
}

function isSessionError(error: unknown): error is SessionError {
  return (
    error instanceof ConnectionError ||
    error instanceof DeliveryError ||
    error instanceof LocalProtocolError ||
    error instanceof RemoteProtocolError
  );
}

/** An error of a session's iterator: always one of ours, or what made the session fail, as its cause. */
function toSessionError(error: unknown): SessionError {
  if (isSessionError(error)) return error;
  return new ConnectionError("session-failed", "The session failed", { cause: error });
}
