/**
 * Full wire traces: for each session a capture that Wireshark and tshark open, and a ladder diagram in text. TLS is off
 * by then, so that encrypted sessions are shown as plain MSRP.
 */
import { z } from "zod";
import { type ConnectionHandle, definePlugin, MsrpUri, type Plugin, type PluginHost } from "../core/mod.ts";
import { type CutterOptions, FrameCutter, type FrameHead, type FramePiece } from "./_frame_cutter.ts";
import { callback, limit, readOptions } from "./_options.ts";
import { type Direction, maxSegmentBytes } from "./_tcp_packets.ts";
import {
  type TraceBudget,
  type TraceOutput,
  TraceRun,
  type TraceSink,
  type TraceStart,
} from "./_trace_run.ts";

export type { TraceOutput, TraceSink, TraceStart };

/** Options of `trace()`. */
export interface TraceOptions {
  /** Opens what a trace is written to, for example `traceFiles()`; undefined: this session is not traced. */
  readonly open: (trace: TraceStart) => TraceOutput | undefined;
  /** Which sessions are traced. @default all */
  readonly sessions?: (trace: TraceStart) => boolean;
  /**
   * One trace for each session, on whatever connections it is: in a relay both sides of it. Or one for each connection, with
   * all that goes over it, AUTH included.
   * @default "session"
   */
  readonly per?: "session" | "connection";
  /** Keep the bodies of frames. Without them a trace shows who sent what kind of frame and when. @default true */
  readonly bodies?: boolean;
  /** Keep what proves identities in AUTH; otherwise asterisks stand for it. @default false */
  readonly credentials?: boolean;
  /** Octets of one trace, capture and ladder together; then it ends. @default 67108864 */
  readonly maxTraceBytes?: number;
  /** Octets of all traces of the node together; then nothing more is written. @default 1073741824 */
  readonly maxTotalBytes?: number;
  /** Traces that are written at the same time; further sessions are not traced. @default 100 */
  readonly maxOpenTraces?: number;
  /** Octets of a connection that are kept until it shows which session they belong to. @default 262144 */
  readonly maxPendingBytes?: number;
  /** Time of day in milliseconds since 1970. @default Date.now */
  readonly wallClock?: () => number;
}

const schema = z.strictObject({
  open: callback<(trace: TraceStart) => TraceOutput | undefined>(),
  sessions: z.exactOptional(callback<(trace: TraceStart) => boolean>()),
  per: z.exactOptional(z.enum(["session", "connection"])),
  bodies: z.exactOptional(z.boolean()),
  credentials: z.exactOptional(z.boolean()),
  maxTraceBytes: z.exactOptional(limit()),
  maxTotalBytes: z.exactOptional(limit()),
  maxOpenTraces: z.exactOptional(limit()),
  maxPendingBytes: z.exactOptional(limit(0)),
  wallClock: z.exactOptional(callback<() => number>()),
});

/** A session that is over may still have a last answer on its way. */
const lingerMs = 1_000;
/** A trace of which nothing was heard for so long gives way to a new one. */
const quietMs = 60_000;
/** Sessions of one connection that are remembered as not to be traced. */
const maxSkipped = 1024;

/**
 * Traces what goes over the wire. A trace holds session URIs and contents: whoever can read it can read along.
 *
 * ```ts
 * import { traceFiles } from "msrpkit/trace-files";
 * app.use(trace({ open: traceFiles("traces") }));
 * ```
 *
 * @throws {TypeError} an option is unknown or wrong
 */
export function trace(options: TraceOptions): Plugin {
  const checked = readOptions("trace", schema, options);
  return definePlugin("trace", (host) => {
    const tracer = new Tracer(checked, host);
    return {
      name: "trace",
      taps: {
        wire: ({ connection, direction, bytes, at }) => tracer.wire(connection, direction, bytes, at),
        bound: ({ session, connection }) => tracer.bound(session.local, connection),
        closed: ({ session, connection, error }) => {
          if (session !== undefined) tracer.sessionClosed(session.local.key);
          else if (connection !== undefined) tracer.connectionClosed(connection, error !== undefined);
        },
      },
    };
  });
}

interface Pending {
  readonly key: string;
  readonly direction: Direction;
  readonly at: number;
  readonly piece: FramePiece;
}

/** A connection: its octets on their way into frames. */
class Line {
  readonly connection: ConnectionHandle;
  readonly cutters: Readonly<Record<Direction, FrameCutter>>;
  /** Wall time at the origin of the connection's clock. */
  readonly origin: number;
  /** Frames of sessions that are not known (yet). */
  pending: Pending[] = [];
  pendingBytes = 0;
  /** What URIs are equal to, and those that are not traced. */
  readonly keys: Map<string, string> = new Map();
  readonly skipped: Set<string> = new Set();
  at: number;

  constructor(
    connection: ConnectionHandle,
    options: CutterOptions,
    origin: number,
    at: number,
    emit: (line: Line, direction: Direction, piece: FramePiece) => void,
    keyOf: (line: Line, direction: Direction, head: FrameHead | undefined) => string,
  ) {
    this.connection = connection;
    this.origin = origin;
    this.at = at;
    const cutter = (direction: Direction): FrameCutter =>
      new FrameCutter(
        { ...options, passesOver: (head) => this.skipped.has(keyOf(this, direction, head)) },
        (piece) => emit(this, direction, piece),
      );
    this.cutters = { received: cutter("received"), transmitted: cutter("transmitted") };
  }

  /** The own URI that a frame names, as a key; `""` when it is none of a session. */
  keyOf(text: string): string {
    let key = this.keys.get(text);
    if (key === undefined) {
      const uri = readUri(text);
      key = uri?.sessionId === undefined ? "" : uri.key;
      if (this.keys.size >= maxSkipped) this.keys.clear();
      this.keys.set(text, key);
    }
    return key;
  }
}

/** The traces of one node. */
class Tracer {
  readonly #options: TraceOptions;
  readonly #host: PluginHost;
  readonly #cutting: CutterOptions;
  readonly #lines: Map<ConnectionHandle, Line> = new Map();
  readonly #runs: Map<string, TraceRun> = new Map();
  readonly #budget: TraceBudget;
  #count = 0;

  constructor(options: TraceOptions, host: PluginHost) {
    this.#options = options;
    this.#host = host;
    this.#cutting = {
      maxPieceBytes: maxSegmentBytes,
      bodies: options.bodies ?? true,
      credentials: options.credentials ?? false,
    };
    this.#budget = { left: options.maxTotalBytes ?? 1_073_741_824 };
  }

  wire(connection: ConnectionHandle, direction: Direction, bytes: Uint8Array, at: number): void {
    if (this.#budget.left <= 0) return;
    let line = this.#lines.get(connection);
    if (line === undefined) {
      const now = (this.#options.wallClock ?? Date.now)();
      line = new Line(
        connection,
        this.#cutting,
        now - at,
        now,
        (...args) => this.#frame(...args),
        (...args) => this.#keyOf(...args),
      );
      this.#lines.set(connection, line);
    }
    line.at = line.origin + at;
    line.cutters[direction].push(bytes);
  }

  bound({ key, text }: MsrpUri, connection: ConnectionHandle): void {
    const line = this.#lines.get(connection);
    if (line !== undefined && this.#options.per !== "connection") this.#open(line, key, text);
  }

  sessionClosed(key: string): void {
    const run = this.#runs.get(key);
    if (run === undefined) return;
    run.ended = true;
    this.#host.setTimer(() => {
      if (this.#runs.get(key) === run) this.#finish(key, run);
    }, lingerMs);
  }

  connectionClosed(connection: ConnectionHandle, error: boolean): void {
    const line = this.#lines.get(connection);
    if (line === undefined) return;
    for (const cutter of Object.values(line.cutters)) cutter.end();
    this.#lines.delete(connection);
    for (const [key, run] of this.#runs) {
      run.disconnect(line.at, connection, error);
      if (run.legs.size === 0) this.#finish(key, run);
    }
  }

  #keyOf(line: Line, direction: Direction, head: FrameHead | undefined): string {
    if (this.#options.per === "connection") return `#${line.connection.id}`;
    return line.keyOf(ownUri(direction, head));
  }

  #frame(line: Line, direction: Direction, piece: FramePiece): void {
    const { head } = piece;
    const key = this.#keyOf(line, direction, head);
    if (this.#options.per === "connection") {
      this.#runOf(line, key, "")?.frame(line.at, line.connection, direction, piece);
      return;
    }
    if (key === "" || line.skipped.has(key)) return;
    let run = this.#runs.get(key);
    // A peer can name any URI; the node names its own, in what it asks and in what it answers with success.
    const owned = direction === "transmitted" && (head?.method !== undefined || (head?.status ?? 999) < 300);
    if (run === undefined && owned) run = this.#open(line, key, ownUri(direction, head));
    if (run !== undefined) run.frame(line.at, line.connection, direction, piece);
    else this.#keep(line, { key, direction, at: line.at, piece });
  }

  #keep(line: Line, entry: Pending): void {
    line.pending.push(entry);
    line.pendingBytes += entry.piece.bytes.length;
    while (line.pendingBytes > (this.#options.maxPendingBytes ?? 262_144)) {
      line.pendingBytes -= line.pending.shift()?.piece.bytes.length ?? line.pendingBytes;
    }
  }

  #open(line: Line, key: string, uri: string): TraceRun | undefined {
    const run = this.#runOf(line, key, uri);
    const waiting = line.pending.filter((entry) => entry.key === key);
    if (waiting.length === 0) return run;
    line.pending = line.pending.filter((entry) => entry.key !== key);
    for (const { direction, at, piece } of waiting) {
      line.pendingBytes -= piece.bytes.length;
      run?.frame(at, line.connection, direction, piece);
    }
    return run;
  }

  #runOf(line: Line, key: string, uri: string): TraceRun | undefined {
    const known = this.#runs.get(key);
    if (known !== undefined || line.skipped.has(key)) return known;
    const { open, sessions, maxTraceBytes = 67_108_864 } = this.#options;
    const startedAt = line.pending.find((entry) => entry.key === key)?.at ?? line.at;
    const start = { id: this.#count + 1, uri, connection: line.connection, startedAt };
    let output: TraceOutput | undefined;
    try {
      if ((sessions?.(start) ?? true) && this.#hasRoom(line.at)) output = checked(open(start));
    } catch (error) {
      this.#host.error(error, "trace");
    }
    if (output === undefined) {
      if (line.skipped.size < maxSkipped) line.skipped.add(key);
      return undefined;
    }
    this.#count++;
    const run = new TraceRun(start, output, maxTraceBytes, this.#budget, (error) =>
      this.#host.error(error, "trace"),
    );
    this.#runs.set(key, run);
    return run;
  }

  #hasRoom(now: number): boolean {
    if (this.#runs.size < (this.#options.maxOpenTraces ?? 100)) return true;
    for (const [key, run] of this.#runs) {
      if (!run.ended && now - run.lastAt < quietMs) continue;
      this.#finish(key, run);
      return true;
    }
    return false;
  }

  #finish(key: string, run: TraceRun): void {
    this.#runs.delete(key);
    for (const connection of [...run.legs.keys()]) run.disconnect(run.lastAt, connection, false);
    run.close();
  }
}

// A promise of sinks would trace nothing, and nobody would be told.
function checked(output: TraceOutput | undefined): TraceOutput | undefined {
  if (output === undefined || (typeof output === "object" && output !== null && !("then" in output)))
    return output;
  throw new TypeError("Cannot trace: open() has to give sinks, or undefined");
}

function ownUri(direction: Direction, head: FrameHead | undefined): string {
  return (direction === "received" ? head?.to : head?.from) ?? "";
}

function readUri(text: string): MsrpUri | undefined {
  try {
    return MsrpUri.parse(text);
  } catch {
    return undefined;
  }
}
