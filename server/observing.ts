/**
 * What an operator sees of a server command: logs, traces, and metrics over HTTP. Each is there only when it is asked for,
 * and loaded only then.
 */
import process from "node:process";
import * as Effect from "effect/Effect";
import type { Scope } from "effect/Scope";
import type { OpenTrace, traceFiles } from "../adapters/trace_files.ts";
import type { Msrp, Plugin } from "../core/mod.ts";
import type { LogLevel } from "../plugins/logger.ts";
import type { MetricsPlugin, RelayNumbers } from "../plugins/metrics.ts";
import { CommandError } from "./cli/command_error.ts";
import type { Terminal } from "./cli/terminal.ts";
import { EXIT_CONNECTION, EXIT_FILE, EXIT_USAGE } from "./exit_codes.ts";
import { attempt } from "./lifetime.ts";

/** Options of a command that serves, as commander gives them. */
export interface ObservingOptions {
  /** Directory for traces. */
  trace?: string;
  /** Address for `/metrics` and `/health`. */
  metrics?: string;
  /** Least level of records that are logged to standard error. */
  log?: LogLevel;
}

/** What watches a node. */
export interface Observers {
  /** For `use()`. */
  readonly plugins: readonly Plugin[];
  /**
   * Opens `/metrics` and `/health`, when they are wanted. Before the node, so that they are there until it has ended.
   *
   * @param node the node, once it is there @param healthy false while it is about to end
   */
  serve(node: () => Msrp | undefined, healthy: () => boolean): Effect.Effect<void, Error, Scope>;
}

/**
 * Makes what the options ask for.
 *
 * @param relay the relay whose numbers are shown
 * @throws {CommandError} (usage) the address of `--metrics` cannot be read
 */
export async function observers(
  options: ObservingOptions,
  terminal: Terminal,
  relay?: RelayNumbers,
): Promise<Observers> {
  const plugins: Plugin[] = [];
  if (options.log !== undefined) {
    const { logger } = await import("../plugins/logger.ts");
    plugins.push(logger({ level: options.log, write: (line) => void process.stderr.write(`${line}\n`) }));
  }
  if (options.trace !== undefined) {
    const { trace } = await import("../plugins/trace.ts");
    const { traceFiles } = await import("../adapters/trace_files.ts");
    plugins.push(trace({ open: openTraces(traceFiles, options.trace) }));
    terminal.note(`writing traces to ${options.trace}: whoever can read them can read along`);
  }
  if (options.metrics === undefined) return { plugins, serve: () => Effect.void };
  const place = parsePlace(options.metrics);
  const { metrics } = await import("../plugins/metrics.ts");
  const numbers = metrics(relay === undefined ? {} : { relay });
  plugins.push(numbers);
  return { plugins, serve: (...asked) => serve(place, numbers, terminal, ...asked) };
}

function openTraces(open: typeof traceFiles, directory: string): OpenTrace {
  try {
    return open(directory);
  } catch (cause) {
    throw new CommandError(EXIT_FILE, `Cannot write traces to ${directory}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** Where to serve. */
export interface ServePlace {
  readonly hostname: string;
  readonly port: number;
}

/**
 * Reads `HOST:PORT`, `[IPV6]:PORT`, or a port of this machine alone.
 *
 * @throws {CommandError} (usage)
 */
export function parsePlace(text: string): ServePlace {
  const match = /^(?:(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+)):)?(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new CommandError(EXIT_USAGE, `Cannot use ${text} for --metrics: write HOST:PORT`);
  }
  return { hostname: match[1] ?? match[2] ?? "127.0.0.1", port };
}

function serve(
  place: ServePlace,
  numbers: MetricsPlugin,
  terminal: Terminal,
  node: () => Msrp | undefined,
  healthy: () => boolean,
): Effect.Effect<void, Error, Scope> {
  const open = attempt(async () => {
    const { monitoringApp } = await import("../adapters/monitoring.ts");
    const { createAdaptorServer } = await import("@hono/node-server");
    const http = monitoringApp({
      metrics: numbers,
      health: () => {
        const { sessionCount = 0, connectionCount = 0 } = node() ?? {};
        return {
          ok: node() !== undefined && healthy(),
          sessions: sessionCount,
          connections: connectionCount,
        };
      },
    });
    const server = createAdaptorServer({ fetch: http.fetch });
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause: Error) => {
        const text = `Cannot serve metrics at ${place.hostname} port ${place.port}: ${cause.message}`;
        reject(new CommandError(EXIT_CONNECTION, text, { cause }));
      });
      server.listen(place.port, place.hostname, resolve);
    });
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : place.port;
    const host = place.hostname.includes(":") ? `[${place.hostname}]` : place.hostname;
    const url = `http://${host}:${port}/metrics`;
    terminal.result({ event: "metrics", url }, `metrics at ${url}`);
    return server;
  });
  return Effect.asVoid(
    Effect.acquireRelease(open, (server) =>
      Effect.promise(
        () =>
          new Promise<void>((resolve) => {
            server.close(() => resolve());
            // A scraper keeps its connection open; it must not hold up the end.
            if ("closeAllConnections" in server) server.closeAllConnections();
          }),
      ),
    ),
  );
}
