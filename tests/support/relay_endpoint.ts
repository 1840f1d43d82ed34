// An endpoint behind a relay as a process of its own on any runtime, by the public API: it offers a path or opens a session,
// sends what its input names, a line of JSON each, and tells what it has sent and received.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { connectThroughRelay, type Message, Msrp, type Session } from "../../core/mod.ts";
import { reassembly, reports } from "../../plugins/mod.ts";
import { fileSource } from "../../server/files/body_source.ts";
import { throttle } from "../../server/files/throttle.ts";
import { loadAdapter } from "../../server/runtime.ts";

/** What the endpoint is told when it starts. */
export interface EndpointPlan {
  readonly relay: string;
  readonly caFile: string;
  /** The path of the peer; none: wait for one. */
  readonly to?: readonly string[];
  /** Octets a second that are read of messages. @default as they come */
  readonly readRate?: number;
}

/** A message to send, as a line of the input. */
export interface EndpointOrder {
  readonly text?: string;
  readonly file?: string;
  /** @default one chunk */
  readonly chunkBytes?: number;
}

const plan = JSON.parse(process.argv[2] ?? "{}") as EndpointPlan;
const tell = (event: string, more: object): void => {
  process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);
};

async function receive(message: Message): Promise<void> {
  const hash = createHash("sha256");
  let bytes = 0;
  const stream = message.stream() as AsyncIterable<Uint8Array>;
  for await (const piece of plan.readRate === undefined ? stream : throttle(stream, plan.readRate)) {
    hash.update(piece);
    bytes += piece.length;
  }
  const { messageId, contentType } = message;
  tell("received", { messageId, contentType, bytes, sha256: hash.digest("hex") });
}

async function send(session: Session, { text, file, chunkBytes }: EndpointOrder): Promise<void> {
  const options = { chunkBytes, successReport: true };
  const begun = performance.now();
  const source = file === undefined ? undefined : await fileSource(file);
  const sent =
    source === undefined
      ? session.send(text ?? "", options)
      : session.send(source.read(0), { ...options, total: source.size, contentType: source.contentType });
  await sent.delivered;
  tell("delivered", { messageId: sent.messageId, ms: Math.round(performance.now() - begun) });
}

const adapter = await loadAdapter();
// The relays' names are nobody's: they are on this machine.
const resolver = { addresses: async () => ["127.0.0.1"], services: async () => [] };
const app = new Msrp().use(reassembly({ mode: "stream" }), reports()).onMessage(receive);
const client = await connectThroughRelay(
  app,
  {
    relay: plan.relay,
    credentials: { username: "bob", password: "1234" },
    tls: { ca: readFileSync(plan.caFile, "utf8") },
    expires: 3600,
  },
  adapter.createConnector({ resolver }),
);
let session: Session;
if (plan.to === undefined) {
  const path = await client.path();
  session = client.expect(path);
  tell("listening", { path: path.sdpPath.map(({ text }) => text) });
} else {
  session = await client.connect({ remote: plan.to });
}
await session.ready;
tell("connected", {});
for await (const line of createInterface({ input: process.stdin })) {
  await send(session, JSON.parse(line) as EndpointOrder);
}
await session.close();
process.exit(0);
