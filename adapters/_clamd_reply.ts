/**
 * What clamd answers to an INSTREAM, as its manual has it: `stream: OK`, `stream: NAME FOUND` or a text that ends in
 * ERROR. Anything else is an error too.
 */

/** What clamd says of a message. */
export interface ClamdVerdict {
  readonly infected: boolean;
  /** Name of the signature that fits. */
  readonly name?: string;
}

// Whatever answers may be no clamd, and its words go into logs.
const maxWordsLength = 200;

/** @throws {Error} it could not scan, with its own words */
export function readReply(reply: string): ClamdVerdict {
  if (reply === "stream: OK") return { infected: false };
  const name = /^stream: (.+) FOUND$/.exec(reply)?.[1];
  if (name !== undefined) return { infected: true, name };
  throw new Error(`clamd did not scan: ${reply === "" ? "no answer" : reply.slice(0, maxWordsLength)}`);
}
