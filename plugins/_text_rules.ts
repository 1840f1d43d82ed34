/**
 * What must not stand in a text: patterns and lists of words, made ready once, and found in any text. Words are compared
 * without case and in compatibility form, so that full-width letters hide nothing, and only as whole words.
 */

/** What is done about a text that a rule fits. */
export type TextAction = "refuse" | "redact";

/** One rule. Give `pattern`, `words` or both. */
export interface TextRule {
  /** Name for the audit. @default the position in the list, from 1: `"rule 1"` */
  readonly name?: string;
  /** A regular expression; a string is one with the flags `iu`. It is the author's care that it ends in time. */
  readonly pattern?: RegExp | string;
  /** Words, or several of them in a row (`"two words"`). */
  readonly words?: readonly string[];
  /** `"redact"`: every octet of what fits becomes `*`. @default "refuse" */
  readonly action?: TextAction;
}

/** Where a rule fits a text: characters from `start` to before `end`. */
export interface TextMatch {
  readonly start: number;
  readonly end: number;
  readonly rule: string;
  readonly action: TextAction;
}

interface Pattern {
  readonly expression: RegExp;
  /** It may fit without length and mean it, as `(?=.*one)(?=.*other)` does, other than `x*`; that can only be refused. */
  readonly looks: boolean;
  readonly rule: string;
  readonly action: TextAction;
}

interface Phrase {
  readonly words: readonly string[];
  readonly rule: string;
  readonly action: TextAction;
}

// What is not seen joins words, and does not hide them.
const wordPattern: RegExp = /[\p{L}\p{M}\p{N}_\u00AD\u200B-\u200D\u2060\uFEFF]+/gu;
const unseen: RegExp = /[\u00AD\u200B-\u200D\u2060\uFEFF]/g;
// Scripts that put no blanks between words: there a word is found wherever it stands.
const unspaced: RegExp =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
// A zero-width match would be found for ever at the same place.
const maxMatches = 10_000;

/** Rules, ready for use. */
export class TextRules {
  readonly #patterns: Pattern[] = [];
  readonly #phrases: Map<string, Phrase[]> = new Map();

  /** @throws {TypeError} a pattern that is none */
  constructor(rules: readonly TextRule[]) {
    for (const [index, { name, pattern, words, action = "refuse" }] of rules.entries()) {
      const rule = name ?? `rule ${index + 1}`;
      if (pattern !== undefined) {
        const expression = global(pattern, rule);
        const looks = action === "refuse" && /\(\?<?[=!]/.test(expression.source);
        this.#patterns.push({ expression, looks, rule, action });
      }
      const odd: string[] = [];
      const within: string[] = [];
      for (const word of words ?? []) {
        if (unspaced.test(word)) {
          within.push(word.trim());
          continue;
        }
        const parts = wordsOf(word.trim());
        // What holds anything but letters and blanks is looked for as it stands.
        if (parts.length === 0 || parts.map(({ text }) => text).join(" ") !== plain(word)) {
          if (word.trim() !== "") odd.push(word.trim());
          continue;
        }
        const [first] = parts as [Word];
        const phrase = { words: parts.map(({ text }) => text), rule, action };
        const list = this.#phrases.get(first.text);
        if (list === undefined) this.#phrases.set(first.text, [phrase]);
        else list.push(phrase);
      }
      if (odd.length > 0) this.#patterns.push({ expression: literal(odd, true), looks: false, rule, action });
      if (within.length > 0)
        this.#patterns.push({ expression: literal(within, false), looks: false, rule, action });
    }
  }

  /** True when there is nothing to look for. */
  get empty(): boolean {
    return this.#patterns.length === 0 && this.#phrases.size === 0;
  }

  /** Everything that a rule fits, the matches that refuse first. */
  find(text: string): TextMatch[] {
    const found: TextMatch[] = [];
    for (const { expression, looks, rule, action } of this.#patterns) {
      // One expression for all texts: it begins anew each time.
      expression.lastIndex = 0;
      for (let match = expression.exec(text); match !== null; match = expression.exec(text)) {
        const { length } = match[0];
        if (length === 0) expression.lastIndex++;
        if (length > 0 || looks) found.push({ start: match.index, end: match.index + length, rule, action });
        if (found.length >= maxMatches || ((length > 0 || looks) && action === "refuse")) break;
      }
    }
    if (this.#phrases.size > 0) this.#findWords(text, found);
    return found.length > 1 ? found.sort(refusalsFirst) : found;
  }

  #findWords(text: string, found: TextMatch[]): void {
    const words = wordsOf(text);
    for (const [index, word] of words.entries()) {
      for (const { words: wanted, rule, action } of this.#phrases.get(word.text) ?? []) {
        if (!wanted.every((one, step) => words[index + step]?.text === one)) continue;
        const { end } = words[index + wanted.length - 1] as Word;
        found.push({ start: word.start, end, rule, action });
        if (found.length >= maxMatches) return;
      }
    }
  }
}

interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  for (const match of text.matchAll(wordPattern)) {
    words.push({ text: folded(match[0]), start: match.index, end: match.index + match[0].length });
  }
  return words;
}

function folded(text: string): string {
  return text.replace(unseen, "").normalize("NFKC").toLowerCase();
}

function plain(word: string): string {
  return folded(word.trim().replace(/\s+/g, " "));
}

function global(pattern: RegExp | string, rule: string): RegExp {
  if (typeof pattern === "string") {
    try {
      return new RegExp(pattern, "giu");
    } catch (cause) {
      throw new TypeError(
        `Cannot make plugin "content_filter": text.rules: the pattern of ${rule} is none: ${(cause as Error).message}`,
        { cause },
      );
    }
  }
  return new RegExp(pattern.source, `${pattern.flags.replace(/[gy]/g, "")}g`);
}

function literal(words: readonly string[], whole: boolean): RegExp {
  const escaped = words
    .map((word) => word.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"))
    .sort((a, b) => b.length - a.length);
  const any = escaped.join("|");
  if (!whole) return new RegExp(any, "giu");
  return new RegExp(`(?<![\\p{L}\\p{N}_])(?:${any})(?![\\p{L}\\p{N}_])`, "giu");
}

function refusalsFirst(a: TextMatch, b: TextMatch): number {
  if (a.action !== b.action) return a.action === "refuse" ? -1 : 1;
  return a.start - b.start;
}
