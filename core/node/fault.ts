/**
 * What a thrown error means on the wire. Fails closed: what cannot be told apart is a 403, since MSRP has no 500,
 * and the cause never leaves the node.
 */
import { Verdict } from "./verdict.ts";

// The status codes that MSRP knows (RFC 4975 §10, RFC 4976 §9, RFC 7701 §8); an HTTP client's 500 must not leak out.
const known: ReadonlySet<number> = new Set([
  400, 401, 403, 404, 408, 413, 415, 423, 424, 425, 428, 481, 501, 506,
]);

function statusOf(error: unknown): number | undefined {
  const status = field(error, "status");
  return typeof status === "number" && known.has(status) ? status : undefined;
}

// What was thrown may be anything, a Proxy that throws again too.
function field(error: unknown, name: "status" | "issues" | "then"): unknown {
  try {
    return (error as Record<string, unknown> | null | undefined)?.[name];
  } catch {
    return undefined;
  }
}

/** True for what can be awaited. Never throws. */
export function thenable(value: unknown): value is PromiseLike<unknown> {
  return value !== undefined && value !== null && typeof field(value, "then") === "function";
}

// Zod's error and every Standard Schema failure carry the list of what was wrong.
function isValidation(error: unknown): boolean {
  return error instanceof Error && Array.isArray(field(error, "issues"));
}

/** True for an error that is an answer (it has a status, or is a failed validation) and no news to an operator. */
export function isExpected(error: unknown): boolean {
  return statusOf(error) !== undefined || isValidation(error);
}

/** The verdict for something thrown in a gate. The text of an error is not sent: it may hold secrets. */
export function errorVerdict(error: unknown): Verdict {
  return new Verdict(statusOf(error) ?? (isValidation(error) ? 400 : 403), undefined, undefined, error);
}
