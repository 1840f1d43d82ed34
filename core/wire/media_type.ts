/**
 * Media types as Content-Type carries them (RFC 4975 §9), with their parameters. A reader of its own, because a naive
 * split at `;` breaks on quoted parameter values.
 */

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

const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const essencePattern: RegExp = new RegExp(`^[ \\t]*(${token})/(${token})[ \\t]*(?=;|$)`);
// Blanks around the separators are not in the grammar, but RFC 8591's own examples have them.
const parameterPattern: RegExp = new RegExp(
  `[ \\t]*;[ \\t]*(${token})(?:[ \\t]*=[ \\t]*(?:(${token})|"((?:[^"\\\\]|\\\\.)*)"))?[ \\t]*(?=;|$)`,
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
