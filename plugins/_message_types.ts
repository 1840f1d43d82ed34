/**
 * Maps what peers write to a fixed set of names: content types, methods and status codes. So no stranger can make a metric
 * grow.
 */

const usualTypes = [
  "text/plain",
  "text/html",
  "message/cpim",
  "message/imdn+xml",
  "application/im-iscomposing+xml",
  "application/octet-stream",
] as const;
const families = ["text", "image", "audio", "video", "multipart", "message", "application"];

/** Names for content types. */
export class MessageTypes {
  readonly #known: ReadonlySet<string>;
  #last = "";
  #lastName = "";

  /** @param further types that are named beside the usual ones */
  constructor(further: readonly string[] = []) {
    this.#known = new Set([...usualTypes, ...further.map((type) => type.toLowerCase())]);
  }

  /** The type itself when it is one of the known, its family as `image/*`, `other`, or `none`. */
  name(contentType: string | undefined): string {
    if (contentType === undefined) return "none";
    // Nearly always the type is that of the message before.
    if (contentType === this.#last) return this.#lastName;
    const essence = (contentType.slice(0, 128).split(";")[0] ?? "").trim().toLowerCase();
    const family = essence.split("/")[0] ?? "";
    const name = this.#known.has(essence) ? essence : families.includes(family) ? `${family}/*` : "other";
    this.#last = contentType;
    this.#lastName = name;
    return name;
  }
}

/** A method that has an RFC, or `other`. */
export function methodName(method: string): string {
  return method === "SEND" || method === "REPORT" || method === "AUTH" || method === "NICKNAME"
    ? method
    : "other";
}

const statuses = new Set([200, 400, 401, 403, 404, 408, 413, 415, 423, 425, 428, 481, 500, 501, 503, 506]);

/** A status code that is in use, or `other`. */
export function statusName(status: number): string {
  return statuses.has(status) ? String(status) : "other";
}
