/**
 * Structured logs: one record, and one line of JSON, for each thing that happens to connections, sessions and messages.
 * Secrets are taken out; a session is known by its number, a connection by its id.
 */
import { z } from "zod";
import {
  type ConnectionHandle,
  definePlugin,
  MsrpError,
  type Plugin,
  type PluginHost,
  type Session,
  type TapEvents,
  type Taps,
} from "../core/mod.ts";
import { callback, limit, readOptions } from "./_options.ts";
import { redact, secretsOf } from "./_redact.ts";
import { watch } from "./_tell.ts";

/** How much a record matters. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** What happened. */
export interface LogRecord {
  /** Time of day, as in RFC 3339. */
  readonly time: string;
  readonly level: LogLevel;
  /** A fixed name, such as `"session-bound"`. */
  readonly event: string;
  /** Id of the connection within its node. */
  readonly connection?: number;
  /** Number of the session within its node, from 1. */
  readonly session?: number;
  readonly [field: string]: string | number | boolean | undefined;
}

/** Options of `logger()`; `write` or `log` is needed. */
export interface LoggerOptions {
  /** Gets each record as one line of JSON, without the line's end. */
  readonly write?: (line: string) => void;
  /** Gets each record as it is, for a logging library. */
  readonly log?: (record: LogRecord) => void;
  /** The least level that is logged; what is below costs nothing. @default "info" */
  readonly level?: LogLevel;
  /** Records in a second; further ones are only counted, so that no stranger fills a disk. @default 1000 */
  readonly maxRecordsPerSecond?: number;
  /** Time of day in milliseconds since 1970. @default Date.now */
  readonly wallClock?: () => number;
}

const levels = ["debug", "info", "warn", "error"] as const;
const schema = z.strictObject({
  write: z.exactOptional(callback<(line: string) => void>()),
  log: z.exactOptional(callback<(record: LogRecord) => void>()),
  level: z.exactOptional(z.enum(levels)),
  maxRecordsPerSecond: z.exactOptional(limit()),
  wallClock: z.exactOptional(callback<() => number>()),
});

/**
 * Logs.
 *
 * ```ts
 * app.use(logger({ write: console.log }));
 * app.use(logger({ level: "debug", log: ({ level, ...record }) => pino[level](record) }));
 * ```
 *
 * @throws {TypeError} an option is unknown or wrong, or there is neither `write` nor `log`
 */
export function logger(options: LoggerOptions): Plugin {
  const checked = readOptions("logger", schema, options);
  if (checked.write === undefined && checked.log === undefined)
    throw new TypeError('Cannot make plugin "logger": write or log is needed');
  return definePlugin("logger", (host) => ({ name: "logger", taps: new Log(checked, host).taps() }));
}

type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** The log of one node. */
class Log {
  readonly #options: LoggerOptions;
  readonly #host: PluginHost;
  readonly #least: number;
  readonly #maxPerSecond: number;
  readonly #numbers: WeakMap<Session, number> = new WeakMap();
  #sessions = 0;
  #second = 0;
  #records = 0;
  #suppressed = 0;
  #failing = false;

  constructor(options: LoggerOptions, host: PluginHost) {
    this.#options = options;
    this.#host = host;
    this.#least = levels.indexOf(options.level ?? "info");
    this.#maxPerSecond = options.maxRecordsPerSecond ?? 1_000;
  }

  /** Taps for what is logged at this level, and no others: events that nobody taps are not made. */
  taps(): Taps {
    const debug = this.#logs("debug");
    return {
      error: (event) => this.#error(event),
      ...(this.#logs("warn") ? this.#warnings(debug) : {}),
      ...(this.#logs("info") ? this.#news() : {}),
      ...(debug ? { connected: ({ connection }) => this.#connected(connection) } : {}),
    };
  }

  #logs(level: LogLevel): boolean {
    return levels.indexOf(level) >= this.#least;
  }

  #warnings(debug: boolean): Taps {
    return {
      settled: (event) => {
        // The way of nearly every chunk: two comparisons.
        if (event.verdict.accepted && event.frame.method === "SEND" && !debug) return;
        this.#settled(event);
      },
      oddity: ({ code, detail, connection }) => {
        this.#record("warn", "oddity", undefined, connection, { code, detail: redact(detail) });
      },
      response: ({ session, method, status, timedOut, elapsedMs }) => {
        if (status < 300 && !debug) return;
        const fields = { method, status, elapsedMs: Math.round(elapsedMs) };
        const level = status < 300 ? "debug" : "warn";
        this.#record(level, timedOut ? "response-timeout" : "response", session, undefined, fields);
      },
      report: ({ session, messageId, status, comment, matched }) => {
        const level = status < 300 ? "debug" : "warn";
        const fields = { messageId, status, comment, matched };
        this.#record(level, "report", session, undefined, fields);
      },
      sent: ({ session, sent, contentType }) => {
        const { messageId } = sent;
        sent.accepted.then(
          () => this.#record("debug", "message-accepted", session, undefined, { messageId, contentType }),
          (error: unknown) =>
            this.#record("warn", "message-failed", session, undefined, {
              messageId,
              contentType,
              ...describe(error, session),
            }),
        );
      },
      closed: (event) => this.#closed(event),
    };
  }

  #news(): Taps {
    return {
      bound: ({ session, connection }) => {
        const { direction, remoteAddress, remotePort, secure } = connection;
        const fields = { role: session.role, direction, remoteAddress, remotePort, secure };
        this.#record("info", "session-bound", session, connection, fields);
      },
      delivered: ({ session, message }) => {
        const { messageId, contentType, mode, size } = message;
        const fields = { messageId, contentType, mode, size };
        this.#record("info", "message-delivered", session, undefined, fields);
      },
    };
  }

  #connected(connection: ConnectionHandle): void {
    const { direction, remoteAddress, remotePort, localAddress, localPort, secure } = connection;
    const fields = { direction, remoteAddress, remotePort, localAddress, localPort, secure };
    this.#record("debug", "connection-opened", undefined, connection, fields);
  }

  #settled({ frame, verdict, session, connection, answered, waitedMs }: TapEvents["settled"]): void {
    const { method } = frame;
    const { accepted, status, comment, plugin } = verdict;
    const send = method === "SEND";
    const fields = {
      method,
      status,
      messageId: send ? frame.messageId : undefined,
      contentType: send ? frame.contentType : undefined,
      bytes: frame.bodyLength,
      waitedMs: Math.round(waitedMs),
    };
    if (!accepted) {
      const why = { ...fields, comment, plugin: plugin ?? "(node)", answered };
      this.#record("warn", "request-refused", session, connection, why);
    } else if (!send) this.#record("info", "request-accepted", session, connection, fields);
    else if (frame.last) this.#record("debug", "chunk-accepted", session, connection, fields);
  }

  #error({ error, plugin, stage, session }: TapEvents["error"]): void {
    if (this.#failing) return;
    const fields = { plugin, stage, ...describe(error, session) };
    this.#record("error", "error", session, undefined, fields);
  }

  #closed({ session, connection, error, unreported }: TapEvents["closed"]): void {
    const why = error === undefined ? {} : describe(error, session);
    if (session === undefined) {
      this.#record("debug", "connection-closed", undefined, connection, why);
      return;
    }
    const level = error === undefined ? "info" : "warn";
    this.#record(level, "session-closed", session, connection, { unreported, ...why });
  }

  #record(
    level: LogLevel,
    event: string,
    session: Session | undefined,
    connection: ConnectionHandle | undefined,
    fields: Fields,
  ): void {
    if (!this.#logs(level)) return;
    const now = (this.#options.wallClock ?? Date.now)();
    if (!this.#admits(now)) return;
    const secrets = secretsOf(session);
    const record: Record<string, string | number | boolean> = {
      time: new Date(now).toISOString(),
      level,
      event,
    };
    if (connection !== undefined) record["connection"] = connection.id;
    if (session !== undefined) record["session"] = this.#numberOf(session);
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined) record[name] = typeof value === "string" ? redact(value, secrets) : value;
    }
    this.#put(record as unknown as LogRecord);
  }

  #put(record: LogRecord): void {
    const { log, write } = this.#options;
    if (log !== undefined) watch(() => log(record), this.#failed);
    if (write !== undefined) watch(() => write(JSON.stringify(record)), this.#failed);
  }

  // Others are told, but this log, which cannot be written, is not.
  readonly #failed = (error: unknown): void => {
    this.#failing = true;
    this.#host.error(error, "write");
    this.#failing = false;
  };

  #admits(now: number): boolean {
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      const suppressed = this.#suppressed;
      this.#second = second;
      this.#records = this.#suppressed = 0;
      if (suppressed > 0)
        this.#put({
          time: new Date(now).toISOString(),
          level: "warn",
          event: "suppressed",
          records: suppressed,
        });
    }
    if (this.#records >= this.#maxPerSecond) {
      this.#suppressed++;
      return false;
    }
    this.#records++;
    return true;
  }

  #numberOf(session: Session): number {
    let number = this.#numbers.get(session);
    if (number === undefined) {
      number = ++this.#sessions;
      this.#numbers.set(session, number);
    }
    return number;
  }
}

function describe(error: unknown, session: Session | undefined): Fields {
  const secrets = secretsOf(session);
  if (!(error instanceof Error)) return { error: redact(String(error), secrets) };
  const status = (error as { status?: unknown }).status;
  return {
    error: redact(error.message, secrets),
    name: error.name,
    ...(error instanceof MsrpError ? { code: error.code } : {}),
    ...(typeof status === "number" ? { status } : {}),
  };
}
