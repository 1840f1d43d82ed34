/**
 * Endpoint to endpoint over loopback, TCP and TLS: this process sends, another of the same runtime receives and answers.
 * Each figure stands beside that of the raw socket pump of the same runtime, taken in turns in the same run.
 *
 * Run: `bun bench/end_to_end.ts`, `deno run -A bench/end_to_end.ts`, `node --import tsx bench/end_to_end.ts`; `tcp` or
 * `tls` chooses, words of the cases choose among them. Prints rows of JSON, one a line.
 */
import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { Msrp, type SendOptions, type Sent, type Session } from "../core/mod.ts";
import { createSessionId } from "../core/wire/mod.ts";
import { bulkBytes, chunkBytes, plan, type ReceiverAddress, smallBytes } from "./end_to_end_plan.ts";
import { processorSeconds } from "./processor_time.ts";
import { ownSockets } from "./raw.ts";
import { type BenchRow, share } from "./row.ts";
import { commandFor, ownAdapter, ownRuntime } from "./runtimes.ts";

/** One thing to measure: `run` does it once and gives the amount that it moved. */
interface Case {
  readonly name: string;
  readonly unit: BenchRow["unit"];
  readonly run: () => Promise<number>;
  readonly control?: string;
  readonly least?: number;
}

type Way = "tcp" | "tls";

const rounds = Number(process.env["BENCH_ROUNDS"] ?? 7);
const roundMs = 300;
const warmMs = Number(process.env["BENCH_WARM_MS"] ?? 2000);
const smallRun = 8192;
const body = new Uint8Array(smallBytes).map((_, index) => 65 + (index % 26));
// No hyphen run of an end-line in it, and no pattern either: what a picture looks like.
const bulk = new Uint8Array(bulkBytes);
for (let at = 0; at < bulk.length; at += chunkBytes)
  crypto.getRandomValues(bulk.subarray(at, at + chunkBytes));

const words = process.argv.slice(2);
const [program, args] = commandFor(ownRuntime, "end_to_end_receiver.ts");
const receiver = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
const lines = createInterface({ input: receiver.stdout });
const address = await new Promise<ReceiverAddress>((resolve, reject) => {
  lines.once("line", (line) => resolve(JSON.parse(line)));
  receiver.once("exit", (code) => reject(new Error(`the receiver ended with ${code}`)));
});
const adapter = await ownAdapter();
const sockets = await ownSockets();
const app = new Msrp();
const ends = [process.pid, receiver.pid as number];

/** Sends as fast as the queue takes, and never more than `plan.window` unanswered. */
async function sendSmall(session: Session, options: SendOptions): Promise<number> {
  const marks: Sent[] = [];
  for (let sent = 0; sent < smallRun; sent += plan.batch) {
    for (let index = 1; index < plan.batch; index++) session.send(body, options);
    marks.push(session.send(body, options));
    if (marks.length === plan.window / plan.batch) await marks.shift()!.accepted;
  }
  await marks.at(-1)!.accepted;
  return smallRun;
}

async function* pieces(): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bulk.length; at += chunkBytes) yield bulk.subarray(at, at + chunkBytes);
}

async function sendBulk(sent: Sent): Promise<number> {
  await sent.accepted;
  return bulkBytes / 1e6;
}

async function cases(way: Way): Promise<Case[]> {
  const tls = way === "tls" ? address.tls : undefined;
  const bulkPump = await sockets.connect(address.raw[way], "B", plan, tls, bulk);
  const chunkPump = await sockets.connect(address.raw[way], "C", plan, tls, bulk);
  const smallPump = await sockets.connect(address.raw[way], "S", plan, tls, bulk);
  const session = await adapter.connect(app, {
    local: `${way === "tls" ? "msrps" : "msrp"}://127.0.0.1:40000/${createSessionId()};tcp`,
    remote: address.msrp[way].replace(";", `/${createSessionId()};`),
    ...(tls === undefined ? {} : { tls: { ca: tls.ca } }),
  });
  const name = way.toUpperCase();
  const rawBulk = `raw pump, 64 KiB writes, ${name}`;
  const rawChunks = `raw pump, 64 KiB and an answer, ${name}`;
  const rawSmall = `raw pump, messages of 100 B, ${name}`;
  const bound = way === "tcp" ? { least: 0.6 } : {};
  return [
    {
      name: rawBulk,
      unit: "MB/s",
      run: async () => {
        await bulkPump.run();
        return bulkBytes / 1e6;
      },
    },
    {
      name: rawChunks,
      unit: "MB/s",
      run: async () => {
        await chunkPump.run();
        return bulkBytes / 1e6;
      },
    },
    {
      name: `64 KiB chunks, ${name}`,
      unit: "MB/s",
      control: rawChunks,
      ...bound,
      run: () => sendBulk(session.send(bulk, { chunkBytes })),
    },
    {
      name: `one big message, ${name}`,
      unit: "MB/s",
      control: rawBulk,
      ...bound,
      run: () => sendBulk(session.send(bulk)),
    },
    {
      name: `stream to stream, ${name}`,
      unit: "MB/s",
      control: rawBulk,
      run: () => sendBulk(session.send(pieces(), { total: bulkBytes, contentType: "application/x-stream" })),
    },
    {
      name: rawSmall,
      unit: "k/s",
      run: async () => {
        await smallPump.run(smallRun);
        return smallRun / 1e3;
      },
    },
    {
      name: `messages of 100 B, ${name}`,
      unit: "k/s",
      control: rawSmall,
      run: async () => (await sendSmall(session, { successReport: false })) / 1e3,
    },
    {
      name: `… with success reports, ${name}`,
      unit: "k/s",
      control: rawSmall,
      run: async () => (await sendSmall(session, {})) / 1e3,
    },
  ];
}

/** What a case cost in all its rounds. */
class Tally {
  best = 0;
  amount = 0;
  /** Processor time of sender and receiver, in seconds. */
  readonly spent: [number, number] = [0, 0];

  /** Runs for at least `roundMs`. */
  async round(run: Case["run"], forMs: number = roundMs): Promise<void> {
    const before = ends.map(processorSeconds);
    const began = performance.now();
    let amount = 0;
    do amount += await run();
    while (performance.now() - began < forMs);
    this.best = Math.max(this.best, (amount * 1e3) / (performance.now() - began));
    this.amount += amount;
    for (const end of [0, 1] as const) this.spent[end] += processorSeconds(ends[end]!) - before[end]!;
  }

  /** What the busier of both processes would reach if it had a processor for itself. */
  get perProcessor(): number {
    return this.amount / Math.max(...this.spent);
  }
}

for (const way of ["tcp", "tls"] as const) {
  if (words.length > 0 && words.includes(way === "tcp" ? "tls" : "tcp")) continue;
  const chosen = (await cases(way)).filter(({ name }) =>
    words.every((word) => word === way || name.includes(word)),
  );
  for (const { run } of chosen) await new Tally().round(run, warmMs);
  const tallies = chosen.map(() => new Tally());
  for (let round = 0; round < rounds; round++) {
    for (const [index, { run }] of chosen.entries()) await tallies[index]!.round(run);
  }
  for (const [index, { name, unit, control, least }] of chosen.entries()) {
    const tally = tallies[index]!;
    const of = tallies[chosen.findIndex((other) => other.name === control)];
    const row: BenchRow = {
      name,
      unit,
      rate: tally.best,
      perProcessor: tally.perProcessor,
      ...(of === undefined
        ? {}
        : { ...share(tally.best, of.best, least), processorRatio: tally.perProcessor / of.perProcessor }),
      ...(control === undefined ? {} : { control }),
    };
    if (process.env["BENCH_DEBUG"])
      console.error(
        name,
        tally.amount,
        tally.spent.map((s) => ((s * 1e3) / tally.amount).toFixed(4)),
      );
    console.log(JSON.stringify(row));
  }
}
receiver.stdin.end();
await app.close({ drainMs: 0 });
process.exit(0);
