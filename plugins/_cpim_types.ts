/**
 * What a CPIM message is made of, for those who read one and those who write one (RFC 3862). Types only.
 */

/** An address: whom, and how they are called. */
export interface CpimAddress {
  /** Name for people, unescaped; undefined when there is none. */
  readonly display?: string | undefined;
  /** Absolute URI of any scheme. */
  readonly uri: string;
}

/** A Subject in one language. */
export interface CpimSubject {
  readonly text: string;
  /** Language tag (RFC 3066). */
  readonly lang?: string | undefined;
}

/** What a header means: its name in a namespace, whatever prefix stood before it. */
export interface CpimName {
  readonly namespace: string;
  readonly name: string;
}

/** A header as it was read. */
export interface CpimHeader extends CpimName {
  /** Namespace prefix as written; undefined when there was none. */
  readonly prefix: string | undefined;
  /** Value with escapes resolved. */
  readonly value: string;
  /** Value as it was written. */
  readonly raw: string;
  /** Parameters between the colon and the space, such as `lang`. */
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * How strictly a CPIM message is read: `"cpim"` is RFC 3862 to the letter, `"msrp"` besides what RFC 4975 §13 demands
 * (From and To; From, DateTime, Subject and Require once at most), `"lenient"` takes what deployed peers send and says
 * what was wrong in `warnings`.
 */
export type CpimMode = "cpim" | "msrp" | "lenient";

/** Limits of a reader. */
export interface CpimLimits {
  /** Octets of both header blocks together; a single value may be as long as that. @default 262144 */
  readonly maxHeadBytes?: number;
  /** Headers in each of the two blocks. @default 256 */
  readonly maxHeaders?: number;
}

/** How a CPIM message is read. */
export interface CpimReadOptions extends CpimLimits {
  /** @default "lenient" */
  readonly mode?: CpimMode;
}

/** What a CPIM message is written from. */
export interface CpimFields {
  /** Who sends it. */
  readonly from: CpimAddress | string;
  /** Whom it is for. */
  readonly to: CpimAddress | string | readonly (CpimAddress | string)[];
  /** Who gets a copy. @default nobody */
  readonly cc?: readonly (CpimAddress | string)[] | undefined;
  /** When it was sent: a moment, or text in the form of RFC 3339. @default none */
  readonly dateTime?: Date | string | undefined;
  /** What it is about. MSRP allows one (RFC 4975 §13). @default none */
  readonly subject?: string | CpimSubject | readonly (string | CpimSubject)[] | undefined;
  /** Headers and features that the recipient must understand (RFC 3862 §3.5). @default none */
  readonly require?: readonly CpimName[] | undefined;
  /** Headers of other namespaces, in order. @default none */
  readonly headers?: readonly CpimExtension[] | undefined;
  /** Content-Type of the content. */
  readonly contentType: string;
  /** Further MIME headers of the content, written after Content-Type. @default none */
  readonly mimeHeaders?: readonly (readonly [name: string, value: string])[] | undefined;
}

/** A header to be written. */
export interface CpimExtension extends CpimName {
  /** Value for people: what has to be escaped will be. */
  readonly value: string;
  /** Prefix that is wished for. @default a known one, such as "imdn", else "ns1", "ns2" … */
  readonly prefix?: string | undefined;
}
