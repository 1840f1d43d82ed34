// Messages for tests of archives, and searches with the number of messages that each must find.
// Every kind of store has to agree on them.
import type { ArchiveQuery, ArchiveRecord } from "../../plugins/archive.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Five messages of two sessions, the oldest first. */
export function archiveRecords(): ArchiveRecord[] {
  const record = (number: number, fields: Partial<ArchiveRecord>): ArchiveRecord => {
    const body = fields.text === undefined ? new Uint8Array([0, 255, 39, 92]) : utf8(fields.text);
    return {
      id: number.toString(16).padStart(32, "0"),
      at: 1_700_000_000_000 + number * 1_000,
      session: "0011223344556677",
      direction: "in",
      messageId: `message-${number}`,
      from: "alice@Relay.example",
      to: "bob.example",
      contentType: "text/plain;charset=utf-8",
      size: body.length,
      truncated: false,
      body,
      text: undefined,
      fate: "accepted",
      status: 200,
      comment: undefined,
      fateAt: 1_700_000_000_500 + number * 1_000,
      ...fields,
    };
  };
  return [
    record(1, { text: "Grüße, 100% _sure_ \\o/" }),
    record(2, { text: "GRÜSSE'; DROP TABLE msrp_archive; --", direction: "out", fate: "delivered" }),
    record(3, { contentType: "image/PNG", fate: "refused", status: 415, comment: "No", truncated: true }),
    record(4, { contentType: undefined, body: new Uint8Array(0), size: 0, fate: "failed", status: 0 }),
    record(5, { text: "hello", session: "8899aabbccddeeff", from: "carol", to: "sip:dan@example.org" }),
  ];
}

/** Searches in these messages. */
export const searches: readonly (readonly [query: ArchiveQuery, count: number])[] = [
  [{}, 5],
  [{ since: 1_700_000_002_000, until: 1_700_000_004_000 }, 2],
  [{ party: "ALICE" }, 4],
  [{ party: "alice@relay.example" }, 4],
  [{ party: "relay.example" }, 4],
  [{ party: "lay.example" }, 0],
  [{ party: "example.org" }, 1],
  [{ party: "%" }, 0],
  [{ type: "image/*" }, 1],
  [{ type: "TEXT/plain" }, 3],
  [{ text: "grü" }, 2],
  [{ text: "100% _SURE_ \\O/" }, 1],
  [{ text: "100_" }, 0],
  [{ text: "'; drop" }, 1],
  [{ fate: "refused" }, 1],
  [{ direction: "out", fate: "delivered" }, 1],
  [{ session: "8899aabbccddeeff", text: "HELLO", party: "carol" }, 1],
];
