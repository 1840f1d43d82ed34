/**
 * The Content-Type value (RFC 4975 §9): whether it is in the grammar, and its parts, for a split at `;` breaks on
 * quoted parameter values. What a type means, and which are accepted, is decided above.
 */

const token = "[!#-'*+\\-.0-9A-Z^-~]+";
// Only \\ and \" are escapes.
const quoted = '"(?:[\\t \\x21\\x23-\\x5B\\x5D-\\x7E\\u0080-\\uFFFF]|\\\\[\\\\"])*"';
const parameter = `${token}(?:=(?:${token}|${quoted}))?`;
const strict = new RegExp(`^${token}/${token}(?:;${parameter})*$`);
const blanks = /("(?:[^"\\]|\\.)*")|[ \t]+/g;
const tolerant = new RegExp(`^${token}/${token}(?:[ \\t]*;[ \\t]*${parameter})*[ \\t]*$`);

/** True when a value is a `media-type`. */
export function isMediaType(text: string): boolean {
  return strict.test(text);
}

/** True when a value would be a `media-type` without the blanks around its semicolons, which RFC 8591 prints. */
export function isSpacedMediaType(text: string): boolean {
  return tolerant.test(text);
}

/** A value as the grammar has it: without the blanks around semicolons that mail and HTTP write. Others stay as they are. */
export function withoutBlanks(text: string): string {
  if (!tolerant.test(text)) return text;
  return text.replace(blanks, (_, kept?: string) => kept ?? "");
}

/** A media type, taken apart. */
export interface MediaType {
  /** Top-level type in lower case, for example `"text"`. */
  readonly type: string;
  /** Subtype in lower case, for example `"plain"`. */
  readonly subtype: string;
  /** `type/subtype` in lower case. */
  readonly essence: string;
  /** Parameters: names in lower case, values as written, without quotes; `""` for a name that stands alone. */
  readonly parameters: ReadonlyMap<string, string>;
}

const readToken = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const essencePattern: RegExp = new RegExp(`^[ \\t]*(${readToken})/(${readToken})[ \\t]*(?=;|$)`);
// Blanks around the separators are not in the grammar, but RFC 8591's own examples have them.
const parameterPattern: RegExp = new RegExp(
  `[ \\t]*;[ \\t]*(${readToken})(?:[ \\t]*=[ \\t]*(?:(${readToken})|"((?:[^"\\\\]|\\\\.)*)"))?[ \\t]*(?=;|$)`,
  "y",
);

/** Takes a media type apart; undefined when it is none. Parameters behind one that cannot be read are left out. */
export function parseMediaType(text: string): MediaType | undefined {
  const match = essencePattern.exec(text);
  if (match === null) return undefined;
  const type = (match[1] ?? "").toLowerCase();
  const subtype = (match[2] ?? "").toLowerCase();
  const parameters = new Map<string, string>();
  parameterPattern.lastIndex = match[0].length;
  for (let found = parameterPattern.exec(text); found !== null; found = parameterPattern.exec(text)) {
    const name = (found[1] ?? "").toLowerCase();
    const value = found[2] ?? found[3]?.replace(/\\(.)/g, "$1") ?? "";
    // The first one counts, so that a later duplicate cannot change what an earlier reader saw.
    if (!parameters.has(name)) parameters.set(name, value);
  }
  return { type, subtype, essence: `${type}/${subtype}`, parameters };
}
