// A thousand sessions over one connection, and over a thousand: every message arrives once and in order, in both
// directions. Real sockets of the runtime; both ends live in one process.
import { describe, expect, test } from "#test";
import type { Session } from "../../core/session/session.ts";
import { nothing, SocketNodes } from "../support/socket_nodes.ts";

const sessions = 1000;
const messages = 20;

/** Ends of one session, and what each of them got. */
interface Line {
  readonly session: Session;
  readonly there: string[];
  readonly back: string[];
}

async function exchange(nodes: SocketNodes, reuse: boolean): Promise<void> {
  // The server sends every message back, in the order in which they came; what it got is kept by session.
  const arrived = new Map<string, string[]>();
  nodes.server.onMessage(async (message, session) => {
    const text = await message.text();
    const key = session.remote[0]!.sessionId!;
    arrived.set(key, [...(arrived.get(key) ?? []), text]);
    session.send(text);
  });
  const lines: Line[] = [];
  // In batches: a thousand handshakes at once would overflow the listener's backlog.
  for (let first = 0; first < sessions; first += 100) {
    const opened = await Promise.all(Array.from({ length: 100 }, () => nodes.connect({ reuse })));
    for (const session of opened) lines.push({ session, there: [], back: [] });
  }
  expect(nodes.client.connectionCount).toBe(reuse ? 1 : sessions);
  let missing = sessions * messages;
  const complete = new Promise<void>((resolve) => {
    for (const { session, back } of lines) {
      session.onMessage(async (message) => {
        back.push(await message.text());
        if (--missing === 0) resolve();
      });
    }
  });
  for (let number = 0; number < messages; number++) {
    for (const [index, { session, there }] of lines.entries()) {
      const text = `message ${number} of session ${index}`;
      there.push(text);
      session.send(text);
    }
  }
  await complete;
  await Promise.all(lines.map(({ session }) => session.whenQueueBelow(1)));
  const wrong = lines.filter(({ session, there, back }) => {
    const got = arrived.get(session.local.sessionId!) ?? [];
    return got.join("\n") !== there.join("\n") || back.join("\n") !== there.join("\n");
  });
  expect(wrong.length).toBe(0);
  await Promise.all(lines.map(({ session }) => session.close()));
  expect(nodes.errors).toEqual([]);
}

describe("many sessions", () => {
  test("RFC 4975 §5.4: 1,000 sessions over one connection: every message arrives once and in order", async () => {
    expect(await SocketNodes.run({}, (nodes) => exchange(nodes, true))).toEqual(nothing);
  }, 120_000);

  test("RFC 4975 §5.4: 1,000 sessions over 1,000 connections: every message arrives once and in order", async () => {
    expect(await SocketNodes.run({}, (nodes) => exchange(nodes, false))).toEqual(nothing);
  }, 120_000);
});
