/**
 * Plugins of a server command without code: a JSON file names them and their options, in the order of `use()`. What the file
 * names is loaded, and nothing else.
 */
import process from "node:process";
import * as Effect from "effect/Effect";
import type { Scope } from "effect/Scope";
import { z } from "zod";
import type { ClamdOptions } from "../adapters/clamd.ts";
import type { Plugin } from "../core/mod.ts";
import type { ArchiveOptions, ArchivePlugin, ArchiveProblem } from "../plugins/archive.ts";
import type {
  ContentFilterEvent,
  ContentFilterOptions,
  ContentFilterPlugin,
  TextRule,
} from "../plugins/content_filter.ts";
import type { RateLimitOptions } from "../plugins/rate_limit.ts";
import type { WebhookOptions, WebhookPlugin, WebhookProblem } from "../plugins/webhook.ts";
import { openArchivePlace } from "./archive_place.ts";
import { CommandError } from "./cli/command_error.ts";
import type { Terminal } from "./cli/terminal.ts";
import { EXIT_USAGE } from "./exit_codes.ts";
import { readJson } from "./files/read_text.ts";
import { attempt } from "./lifetime.ts";

/** A plugin that a file has named, and what a server does with it. */
interface Configured {
  readonly plugin: Plugin;
  /** Looks whether other options could be used. @throws {TypeError} they are wrong */
  check(options: unknown): unknown;
  /** Takes other options, as far as it can while it runs. */
  reload?(options: unknown): Promise<void>;
  /** Ends what it has opened. */
  close?(): Promise<void>;
}

/** Makes a plugin of its options. */
type Factory = (options: never, terminal: Terminal) => Promise<Configured>;

/** The plugins of a file. */
export interface ConfiguredPlugins {
  readonly plugins: readonly Plugin[];
  /** Reads the file again: what can change while it runs does. @throws {CommandError} and nothing has changed */
  reload(): Promise<void>;
}

// In a file a scanner is an address.
type FileContentFilter = Omit<ContentFilterOptions, "virus"> & {
  readonly virus?: Omit<NonNullable<ContentFilterOptions["virus"]>, "scanner"> & {
    readonly clamd: ClamdOptions;
  };
};

type FileArchive = Omit<ArchiveOptions, "store"> & { readonly store: string };

/** What is still to be written when a server ends gets so long. */
const FLUSH_MS = 5_000;

const factories = {
  archive: async (options: FileArchive, terminal: Terminal): Promise<Configured> => {
    const { archive } = await import("../plugins/archive.ts");
    const { store: place, ...rest } = options;
    if (typeof place !== "string") throw new TypeError("store: sqlite:FILE or postgres://… is wanted");
    const store = await openArchivePlace(place, { create: true });
    try {
      const onProblem = (problem: ArchiveProblem): void => tellArchive(problem, terminal);
      const make = (given: Omit<FileArchive, "store">): ArchivePlugin =>
        archive({ ...given, store, onProblem });
      const plugin = make(rest);
      return {
        plugin,
        check: (next) => {
          const { store: _place, ...others } = next as FileArchive;
          make(others);
        },
        close: async () => {
          const left = (await plugin.flush(FLUSH_MS)) ? 0 : plugin.spooled;
          if (left > 0) tellArchive({ kind: "lost", messages: left, error: undefined }, terminal);
          await store.close();
        },
      };
    } catch (error) {
      await store.close();
      throw error;
    }
  },
  contentFilter: async (options: FileContentFilter, terminal: Terminal): Promise<Configured> => {
    const { contentFilter } = await import("../plugins/content_filter.ts");
    const onFinding = (event: ContentFilterEvent): void => tellFinding(event, terminal);
    const make = async ({ virus, ...rest }: FileContentFilter): Promise<ContentFilterPlugin> =>
      contentFilter({
        ...rest,
        text: { rules: [], ...rest.text },
        ...(virus === undefined ? {} : { virus: await scanning(virus) }),
        onFinding,
      });
    const plugin = await make(options);
    return {
      plugin,
      check: (next) => make(next as FileContentFilter),
      reload: (next) => plugin.reload((next as FileContentFilter).text?.rules ?? ([] as TextRule[])),
    };
  },
  webhook: async (options: WebhookOptions, terminal: Terminal): Promise<Configured> => {
    const { webhook } = await import("../plugins/webhook.ts");
    // Better in the environment than in a file that many can read.
    const secret = options.secret ?? process.env["MSRPKIT_WEBHOOK_SECRET"];
    const onProblem = (problem: WebhookProblem): void => tellWebhook(problem, terminal);
    const make = (given: WebhookOptions): WebhookPlugin =>
      webhook({ ...given, ...(secret === undefined ? {} : { secret }), onProblem });
    const plugin = make(options);
    return {
      plugin,
      check: (next) => make({ ...(next as WebhookOptions) }),
      close: async () => {
        if (await plugin.flush(FLUSH_MS)) return;
        tellWebhook({ kind: "dropped", count: plugin.queued, error: new Error("the server ends") }, terminal);
      },
    };
  },
  rateLimit: async (options: RateLimitOptions): Promise<Configured> => {
    const { rateLimit } = await import("../plugins/rate_limit.ts");
    return { plugin: rateLimit(options), check: (next) => rateLimit(next as RateLimitOptions) };
  },
} satisfies Record<string, Factory>;

const names = Object.keys(factories) as (keyof typeof factories)[];
const schema = z.partialRecord(z.enum(names), z.record(z.string(), z.unknown()));

/**
 * The plugins of a file; they are closed with the scope. Without a file there are none.
 *
 * Fails with a CommandError: (file) it cannot be read, (usage) it is no JSON, names no plugin of ours or wrong options.
 */
export function scopedPlugins(
  path: string | undefined,
  terminal: Terminal,
): Effect.Effect<ConfiguredPlugins, Error, Scope> {
  if (path === undefined) return Effect.succeed({ plugins: [], reload: () => Promise.resolve() });
  const made = Effect.acquireRelease(
    attempt(() => makeAll(path, terminal)),
    (all) => Effect.promise(() => Promise.allSettled([...all.values()].map((one) => one.close?.()))),
  );
  return Effect.map(made, (all) => ({
    plugins: [...all.values()].map(({ plugin }) => plugin),
    reload: async () => {
      const file = await readPlugins(path);
      const given = [...all].flatMap(([name, one]) => {
        const options = file[name];
        return options === undefined ? [] : [{ name, one, options }];
      });
      // All of it before any of it: when something is wrong nothing changes.
      for (const { name, one, options } of given) await blaming(name, path, () => one.check(options));
      for (const { name, one, options } of given) await blaming(name, path, () => one.reload?.(options));
    },
  }));
}

type PluginFile = Readonly<Partial<Record<keyof typeof factories, Readonly<Record<string, unknown>>>>>;

async function makeAll(path: string, terminal: Terminal): Promise<Map<keyof PluginFile, Configured>> {
  const file = await readPlugins(path);
  const all = new Map<keyof PluginFile, Configured>();
  for (const name of Object.keys(file) as (keyof PluginFile)[]) {
    const make = factories[name] as (options: unknown, terminal: Terminal) => Promise<Configured>;
    all.set(name, await blaming(name, path, () => make(file[name], terminal)));
  }
  return all;
}

/** Says which plugin of which file has wrong options. */
async function blaming<A>(name: string, path: string, work: () => Promise<A> | A): Promise<A> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof SyntaxError || cause instanceof RangeError))
      throw cause;
    throw new CommandError(EXIT_USAGE, `Cannot use ${path}: ${name}: ${cause.message}`, { cause });
  }
}

async function readPlugins(path: string): Promise<PluginFile> {
  const parsed = schema.safeParse(await readJson(path));
  if (parsed.success) return parsed.data as PluginFile;
  const [{ path: at, ...issue } = { path: [] }] = parsed.error.issues;
  const [name = "keys" in issue ? issue.keys[0] : undefined] = at;
  const blamed = name === undefined ? "" : `${String(name)}: `;
  throw new CommandError(
    EXIT_USAGE,
    `Cannot use ${path}: ${blamed}it may hold ${names.join(", ")}, each with its options`,
  );
}

async function scanning(
  virus: NonNullable<FileContentFilter["virus"]>,
): Promise<NonNullable<ContentFilterOptions["virus"]>> {
  const { clamd } = await import("../adapters/clamd.ts");
  const { clamd: address, ...rest } = virus;
  if (address === undefined) throw new TypeError("virus.clamd: a path, or a host and a port, are wanted");
  return { ...rest, scanner: clamd(address) };
}

function tellFinding(
  { rule, action, status, detail, messageId }: ContentFilterEvent,
  terminal: Terminal,
): void {
  terminal.result(
    { event: "finding", rule, action, status, detail, messageId },
    `content filter: ${action} a message (${rule}: ${detail})`,
  );
}

function tellArchive({ kind, messages, error }: ArchiveProblem, terminal: Terminal): void {
  const reason = error?.message;
  terminal.result({ event: "archive", problem: kind, messages, reason }, undefined);
  terminal.note(
    `archive: ${kind}${messages > 0 ? `, ${messages} messages` : ""}${reason ? `: ${reason}` : ""}`,
  );
}

function tellWebhook({ kind, count, error }: WebhookProblem, terminal: Terminal): void {
  terminal.result({ event: "webhook", problem: kind, count, reason: error.message }, undefined);
  terminal.note(`webhook: ${kind}, ${count}: ${error.message}`);
}
