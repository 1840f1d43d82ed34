// What the checkers of several kinds of vectors share: octets, digests, and a comparison that names the difference.
// Comparisons are exact: a key that the checker does not know is a failure, never ignored.
import { createHash } from "node:crypto";

/** Octets of a base64 text. @throws for what is none: Buffer would leave out what it cannot read */
export function bytesOf(base64: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0) throw new Error("this is no base64");
  return new Uint8Array(Buffer.from(base64, "base64"));
}

/** SHA-256 of octets, in hex. */
export function sha256Hex(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Names the first key whose values differ, looking at the keys of both sides, or nothing. */
export function difference(
  expected: Readonly<Record<string, unknown>>,
  actual: Readonly<Record<string, unknown>>,
): string | undefined {
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const want = JSON.stringify(expected[key]);
    const got = JSON.stringify(actual[key]);
    if (want !== got) return `${key}: expected ${want ?? "nothing"}, got ${got ?? "nothing"}`;
  }
  return undefined;
}
