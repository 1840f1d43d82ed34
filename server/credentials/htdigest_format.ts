/**
 * The text of an htdigest file: one `user:realm:HA1` a line, as Apache's `htdigest` and lighttpd have it. A hash of 32
 * digits is MD5, one of 64 is SHA-256; a user has a line for each.
 */
import { type DigestAlgorithm, hashPassword, isHa1, StaticCredentials } from "../../core/mod.ts";

/** What one line says. */
export interface HtdigestLine {
  readonly user: string;
  readonly realm: string;
  readonly algorithm: DigestAlgorithm;
  readonly ha1: string;
}

/** A line that cannot be read; its text may hold a secret, so it is not repeated. */
export interface HtdigestFault {
  /** Number of the line, from 1. */
  readonly line: number;
}

/** Reads one line: `undefined` for an empty one or a comment (`#`), `"fault"` for one that makes no sense. */
export function parseLine(line: string): HtdigestLine | undefined | "fault" {
  const text = line.trim();
  if (text === "" || text.startsWith("#")) return undefined;
  // A user has no colon and a hash has none; a realm may.
  const first = text.indexOf(":");
  const last = text.lastIndexOf(":");
  if (first < 1 || last === first) return "fault";
  const ha1 = text.slice(last + 1).toLowerCase();
  const algorithm = (["MD5", "SHA-256"] as const).find((one) => isHa1(one, ha1));
  if (algorithm === undefined) return "fault";
  return { user: text.slice(0, first), realm: text.slice(first + 1, last), algorithm, ha1 };
}

/** Reads a whole file. The first line of a user, realm and hash function counts, as it does for Apache. */
export function parseHtdigest(text: string): { users: StaticCredentials; faults: HtdigestFault[] } {
  const users = new StaticCredentials();
  const faults: HtdigestFault[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const entry = parseLine(line);
    if (entry === "fault") faults.push({ line: index + 1 });
    if (entry === undefined || entry === "fault") continue;
    const { user, realm, algorithm, ha1 } = entry;
    const known = users.lookup(user, realm)?.ha1;
    if (known?.[algorithm] === undefined) users.set(user, realm, { ha1: { ...known, [algorithm]: ha1 } });
  }
  return { users, faults };
}

/**
 * The file's text with a user's lines replaced, or with new ones at its end. Comments and all other lines stay as they are.
 *
 * @param password `undefined` removes the user
 */
export function editHtdigest(
  text: string,
  user: string,
  realm: string,
  password: string | undefined,
): string {
  const lines = text.split("\n");
  const own = lines.map((line) => {
    const entry = parseLine(line);
    return typeof entry === "object" && entry.user === user && entry.realm === realm;
  });
  const fresh: string[] = [];
  if (password !== undefined) {
    const { MD5 = "", "SHA-256": sha256 = "" } = hashPassword(user, realm, password);
    // MD5 first: programs that know no other hash take the first line of a user.
    fresh.push(`${user}:${realm}:${MD5}`, `${user}:${realm}:${sha256}`);
  }
  const place = own.indexOf(true);
  const kept = lines.flatMap((line, index) => (index === place ? fresh : own[index] ? [] : [line]));
  if (place < 0) {
    if (kept.at(-1) === "") kept.pop();
    kept.push(...fresh, "");
  }
  return kept.join("\n");
}
