/**
 * Success reports as often as you want them: one for each message, or one for each chunk as it comes. Without this
 * plugin a node sends one for each message that asked for it.
 */
import { z } from "zod";
import { definePlugin, type Plugin, type ReportPer, SuccessReporter } from "../core/mod.ts";
import { readOptions } from "./_options.ts";

/** Options of `reports()`. */
export interface ReportsOptions {
  /**
   * `"message"`: one report when the whole message was delivered. `"chunk"`: one for each chunk that was accepted, so
   * that the sender of a long message sees it arrive.
   * @default "message"
   */
  readonly per?: ReportPer;
}

const schema = z.strictObject({ per: z.exactOptional(z.enum(["message", "chunk"])) });

/**
 * Success reports (RFC 4975 §7.1.3), the occupant of the `report` stage. They go only to senders that asked, whatever
 * the options; failure reports are the node's own.
 *
 * ```ts
 * app.use(reports({ per: "chunk" }));
 * ```
 *
 * @throws {TypeError} an option is unknown or wrong
 */
export function reports(options: ReportsOptions = {}): Plugin {
  const { per } = readOptions("reports", schema, options);
  return definePlugin("reports", () => ({ name: "reports", report: () => new SuccessReporter(per) }));
}
