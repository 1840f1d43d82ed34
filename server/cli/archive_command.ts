/**
 * The options and the help of `msrpkit archive`. What it does is loaded when it runs.
 */
import { type Command, Option } from "commander";
import type { ArchiveAction, ArchiveCommandOptions } from "./archive.ts";
import type { Terminal } from "./terminal.ts";
import { parseCount } from "./units.ts";

type Run = (options: { json?: boolean }, command: (terminal: Terminal) => Promise<number>) => Promise<void>;

const actions: readonly (readonly [action: ArchiveAction, description: string])[] = [
  ["search", "find messages, the oldest first, a page at a time"],
  ["export", "print all messages that are found as JSON lines, with their contents"],
];

/** Adds `msrpkit archive search` and `msrpkit archive export`. */
export function addArchiveCommands(program: Command, run: Run): void {
  const archive = program.command("archive").description("messages that the plugin archive has kept");
  for (const [action, description] of actions) {
    const command = archive
      .command(action)
      .description(description)
      .addOption(
        new Option("--store <place>", "the archive: sqlite:FILE or postgres://…").env("MSRPKIT_ARCHIVE"),
      )
      .option("--since <time>", "from this time on, e.g. 2026-11-23 or 2026-11-23T10:00:00Z")
      .option("--until <time>", "before this time")
      .option("--party <name>", "sender or recipient: user@host, the user or the host")
      .option("--type <media-type>", 'Content-Type without parameters; "image/*" is any image')
      .option("--text <words>", "a part of the text; case does not matter")
      .addOption(
        new Option("--fate <fate>", "what became of it").choices([
          "pending",
          "accepted",
          "delivered",
          "refused",
          "failed",
        ]),
      )
      .addOption(
        new Option("--direction <direction>", "received, sent or passed on").choices([
          "in",
          "out",
          "relayed",
        ]),
      )
      .option("--session <number>", "of one session, by its number in the archive")
      .option("--after <place>", "go on after an earlier page, whose end says where")
      .option("--json", "print results as JSON lines");
    if (action === "search") {
      command.addOption(
        new Option("--limit <n>", "messages of a page, at most 1000")
          .argParser((text) => parseCount(text, "--limit"))
          .default(100),
      );
    }
    command.action(async (options: ArchiveCommandOptions) => {
      const { runArchive } = await import("./archive.ts");
      await run(options, (terminal) => runArchive(action, options, terminal));
    });
  }
}
