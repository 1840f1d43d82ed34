// Opening a connection, the part that is the same on every runtime: places tried one after the other, one time limit
// over all of them, one signal. An adapter adds only the single attempt.
import { ConnectionError, LocalProtocolError } from "../core/mod.ts";
import type { Accept, ConnectorOptions, ConnectTarget, Transport } from "../core/node/transport.ts";
import { systemClock } from "./_clock.ts";
import { abortFailure, connectFailure, timeoutFailure } from "./_failure.ts";
import { type ResolvedLimits, resolveLimits, type SocketLimits } from "./_limits.ts";
import { type Candidate, candidates, type Resolver, secureRandom, systemResolver } from "./_resolve.ts";

/** Settings of a connector; see {@link SocketLimits} for what holds for each of its connections. */
export interface DialSettings extends SocketLimits {
  /** Answers questions about names. @default the system's */
  resolver?: Resolver;
  /** Draws among SRV records of one priority: from 0 up to, not including, 1. @default secure random */
  random?: () => number;
  /** Time for connecting, TLS and all addresses included, in milliseconds. @default 10000 */
  connectTimeoutMs?: number;
  /** Asked about each address before it is dialled, after DNS: false refuses it. @default all are permitted */
  permit?: (address: string, port: number) => boolean;
}

/** One try at one address: must settle soon after `signal` fires, and leave nothing behind when it rejects. */
export type Attempt = (
  candidate: Candidate,
  target: ConnectTarget,
  accept: Accept,
  limits: ResolvedLimits,
  signal: AbortSignal,
) => Promise<Transport>;

const connectTimeoutMs = 10_000;

/** Makes a connector out of a runtime's single attempt. */
export function makeConnector(
  attempt: Attempt,
  settings: DialSettings,
): (target: ConnectTarget, accept: Accept, options?: ConnectorOptions) => Promise<Transport> {
  const limits = resolveLimits(settings);
  return (target, accept, options) => dial(attempt, settings, limits, target, accept, options ?? {});
}

async function dial(
  attempt: Attempt,
  settings: DialSettings,
  limits: ResolvedLimits,
  target: ConnectTarget,
  accept: Accept,
  options: ConnectorOptions,
): Promise<Transport> {
  checkTls(target);
  if (options.signal?.aborted) throw abortFailure(target, options.signal.reason);
  const timeoutMs = options.timeoutMs ?? settings.connectTimeoutMs ?? connectTimeoutMs;
  const stop = new AbortController();
  const cancelTimer = systemClock.setTimer(() => stop.abort(timeoutFailure(target, timeoutMs)), timeoutMs);
  const onAbort = (): void => stop.abort(abortFailure(target, options.signal?.reason));
  options.signal?.addEventListener("abort", onAbort, { once: true });
  // A look-up cannot be called off; it is left behind instead.
  const stopped = new Promise<never>((_, reject) => {
    stop.signal.addEventListener("abort", () => reject(stop.signal.reason as Error), { once: true });
  });
  stopped.catch(() => {});
  try {
    return await tryAll(attempt, settings, limits, target, accept, stop.signal, timeoutMs, stopped);
  } finally {
    cancelTimer();
    options.signal?.removeEventListener("abort", onAbort);
  }
}

async function tryAll(
  attempt: Attempt,
  settings: DialSettings,
  limits: ResolvedLimits,
  target: ConnectTarget,
  accept: Accept,
  signal: AbortSignal,
  timeoutMs: number,
  stopped: Promise<never>,
): Promise<Transport> {
  const deadline = systemClock.now() + timeoutMs;
  const failures: unknown[] = [];
  const groups = candidates(target, settings.resolver ?? systemResolver, settings.random ?? secureRandom);
  for (;;) {
    let group: readonly Candidate[] = [];
    try {
      const next = await Promise.race([groups.next(), stopped]);
      if (next.done) break;
      group = next.value;
    } catch (error) {
      if (signal.aborted || error instanceof LocalProtocolError) throw error;
      failures.push(error);
      break;
    }
    for (const [index, candidate] of group.entries()) {
      if (settings.permit && !settings.permit(candidate.address, candidate.port)) {
        failures.push(
          new ConnectionError("connect-failed", `Not permitted to connect to ${candidate.address}`),
        );
        continue;
      }
      try {
        const left = group.length - index;
        if (left === 1) return await attempt(candidate, target, accept, limits, signal);
        // An address that swallows packets gets its share of the time, not all of it.
        const shareMs = (deadline - systemClock.now()) / left;
        return await within(shareMs, signal, (part) => attempt(candidate, target, accept, limits, part));
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        // A peer that is there and is the wrong one is no reason to look for another (RFC 4975 §14.4).
        if (error instanceof LocalProtocolError) throw error;
        if (error instanceof ConnectionError && error.code === "tls") throw error;
        failures.push(error);
      }
    }
  }
  if (failures.length === 0) failures.push(new Error("the name has no address"));
  const cause = failures.length === 1 ? failures[0] : new AggregateError(failures, messages(failures));
  throw connectFailure(target, cause);
}

async function within<T>(
  shareMs: number,
  outer: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const part = new AbortController();
  const late = (): void => part.abort(new Error(`no answer within ${Math.round(shareMs)} ms`));
  const cancelTimer = systemClock.setTimer(late, shareMs);
  const onAbort = (): void => part.abort(outer.reason);
  outer.addEventListener("abort", onAbort, { once: true });
  try {
    return await run(part.signal);
  } finally {
    cancelTimer();
    outer.removeEventListener("abort", onAbort);
  }
}

function messages(failures: readonly unknown[]): string {
  return failures.map((failure) => (failure instanceof Error ? failure.message : String(failure))).join("; ");
}

function checkTls(target: ConnectTarget): void {
  const { cert, key } = target.tls ?? {};
  if ((cert === undefined) !== (key === undefined)) {
    throw new LocalProtocolError(
      "tls-certificate-missing",
      "A TLS certificate and its key go together: cert, key",
    );
  }
}
