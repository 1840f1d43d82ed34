/**
 * Puts chunks together to messages with limits of your own, or lets messages stream or go into a sink. Without this
 * plugin a node does the same with the defaults, in memory.
 */
import { z } from "zod";
import {
  definePlugin,
  InboxAssembler,
  InboxBudget,
  type InboxOptions,
  type MessageStart,
  type Plugin,
  type Reception,
} from "../core/mod.ts";
import { callback, limit, readOptions } from "./_options.ts";

/** Options of `reassembly()`; the limits of each session are those of `InboxOptions`. */
export interface ReassemblyOptions extends InboxOptions {
  /**
   * Where messages go when `onMessageStart` is not given: into memory, delivered when whole, or out as streams,
   * delivered with their first chunk.
   * @default "memory"
   */
  readonly mode?: "memory" | "stream";
  /**
   * Octets of incomplete messages that the node holds for all its sessions; what goes above is refused with 413. Leaves
   * room for the rest of the program in a container of 512 MiB.
   * @default 268435456
   */
  readonly maxNodeIncompleteBytes?: number;
}

const schema = z.strictObject({
  mode: z.exactOptional(z.enum(["memory", "stream"])),
  maxNodeIncompleteBytes: z.exactOptional(limit()),
  maxMessageBytes: z.exactOptional(limit()),
  maxStreamedMessageBytes: z.exactOptional(limit()),
  maxIncompleteMessages: z.exactOptional(limit()),
  maxIncompleteBytes: z.exactOptional(limit()),
  maxGaps: z.exactOptional(limit()),
  idleTimeoutMs: z.exactOptional(limit()),
  totalTimeoutMs: z.exactOptional(limit()),
  streamedTotalTimeoutMs: z.exactOptional(limit()),
  windowBytes: z.exactOptional(limit()),
  maxRememberedIds: z.exactOptional(limit(0)),
  rememberMs: z.exactOptional(limit(0)),
  onMessageStart: z.exactOptional(callback<(start: MessageStart) => Reception>()),
});

/**
 * Reassembly of chunks (RFC 4975 §7.3.1), the occupant of the `assemble` stage.
 *
 * ```ts
 * app.use(reassembly({ maxMessageBytes: 1_048_576 }));
 * app.use(reassembly({ onMessageStart: ({ total }) => ((total ?? 0) > 65_536 ? "stream" : "memory") }));
 * ```
 *
 * @throws {TypeError} an option is unknown or wrong
 */
export function reassembly(options: ReassemblyOptions = {}): Plugin {
  const { mode, maxNodeIncompleteBytes, ...limits } = readOptions("reassembly", schema, options);
  const streaming: InboxOptions = { onMessageStart: () => "stream", ...limits };
  const inbox = mode === "stream" ? streaming : limits;
  return definePlugin("reassembly", () => {
    const budget = new InboxBudget(maxNodeIncompleteBytes);
    return {
      name: "reassembly",
      assemble: (session, host) => new InboxAssembler(session, inbox, budget, () => host.now()),
    };
  });
}
