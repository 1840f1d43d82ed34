// What a transfer of 100 MiB does to the other sessions of its connection: their small messages must hardly notice.
// Both ends live in one process, on one clock, so that the way of a message can be timed from `send` to its handler.
import { describe, expect, test } from "#test";
import type { MsrpOptions } from "../../core/node/options.ts";
import type { Message } from "../../core/session/message.ts";
import { nothing, SocketNodes } from "../support/socket_nodes.ts";

const transferBytes = 104_857_600;
const others = 10;
const pieceBytes = 65_536;

async function* octets(): AsyncGenerator<Uint8Array> {
  const piece = crypto.getRandomValues(new Uint8Array(pieceBytes));
  for (let sent = 0; sent < transferBytes; sent += pieceBytes) yield piece;
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}

describe("fairness between the sessions of a connection", () => {
  test("RFC 4975 §7.1.1: during a transfer of 100 MiB small messages wait at most 5 ms (median) and 50 ms (p99)", async () => {
    let waits = await waitsDuringTransfer();
    // What else runs on the machine can only lengthen them: they are measured again before they are believed.
    for (let more = 2; more > 0 && !short(waits); more--) waits = await waitsDuringTransfer();
    expect(short(waits)).toBe(true);
  }, 120_000);
});

interface Waits {
  readonly median: number;
  readonly p99: number;
}

function short({ median, p99 }: Waits): boolean {
  return median <= 5 && p99 <= 50;
}

async function waitsDuringTransfer(): Promise<Waits> {
  const measured: Waits[] = [];
  let stored = 0;
  const sink = {
    write(_position: number, bytes: Uint8Array): void {
      stored += bytes.length;
    },
    close(): void {},
    abort(): void {},
  };
  const large = "application/x-large";
  const server: MsrpOptions = {
    inbox: { onMessageStart: ({ contentType }) => (contentType === large ? { sink } : "memory") },
  };
  const held = await SocketNodes.run({ server }, async (nodes) => {
    const delays: number[] = [];
    let transferring = true;
    const sentAt = new Map<string, number>();
    const bulk = await nodes.connect();
    const small = await Promise.all(Array.from({ length: others }, () => nodes.connect()));
    expect(nodes.client.connectionCount).toBe(1);
    // Each session sends its next message when the one before has arrived: thousands of samples, and no pause to choose.
    const say = (index: number): void => {
      const session = small[index]!;
      const { messageId } = session.send(`of ${index}: ${"x".repeat(100)}`);
      sentAt.set(messageId, performance.now());
    };
    nodes.server.onMessage(async (message: Message) => {
      const began = sentAt.get(message.messageId);
      if (began === undefined) return;
      sentAt.delete(message.messageId);
      if (!transferring) return;
      delays.push(performance.now() - began);
      const index = Number(/^of (\d+)/.exec(await message.text())?.[1]);
      say(index);
    });
    const transfer = bulk.send(octets(), { total: transferBytes, contentType: large });
    for (const index of small.keys()) say(index);
    await transfer.accepted;
    transferring = false;
    await Promise.all(small.map((session) => session.whenQueueBelow(1)));

    delays.sort((a, b) => a - b);
    const [median, p99] = [quantile(delays, 0.5), quantile(delays, 0.99)];
    console.log(
      `${delays.length} small messages during the transfer: median ${median.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`,
    );
    expect(stored).toBe(transferBytes);
    expect(delays.length > 100).toBe(true);
    expect(nodes.errors).toEqual([]);
    measured.push({ median, p99 });
  });
  expect(held).toEqual(nothing);
  return measured[0]!;
}
