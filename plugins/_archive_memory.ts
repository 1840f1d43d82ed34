/**
 * An archive in memory: for tests, and to try the plugin out. It is bounded by removing the oldest messages.
 */
import type {
  ArchiveFate,
  ArchivePage,
  ArchiveQuery,
  ArchiveRecord,
  ArchiveStore,
} from "./_archive_types.ts";

/** How much a memory archive keeps. */
export interface MemoryArchiveOptions {
  /** Messages; the oldest ones give way to new ones. @default 10000 */
  readonly maxMessages?: number;
}

const ranks = { pending: 0, accepted: 1, delivered: 2, refused: 2, failed: 2 } as const;

/** Makes an archive in memory. */
export function memoryArchive(options: MemoryArchiveOptions = {}): ArchiveStore {
  const { maxMessages = 10_000 } = options;
  const messages = new Map<string, ArchiveRecord>();
  const decide = (fate: ArchiveFate): void => {
    const record = messages.get(fate.id);
    if (record !== undefined && ranks[fate.fate] > ranks[record.fate])
      messages.set(fate.id, { ...record, ...fate });
  };
  return {
    store: async (records, fates) => {
      for (const record of records) {
        if (messages.has(record.id)) decide(record);
        else messages.set(record.id, record);
      }
      for (const fate of fates) decide(fate);
      for (const id of messages.keys()) {
        if (messages.size <= maxMessages) break;
        messages.delete(id);
      }
    },
    search: async (query) => search(messages.values(), query),
    removeBefore: async (time) => {
      const old = [...messages.values()].filter(({ at }) => at < time);
      for (const { id } of old) messages.delete(id);
      return old.length;
    },
    close: async () => messages.clear(),
  };
}

function search(all: Iterable<ArchiveRecord>, query: ArchiveQuery): ArchivePage {
  const limit = Math.min(query.limit ?? 100, 1_000);
  const cursor = readCursor(query.after);
  const found = [...all]
    .filter((record) => fits(record, query) && (cursor === undefined || compare(record, cursor) > 0))
    .sort(compare);
  const messages = found.slice(0, limit);
  const last = found.length > limit ? messages.at(-1) : undefined;
  return { messages, next: last === undefined ? undefined : `${last.at}-${last.id}` };
}

type Place = Pick<ArchiveRecord, "at" | "id">;

function compare(one: Place, other: Place): number {
  return one.at - other.at || (one.id < other.id ? -1 : one.id > other.id ? 1 : 0);
}

function readCursor(after: string | undefined): Place | undefined {
  if (after === undefined) return undefined;
  const [, at, id] = /^(\d{1,15})-([0-9a-f]{32})$/.exec(after) ?? [];
  if (at === undefined || id === undefined)
    throw new TypeError("Cannot go on: after is not of a page before");
  return { at: Number(at), id };
}

function fits(record: ArchiveRecord, query: ArchiveQuery): boolean {
  const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY, party, type, text } = query;
  if (record.at < since || record.at >= until) return false;
  if (query.fate !== undefined && record.fate !== query.fate) return false;
  if (query.direction !== undefined && record.direction !== query.direction) return false;
  if (query.session !== undefined && record.session !== query.session) return false;
  if (party !== undefined && !isParty(record.from, party) && !isParty(record.to, party)) return false;
  if (type !== undefined && !isType(record.contentType, type)) return false;
  return text === undefined || record.text?.toLowerCase().includes(text.toLowerCase()) === true;
}

function isParty(whole: string, asked: string): boolean {
  const [name, wanted] = [whole.toLowerCase(), asked.toLowerCase()];
  return name === wanted || name.startsWith(`${wanted}@`) || name.endsWith(`@${wanted}`);
}

function isType(contentType: string | undefined, asked: string): boolean {
  const type = (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const wanted = asked.toLowerCase();
  return wanted.endsWith("/*") ? type.startsWith(wanted.slice(0, -1)) : type === wanted;
}
