/**
 * Which media types pass a filter and how large each may be. Types compare without case and parameters; `*` and `type/*`
 * are wildcards, and the closest entry decides about the size.
 */
import { parseMediaType } from "../core/mod.ts";

/** The outcome for one type. */
export interface TypeRule {
  /** `type/subtype` in lower case; `""` for what is no media type. */
  readonly essence: string;
  /** That of the parameter, in lower case; `"utf-8"` when there is none. */
  readonly charset: string;
  readonly allowed: boolean;
  /** Octets that a body of the type may have; Infinity = any number. */
  readonly maxBytes: number;
  /** A type that wraps others, and is judged by what is inside. */
  readonly container: boolean;
}

// Content-Types come from strangers, who may invent any number.
const maxRemembered = 256;

/** Rules for types, with what they say of the types seen last. */
export class TypeRules {
  readonly #allow: readonly string[] | undefined;
  readonly #deny: readonly string[];
  readonly #sizes: readonly (readonly [entry: string, bytes: number])[];
  readonly #known: Map<string, TypeRule> = new Map();
  #lastType: string | undefined;
  #last: TypeRule | undefined;

  /** @param allow undefined = every type @param sizes octets by type or wildcard */
  constructor(
    allow: readonly string[] | undefined,
    deny: readonly string[],
    sizes: Readonly<Record<string, number>>,
  ) {
    this.#allow = allow;
    this.#deny = deny;
    this.#sizes = Object.entries(sizes).sort(([a], [b]) => precision(b) - precision(a));
  }

  /** True when some type is refused. */
  get restrictive(): boolean {
    return this.#allow !== undefined || this.#deny.length > 0;
  }

  /** True when some size is limited. */
  get limiting(): boolean {
    return this.#sizes.length > 0;
  }

  /** What the rules say of a Content-Type. */
  of(contentType: string): TypeRule {
    if (contentType === this.#lastType) return this.#last as TypeRule;
    let rule = this.#known.get(contentType);
    if (rule === undefined) {
      rule = this.#judge(contentType);
      if (this.#known.size >= maxRemembered) this.#known.clear();
      this.#known.set(contentType, rule);
    }
    this.#lastType = contentType;
    this.#last = rule;
    return rule;
  }

  #judge(contentType: string): TypeRule {
    const type = parseMediaType(contentType);
    if (type === undefined)
      return {
        essence: "",
        charset: "utf-8",
        allowed: !this.restrictive,
        maxBytes: this.#sizeOf(""),
        container: false,
      };
    const { essence } = type;
    const charset = type.parameters.get("charset")?.toLowerCase() ?? "utf-8";
    // Without a boundary nobody can look inside.
    const container =
      essence === "message/cpim" ||
      (type.type === "multipart" && (type.parameters.get("boundary") ?? "") !== "");
    const listed = this.#allow?.some((entry) => covers(entry, essence)) ?? true;
    const denied = this.#deny.some((entry) => covers(entry, essence));
    const allowed = (container || listed) && !denied;
    return { essence, charset, allowed, maxBytes: this.#sizeOf(essence), container };
  }

  #sizeOf(essence: string): number {
    const found = this.#sizes.find(([entry]) => covers(entry, essence));
    return found?.[1] ?? Number.POSITIVE_INFINITY;
  }
}

/** True when an entry of a list is a type, or a wildcard for it. @param type in lower case, without parameters */
export function covers(entry: string, type: string): boolean {
  const pattern = entry.toLowerCase();
  if (pattern === type || pattern === "*" || pattern === "*/*") return true;
  return pattern.endsWith("/*") && type.startsWith(pattern.slice(0, -1));
}

function precision(entry: string): number {
  if (entry === "*" || entry === "*/*") return 0;
  return entry.endsWith("/*") ? 1 : 2;
}
