/**
 * Takes secrets out of text that is about to be logged: session-ids of URIs, credentials of AUTH and of URLs, passwords
 * and tokens by their names. Whoever has a session's URI can join it (RFC 4975 §14.1).
 */
import type { Session } from "../core/mod.ts";

const hidden = "***";

const patterns: readonly (readonly [RegExp, string])[] = [
  [/\b(wss?:|https?:|postgres(?:ql)?:)?\/\/[^\s/@"'<>]+:[^\s/@"'<>]*@/gi, `$1//${hidden}@`],
  [/(msrps?:\/\/[^\s/;"'<>,]+)\/[^\s;"'<>,]+/gi, `$1/${hidden}`],
  [
    /\b((?:proxy-|www-)?authorization|www-authenticate|authentication-info|set-cookie|cookie)\s*:[^\r\n]*/gi,
    `$1: ${hidden}`,
  ],
  [/\b(bearer|basic|digest)\s+(?=\S{6})[^\r\n]*/gi, `$1 ${hidden}`],
  [
    /\b(c?nonce|nextnonce|response|rspauth|opaque|pass(?:word|wd|phrase)?|pwd|secret|(?:\w+[-_])?token|api[-_]?key|ha1)("?\s*[=:]\s*)("[^"\r\n]*"?|'[^'\r\n]*'?|[^\s,;&"']+)/gi,
    `$1$2${hidden}`,
  ],
];

/** Text without what must not be logged, and not longer than `maxChars`. */
export function redact(text: string, secrets: readonly string[] = [], maxChars: number = 300): string {
  // What is longer is cut before the search, so that a peer's novel costs no time.
  let clean = text.length > maxChars * 4 ? text.slice(0, maxChars * 4) : text;
  for (const secret of secrets) clean = clean.replaceAll(secret, hidden);
  for (const [pattern, replacement] of patterns) clean = clean.replace(pattern, replacement);
  return clean.length > maxChars ? `${clean.slice(0, maxChars)}…` : clean;
}

/** The session-ids of a session's own path and the peer's. */
export function secretsOf(session: Session | undefined): readonly string[] {
  if (session === undefined) return [];
  const ids = [session.local, ...session.remote].map((uri) => uri.sessionId ?? "");
  // The shortest ones, as people make up for tests, are parts of ordinary words.
  return ids.filter((id) => id.length >= 4);
}
