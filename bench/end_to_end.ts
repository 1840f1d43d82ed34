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
import { ownSockets } from "./raw.ts";
import { type Case, measure } from "./rounds.ts";
import { commandFor, ownAdapter, ownRuntime } from "./runtimes.ts";

type Way = "tcp" | "tls";

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

for (const way of ["tcp", "tls"] as const) {
  if (words.length > 0 && words.includes(way === "tcp" ? "tls" : "tcp")) continue;
  const chosen = (await cases(way)).filter(({ name }) =>
    words.every((word) => word === way || name.includes(word)),
  );
  await measure(chosen, ends);
}
receiver.stdin.end();
await app.close({ drainMs: 0 });
process.exit(0);
