/**
 * A plugin to copy: it lets each session send so many texts of so many octets, and refuses the rest. It shows options,
 * state for each session, a key that others can read, and a refusal.
 */
import { defineKey, definePlugin, type Key, type Plugin } from "msrpkit";

/** How many texts a session has sent; other plugins read it with `session.get(TextsSent)`. */
export const TextsSent: Key<number> = defineKey<number>("texts-sent");

/** Options of `textQuota()`. */
export interface TextQuotaOptions {
  /** Texts that a session may send. */
  readonly maxTexts: number;
  /** Octets of one text. @default 1000 */
  readonly maxTextBytes?: number;
}

/**
 * Refuses texts that are too long (413) or too many (403).
 *
 * @throws {RangeError} a limit that is no positive number
 */
export function textQuota(options: TextQuotaOptions): Plugin {
  const { maxTexts, maxTextBytes = 1_000 } = options;
  if (!(maxTexts > 0 && maxTextBytes > 0))
    throw new RangeError("Cannot make textQuota: limits are above zero");
  return definePlugin({
    name: "text-quota",
    session: () => ({ texts: 0 }),
    chunk: (c, next, own) => {
      if (c.contentType?.startsWith("text/") !== true) return next();
      if ((c.byteRange?.total ?? 0) > maxTextBytes) return c.reject(413);
      // A message counts once, with its first octet.
      if (c.first && c.byteRange?.start === 1) own.texts += 1;
      c.session.set(TextsSent, own.texts);
      return own.texts > maxTexts ? c.reject(403, "Quota Used Up") : next();
    },
  });
}
