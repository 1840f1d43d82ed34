/**
 * What one endpoint costs per message and per octet: an outbox, its connection, and a peer connection that answers, all
 * in one process, without a network. The goal is 250,000 small messages per second and core, and bulk near memcpy.
 *
 * Run: `bun bench/connection.ts`, `deno run -A bench/connection.ts`, `node --import tsx bench/connection.ts`.
 */
import { cpuUsage } from "node:process";
import { Connection } from "../core/connection/connection.ts";
import { Outbox } from "../core/session/outbox.ts";
import { releaseBuffer } from "../core/wire/output_buffers.ts";
import { MsrpUri } from "../core/wire/uri.ts";
import type { BenchRow } from "./row.ts";

const alice = MsrpUri.parse("msrp://alice.example:7313/Ks83nqPz0w2LmAx4;tcp");
const bob = MsrpUri.parse("msrp://bob.example:12051/hT5xV9eRy7uQ1cBn;tcp");

/** A sender, a receiver that answers 200 to everything, and the octets that passed. */
class Endpoints {
  readonly sender: Connection = new Connection();
  readonly receiver: Connection = new Connection();
  readonly outbox: Outbox = new Outbox({
    toPath: [bob],
    fromPath: [alice],
    maxQueuedMessages: 1_000_000,
    successReport: false,
  });
  writes = 0;
  octets = 0;

  constructor() {
    this.outbox.attach({ send: (m) => this.sender.send(m), wake: (m) => this.sender.wakeMessage(m) });
  }

  pump(): void {
    for (let out = this.sender.transmit(0); out !== undefined; out = this.sender.transmit(0)) {
      this.writes++;
      this.sender.flushed(0);
      this.receiver.receive(out);
      for (let event = this.receiver.poll(); event !== undefined; event = this.receiver.poll()) {
        if (event.type !== "request") continue;
        this.octets += event.frame.bodyLength;
        if (!event.frame.last) continue;
        this.receiver.respond({
          transactionId: event.frame.transactionId,
          status: 200,
          toPath: event.frame.fromPath,
          fromPath: event.frame.toPath,
        });
      }
      // As an adapter does once the system has taken the octets.
      releaseBuffer(out);
      const answers = this.receiver.transmit(0);
      if (answers === undefined) continue;
      this.sender.receive(answers);
      while (this.sender.poll() !== undefined);
    }
  }
}

/** Messages of `size` octets per second, sent in batches as one turn of an event loop would bring them. */
function rate(
  size: number,
  batch: number,
  seconds: number,
): { perSecond: number; megabytes: number; writes: number } {
  const ends = new Endpoints();
  const body = new Uint8Array(size).map((_, index) => index % 251);
  let sent = 0;
  const begin = performance.now();
  const cpu = cpuUsage();
  while (performance.now() - begin < seconds * 1000) {
    for (let index = 0; index < batch; index++) ends.outbox.enqueue(body);
    ends.pump();
    sent += batch;
  }
  // Time of the processor and not of the wall: other work on the machine does not count.
  const { user, system } = cpuUsage(cpu);
  const elapsed = (user + system) / 1e6;
  if (ends.outbox.pending !== 0) throw new Error("some messages were not accepted");
  return { perSecond: sent / elapsed, megabytes: ends.octets / elapsed / 1e6, writes: ends.writes / sent };
}

const rows: BenchRow[] = [];
for (const [size, batch] of [
  [100, 64],
  [2048, 64],
  [65_536, 8],
  [4_194_304, 2],
] as const) {
  rate(size, batch, 0.3);
  const best = [0, 1, 2].map(() => rate(size, batch, 0.5)).sort((a, b) => b.perSecond - a.perSecond)[0]!;
  console.log(
    `${String(size).padStart(8)} B: ${Math.round(best.perSecond).toLocaleString("en")} messages/s of CPU time, ` +
      `${Math.round(best.megabytes)} MB/s, ${best.writes.toFixed(3)} writes a message (both ends on one core)`,
  );
  const bulk = size >= 65_536;
  rows.push({
    name: `both ends in memory, ${size} B`,
    unit: bulk ? "MB/s" : "k/s",
    rate: bulk ? best.megabytes : best.perSecond / 1000,
  });
}
console.log(JSON.stringify({ bench: "connection", rows }));
