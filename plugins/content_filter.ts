/**
 * Refuses, redacts or rewrites messages for what they are: type, size, what the octets look like, words, viruses. It looks
 * at chunks as they come, so it does the same in an endpoint, in an echo and in a relay, and holds no message back but its
 * end.
 */
import { z } from "zod";
import { definePlugin, type MaybePromise, type Message, type Plugin } from "../core/mod.ts";
import { ContentFilter, type ContentFilterEvent } from "./_content_filter.ts";
import { type FilterRule, filterRules } from "./_inspection.ts";
import { callback, limit, readOptions } from "./_options.ts";
import { type TextRule, TextRules } from "./_text_rules.ts";
import { TypeRules } from "./_type_rules.ts";
import type { ContentScanner } from "./_virus_scan.ts";

export type { ContentFilterEvent } from "./_content_filter.ts";
export type { FilterRule } from "./_inspection.ts";
export type { TextAction, TextRule } from "./_text_rules.ts";
export type { ContentScan, ContentScanner, ScanVerdict } from "./_virus_scan.ts";

/** Rules for texts. */
export interface ContentFilterText {
  /** What must not stand in a text. @default none, until `reload` */
  readonly rules?: readonly TextRule[];
  /** Gives the rules anew when `reload()` is called: reads them from a file, for example. */
  readonly load?: () => MaybePromise<readonly TextRule[]>;
  /** Types that are text. @default ["text/*"] */
  readonly types?: readonly string[];
  /**
   * Characters that a match may have and still be found when it is split over chunks: so many are kept of each message
   * under way.
   * @default 256
   */
  readonly maxMatchLength?: number;
}

/** How messages are scanned for viruses. */
export interface ContentFilterVirus {
  /** What scans: `clamd()` of `msrpkit/clamd`, or an object of your own. */
  readonly scanner: ContentScanner;
  /** What becomes of a message that could not be scanned: fail closed (403), or fail open. @default "refuse" */
  readonly onFailure?: "refuse" | "pass";
  /**
   * Milliseconds in which the scanner has to take octets, and to decide. Above the 10 s of `answerWithinMs` the sender is
   * answered 200 first, and hears of a refusal by a REPORT.
   * @default 20000
   */
  readonly timeoutMs?: number;
  /** Octets of a message that are scanned; a longer one counts as not scanned. That of clamd is `StreamMaxLength`. @default 104857600 */
  readonly maxBytes?: number;
  /**
   * Hold the end of a message until the scanner has decided. False: it goes on at once, and a failure REPORT follows when
   * something is found; what is relayed is always held.
   * @default true
   */
  readonly hold?: boolean;
}

/** Options of `contentFilter()`. */
export interface ContentFilterOptions {
  /** Types that pass (`"text/plain"`, `"image/*"`, `"*"`), else 415. Containers are judged by what is inside. @default every type */
  readonly allow?: readonly string[];
  /** Types that do not pass, whatever `allow` says; they may name containers. @default none */
  readonly deny?: readonly string[];
  /** Octets by type or wildcard, else 413; the closest entry counts, also for what is inside a container. @default no limit */
  readonly maxBytes?: Readonly<Record<string, number>>;
  /** Compare the declared type with the first octets, else 415; `application/octet-stream` is judged by what it looks like. @default false */
  readonly checkDeclared?: boolean;
  /** Rules for texts, else 403. */
  readonly text?: ContentFilterText;
  /** Gives another text in place of one that came whole into memory (not what streams or is relayed). */
  readonly rewrite?: (text: string, message: Message) => MaybePromise<string>;
  /** Scan for viruses, else 403. */
  readonly virus?: ContentFilterVirus;
  /**
   * Other statuses than the usual ones: 415 for `type`, `declared` and `unreadable`, 413 for `size` and `order`, 403 for
   * `text`, `virus` and `scanner`. After a 415 a sender uses the Content-Type no more (RFC 4975 §10.8), so 403 is the
   * milder answer where the same type may come again with better content.
   */
  readonly statuses?: Readonly<Partial<Record<FilterRule, 403 | 413 | 415>>>;
  /** Told of everything that the filter does. */
  readonly onFinding?: (event: ContentFilterEvent) => void;
  /** Messages of one session that are looked at at a time; another is refused with 413. As many as a session may have incomplete. @default 64 */
  readonly maxMessages?: number;
  /** Milliseconds without a chunk after which a message may make room for another one. @default 120000 */
  readonly idleMs?: number;
}

/** A filter whose text rules can be changed while it runs. */
export interface ContentFilterPlugin extends Plugin {
  /**
   * Takes other text rules for the messages that begin from now on, in every node that uses the plugin.
   *
   * @param rules @default what `text.load` gives
   * @throws whatever keeps the rules from being read; the old ones stay
   */
  reload(rules?: readonly TextRule[]): Promise<void>;
}

const types = z.custom<readonly string[]>(
  (value) => Array.isArray(value) && value.every((entry) => typeof entry === "string" && isEntry(entry)),
  { error: "a list of types is wanted, such as text/plain, image/* or *" },
);
const rules = z.custom<readonly TextRule[]>(
  (value) => Array.isArray(value) && value.every((rule) => textRule.safeParse(rule).success),
  { error: "a list of rules with pattern or words is wanted" },
);
const textRule = z
  .strictObject({
    name: z.exactOptional(z.string()),
    pattern: z.exactOptional(z.union([z.instanceof(RegExp), z.string()])),
    words: z.exactOptional(z.array(z.string()).readonly()),
    action: z.exactOptional(z.enum(["refuse", "redact"])),
  })
  .refine(({ pattern, words }) => pattern !== undefined || words !== undefined);

const schema = z.strictObject({
  allow: z.exactOptional(types),
  deny: z.exactOptional(types),
  maxBytes: z.exactOptional(
    z.custom<Readonly<Record<string, number>>>(
      (value) =>
        typeof value === "object" &&
        value !== null &&
        Object.entries(value).every(([entry, bytes]) => isEntry(entry) && limit(0).safeParse(bytes).success),
      { error: "octets by type are wanted, such as { 'image/*': 1000000 }" },
    ),
  ),
  checkDeclared: z.exactOptional(z.boolean()),
  text: z.exactOptional(
    z
      .strictObject({
        rules: z.exactOptional(rules),
        load: z.exactOptional(callback<() => MaybePromise<readonly TextRule[]>>()),
        types: z.exactOptional(types),
        maxMatchLength: z.exactOptional(limit(1)),
      })
      .readonly(),
  ),
  rewrite: z.exactOptional(callback<(text: string, message: Message) => MaybePromise<string>>()),
  virus: z.exactOptional(
    z
      .strictObject({
        scanner: z.custom<ContentScanner>(
          (value) => typeof (value as { open?: unknown } | undefined)?.open === "function",
          { error: "a scanner is wanted" },
        ),
        onFailure: z.exactOptional(z.enum(["refuse", "pass"])),
        timeoutMs: z.exactOptional(limit()),
        maxBytes: z.exactOptional(limit()),
        hold: z.exactOptional(z.boolean()),
      })
      .readonly(),
  ),
  statuses: z.exactOptional(
    z
      .partialRecord(z.enum(filterRules), z.union([z.literal(403), z.literal(413), z.literal(415)]))
      .readonly(),
  ),
  onFinding: z.exactOptional(callback<(event: ContentFilterEvent) => void>()),
  maxMessages: z.exactOptional(limit()),
  idleMs: z.exactOptional(limit()),
});

/**
 * A filter for contents.
 *
 * ```ts
 * app.use(contentFilter({ allow: ["text/*", "image/*"], maxBytes: { "image/*": 5_000_000 }, checkDeclared: true }));
 * ```
 *
 * @throws {TypeError} an option is unknown or wrong
 */
export function contentFilter(options: ContentFilterOptions = {}): ContentFilterPlugin {
  const read = readOptions("content_filter", schema, options);
  const { allow, deny = [], maxBytes = {}, checkDeclared = false, text, virus } = read;
  let textRules = new TextRules(text?.rules ?? []);
  const plugin = definePlugin("content_filter", (host) =>
    new ContentFilter({
      // Each node remembers types on its own.
      types: new TypeRules(allow, deny, maxBytes),
      sniff: checkDeclared,
      textRules: text === undefined ? undefined : () => textRules,
      textTypes: text?.types ?? ["text/*"],
      overlap: text?.maxMatchLength ?? 256,
      virus:
        virus === undefined
          ? undefined
          : { timeoutMs: 20_000, maxBytes: 104_857_600, onFailure: "refuse", hold: true, ...virus },
      rewrite: read.rewrite,
      statuses: read.statuses ?? {},
      onFinding: read.onFinding,
      maxMessages: read.maxMessages ?? 64,
      idleMs: read.idleMs ?? 120_000,
      host,
    }).hooks(),
  );
  return Object.freeze({
    ...plugin,
    reload: async (given?: readonly TextRule[]) => {
      const fresh = given ?? (await text?.load?.());
      if (text === undefined || fresh === undefined)
        throw new TypeError("Cannot reload: text rules, or text.load, are missing");
      if (!rules.safeParse(fresh).success)
        throw new TypeError("Cannot reload: a list of rules with pattern or words is wanted");
      textRules = new TextRules(fresh);
    },
  });
}

function isEntry(entry: string): boolean {
  return /^(?:\*|[^\s/;*]+\/(?:\*|[^\s/;*]+)|\*\/\*)$/.test(entry);
}
