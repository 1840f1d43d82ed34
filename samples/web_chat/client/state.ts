/**
 * What the page shows, as one value, and every change of it as a function of the value before. Nothing here knows of
 * networks or of the DOM, so it is tested without either.
 */
import type { Contact } from "../protocol.ts";

/** How far an own message has come; the ticks show it. */
export type OutStatus = "waiting" | "sending" | "sent" | "delivered" | "displayed" | "failed" | "cancelled";

/** How far a message of the peer has come. */
export type InStatus = "receiving" | "received" | "failed" | "cancelled";

/** A file that travels as a message. */
export interface FileInfo {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  /** The CPIM head in front of the file's octets, as it was written or read: a resumed message repeats it. */
  readonly head: string;
  /** Octets of the message, head and file, that have been sent or received. */
  readonly octets: number;
}

/** One message, as it is kept and shown. */
export interface Item {
  /** Message-ID of MSRP (RFC 4975 §7.1.1). */
  readonly id: string;
  readonly peer: string;
  readonly out: boolean;
  /** When it was written, in milliseconds since 1970. */
  readonly at: number;
  readonly status: OutStatus | InStatus;
  readonly text?: string;
  readonly file?: FileInfo;
  /** The sender has paused it. */
  readonly paused?: boolean;
  /** What a notice refers to (RFC 5438 imdn.Message-ID), when the sender of a received message wants one. */
  readonly noticeId?: string;
  /** A received message that was looked at. */
  readonly seen?: boolean;
  /** Its sender wants to know when it is displayed, and was not told yet. */
  readonly owes?: boolean;
  /** Why it failed. */
  readonly reason?: string;
}

/** Whether the page can talk. */
export type Phase = "signed-out" | "signing-in" | "connecting" | "online" | "offline" | "replaced";

/** Everything that is shown. */
export interface ChatState {
  readonly phase: Phase;
  readonly user: string | undefined;
  readonly contacts: readonly Contact[];
  /** Name of the contact whose conversation is open. */
  readonly open: string | undefined;
  /** In the order in which they were written or came. */
  readonly items: Readonly<Record<string, readonly Item[]>>;
  readonly typing: Readonly<Record<string, boolean>>;
  /** Why the last sign-in was refused. */
  readonly problem: string | undefined;
}

/** What the page shows first. */
export const emptyState: ChatState = {
  phase: "signed-out",
  user: undefined,
  contacts: [],
  open: undefined,
  items: {},
  typing: {},
  problem: undefined,
};

const outOrder: readonly (OutStatus | InStatus)[] = [
  "waiting",
  "sending",
  "failed",
  "cancelled",
  "sent",
  "delivered",
  "displayed",
];

/** Adds a message, or takes it for the one that is there with its id and direction. */
export function withItem(state: ChatState, item: Item): ChatState {
  const before = state.items[item.peer] ?? [];
  const at = before.findIndex(({ id, out }) => id === item.id && out === item.out);
  const items = at < 0 ? [...before, item] : before.with(at, item);
  return { ...state, items: { ...state.items, [item.peer]: items } };
}

/** Finds a message. */
export function findItem(state: ChatState, peer: string, id: string, out: boolean): Item | undefined {
  return state.items[peer]?.find((item) => item.id === id && item.out === out);
}

/** Changes a message that is there; the state is the same when it is not, or when nothing changes. */
export function changeItem(
  state: ChatState,
  peer: string,
  id: string,
  out: boolean,
  change: Partial<Item>,
): ChatState {
  const item = findItem(state, peer, id, out);
  if (item === undefined) return state;
  const same = Object.entries(change).every(([name, value]) => item[name as keyof Item] === value);
  return same ? state : withItem(state, { ...item, ...change });
}

/** A notice of the peer, or a report: a status never goes back, because notices overtake one another. */
export function advance(state: ChatState, peer: string, id: string, status: OutStatus): ChatState {
  const item = findItem(state, peer, id, true);
  if (item === undefined || outOrder.indexOf(status) <= outOrder.indexOf(item.status)) return state;
  return changeItem(state, peer, id, true, { status });
}

/**
 * The session to a peer has ended: what was not delivered waits for the next one. A relay's 200 is no delivery (RFC 4976
 * §6.4.1), and whoever gets a message twice knows it by its Message-ID.
 */
export function sessionLost(state: ChatState, peer: string): ChatState {
  const items = (state.items[peer] ?? []).map((item) =>
    item.out && (item.status === "sending" || item.status === "sent")
      ? { ...item, status: "waiting" as const }
      : item,
  );
  return {
    ...state,
    items: { ...state.items, [peer]: items },
    typing: { ...state.typing, [peer]: false },
  };
}

/** Own messages to a peer that are still to be sent, the oldest first. */
export function unsent(state: ChatState, peer: string): readonly Item[] {
  return (state.items[peer] ?? []).filter(({ out, status }) => out && status === "waiting");
}

/** Received messages of a peer that were not looked at yet. */
export function unseen(state: ChatState, peer: string): readonly Item[] {
  return (state.items[peer] ?? []).filter(({ out, status, seen }) => !out && status === "received" && !seen);
}

/** Received messages of a peer that were looked at, which their sender was not told yet. */
export function owed(state: ChatState, peer: string): readonly Item[] {
  return (state.items[peer] ?? []).filter(({ out, seen, owes }) => !out && seen === true && owes === true);
}

/** Contacts with the open conversation, the newest messages and those online first. */
export function sortedContacts(state: ChatState): readonly Contact[] {
  const last = ({ name }: Contact): number => state.items[name]?.at(-1)?.at ?? 0;
  return [...state.contacts].sort(
    (a, b) => last(b) - last(a) || Number(b.online) - Number(a.online) || a.name.localeCompare(b.name),
  );
}

/** `"4.2 MB"`. */
export function formatSize(octets: number): string {
  const units = ["B", "kB", "MB", "GB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(octets, 1)) / 3));
  const value = octets / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
