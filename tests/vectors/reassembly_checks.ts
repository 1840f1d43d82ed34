// Checks the "reassembly" vectors: chunks in the order of their arrival, and what becomes of the messages.
// Each session has an inbox of its own, as in a node; limits are off, because the vectors are about the rules.
import { Inbox } from "../../core/session/inbox.ts";
import type { InboxResult } from "../../core/session/inbox_result.ts";
import { RangeSet } from "../../core/session/range_set.ts";
import type { Session } from "../../core/session/session.ts";
import { Decoder } from "../../core/wire/decoder.ts";
import type { Frame, RequestFrame } from "../../core/wire/frame.ts";
import type { Checks, Vector } from "./registry.ts";

/** What became of one message, in the words of the vectors. */
interface Outcome {
  session: string;
  messageId: string;
  state: "complete" | "partial" | "aborted" | "refused" | "duplicate";
  contentType?: string | undefined;
  bodyLength?: number;
  bodySha256?: string;
  total?: number | undefined;
  received?: number[][];
  missing?: number[][];
  duplicates: number;
}

const unlimited = {
  maxMessageBytes: Number.POSITIVE_INFINITY,
  maxIncompleteBytes: Number.POSITIVE_INFINITY,
};

export const checks: Checks = { reassembly };

async function reassembly(vector: Vector): Promise<string | undefined> {
  const outcomes = await receive(vector["chunks_base64"] as readonly string[]);
  const expected = vector.expect["messages"] as readonly Partial<Outcome>[];
  const wanted = new Map<string, Partial<Outcome>[]>();
  for (const entry of expected) {
    const key = `${entry.session} ${entry.messageId}`;
    wanted.set(key, [...(wanted.get(key) ?? []), entry]);
  }
  for (const outcome of outcomes) {
    const key = `${outcome.session} ${outcome.messageId}`;
    const [first, ...copies] = wanted.get(key) ?? [];
    if (first === undefined) return `unexpected message ${outcome.messageId}: ${outcome.state}`;
    wanted.delete(key);
    const difference = differs(outcome, first);
    if (difference !== undefined) return difference;
    if (copies.length > outcome.duplicates)
      return `${outcome.duplicates} duplicates instead of ${copies.length}`;
  }
  const [missing] = wanted.keys();
  return missing === undefined ? undefined : `no message ${missing}`;
}

/** Runs the chunks through decoder and inboxes; the octets of each are spoilt after its call. */
async function receive(chunks: readonly string[]): Promise<Outcome[]> {
  const decoder = new Decoder();
  const inboxes = new Map<string, Inbox>();
  const outcomes = new Map<string, Outcome>();
  const bodies: { outcome: Outcome; body: Uint8Array }[] = [];
  for (const chunk of chunks) {
    const octets = Uint8Array.from(atob(chunk), (character) => character.charCodeAt(0));
    decoder.receive(octets, (frame: Frame) => {
      if (frame.kind !== "request") return;
      const session = frame.toPath[0]?.text ?? "";
      const inbox = inboxes.get(session) ?? new Inbox({} as Session, unlimited);
      inboxes.set(session, inbox);
      const result = inbox.receive(frame, 0);
      const outcome = note(outcomes, session, frame, result);
      if (outcome !== undefined && result.outcome === "message" && result.message !== undefined) {
        bodies.push({ outcome, body: result.message.body });
      }
    });
    octets.fill(0xee);
  }
  for (const { outcome, body } of bodies) {
    outcome.bodyLength = body.length;
    outcome.bodySha256 = await sha256(body);
  }
  for (const [session, inbox] of inboxes) addPartial(outcomes, session, inbox);
  return [...outcomes.values()];
}

function note(
  outcomes: Map<string, Outcome>,
  session: string,
  frame: RequestFrame,
  result: InboxResult,
): Outcome | undefined {
  const { messageId = "", contentType } = frame;
  const key = `${session} ${messageId}`;
  const known = outcomes.get(key);
  if (result.outcome === "nothing") return undefined;
  const outcome: Outcome = known ?? { session, messageId, state: "partial", contentType, duplicates: 0 };
  outcome.contentType ??= contentType;
  outcomes.set(key, outcome);
  if (result.outcome === "message") {
    outcome.state = "complete";
    outcome.total = result.message?.total;
    outcome.contentType = result.message?.contentType;
  } else if (result.outcome === "duplicate" && result.message !== undefined) outcome.duplicates++;
  else if (result.outcome === "aborted" && outcome.state === "partial") outcome.state = "aborted";
  else if (result.outcome === "refused" && outcome.state === "partial") outcome.state = "refused";
  return outcome;
}

function addPartial(outcomes: Map<string, Outcome>, session: string, inbox: Inbox): void {
  for (const { messageId, contentType, total, received } of inbox.incomplete()) {
    const outcome = outcomes.get(`${session} ${messageId}`);
    if (outcome === undefined) continue;
    const ranges = new RangeSet();
    for (const { start, end } of received) ranges.add(start, end);
    outcome.contentType = contentType;
    outcome.total = total;
    outcome.received = received.map(({ start, end }) => [start, end]);
    if (total !== undefined)
      outcome.missing = ranges.missing(total).map(({ start, end }) => [start, end as number]);
  }
}

/** The first field in which an outcome is not what the vector wants; only the fields that it names count. */
function differs(outcome: Outcome, wanted: Partial<Outcome>): string | undefined {
  for (const [field, value] of Object.entries(wanted)) {
    const found = fieldOf(outcome, field, value);
    if (JSON.stringify(found) === JSON.stringify(value)) continue;
    return `${outcome.messageId}: ${field} is ${JSON.stringify(found)} instead of ${JSON.stringify(value)}`;
  }
  return undefined;
}

function fieldOf(outcome: Outcome, field: string, wanted: unknown): unknown {
  if (/^duplicates?$/.test(field))
    return typeof wanted === "boolean" ? outcome.duplicates > 0 : outcome.duplicates;
  if (/^deliver/.test(field)) return outcome.state === "complete" ? 1 : 0;
  if (field === "total" && wanted === null) return outcome.total ?? null;
  return outcome[field as keyof Outcome];
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes)));
  return [...digest].map((octet) => octet.toString(16).padStart(2, "0")).join("");
}
