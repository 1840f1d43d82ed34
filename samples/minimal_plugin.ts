/**
 * A plugin in a dozen lines: it refuses messages with a word that nobody should send, and counts what passes.
 * A third party publishes exactly this: a factory that returns a plugin.
 */
import { definePlugin, type Plugin } from "../mod.ts";

/** Options of `politeness()`. */
export interface PolitenessOptions {
  /** Words that are not let through, in lower case. */
  words: readonly string[];
}

/** Refuses messages that hold one of the words. */
export function politeness({ words }: PolitenessOptions): Plugin {
  return definePlugin({
    name: "politeness",
    session: () => ({ passed: 0 }),
    message: async (c, next, own) => {
      const text = (await c.message.text()).toLowerCase();
      if (words.some((word) => text.includes(word))) return c.reject(403, "Be Polite");
      own.passed += 1;
      return next();
    },
  });
}
