/**
 * The asking side of a resumed transfer: a SEND with the old Message-ID and no body, answered by a success REPORT for
 * the octets that the receiver kept. Receivers that keep nothing answer 200 only, and then all of it is sent again.
 */
import type { Session } from "../../core/mod.ts";
import { EXIT_USAGE } from "../exit_codes.ts";
import type { BodySource } from "../files/body_source.ts";
import { CommandError } from "./command_error.ts";
import type { Counters } from "./counters.ts";
import type { Terminal } from "./terminal.ts";
import { formatBytes } from "./units.ts";

/** Milliseconds that the REPORT may come after the 200: it is sent first, but relays may reorder the two. */
const REPORT_GRACE_MS = 1_000;

/**
 * Asks the receiver which octets of a message it has.
 *
 * @returns number of octets from the beginning that need not be sent; 0 when the receiver has none
 * @throws {CommandError} (usage) when the receiver's part is of a file of another size
 */
export async function askForOctetsThere(
  session: Session,
  messageId: string,
  source: BodySource,
  counters: Counters,
  terminal: Terminal,
): Promise<number> {
  const reported = new Promise<{ end: number; total: number | undefined }>((resolve) => {
    counters.onReport = ({ messageId: about, status, end, total }) => {
      if (about === messageId && status === 200) resolve({ end, total });
    };
  });
  const question = session.send(undefined, { messageId });
  await question.accepted;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const nothing = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), REPORT_GRACE_MS);
  });
  const answer = await Promise.race([reported, nothing]);
  clearTimeout(timer);
  counters.onReport = undefined;
  if (answer === undefined || answer.end === 0) {
    terminal.note("the receiver has nothing of it: sending all");
    return 0;
  }
  if (answer.total !== source.size || answer.end > answer.total!) {
    throw new CommandError(
      EXIT_USAGE,
      `Cannot resume: the receiver has a part of ${answer.total} octets under this Message-ID, ${source.name} has ${source.size}`,
    );
  }
  terminal.note(`the receiver has ${formatBytes(answer.end)}: sending the rest`);
  return answer.end;
}
