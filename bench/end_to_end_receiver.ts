/**
 * The receiving process of the end-to-end benchmark: an endpoint that takes and answers everything, and the raw pump
 * beside it. It prints where they listen as one line of JSON, and ends with its standard input.
 */
import process from "node:process";
import { Msrp } from "../core/mod.ts";
import { makeCertificates } from "../testing/certificates.ts";
import { plan, type ReceiverAddress } from "./end_to_end_plan.ts";
import { ownSockets, type RawTls } from "./raw.ts";
import { ownAdapter } from "./runtimes.ts";

// Bulk goes into a sink that looks at its length, as a file would take it; small messages are whole in memory.
let octets = 0;
let streamed = Promise.resolve();
const sink = {
  immediate: true,
  write(_position: number, bytes: Uint8Array): void {
    octets += bytes.length;
  },
  close(): void {},
  abort(): void {},
};

async function readAll(stream: ReadableStream<Uint8Array>): Promise<void> {
  for await (const bytes of stream) octets += bytes.length;
}

const app = new Msrp({
  acceptUnknown: () => true,
  inbox: {
    onMessageStart: ({ contentType, total = 0 }) =>
      contentType === "application/x-stream" ? "stream" : total > 1_048_576 ? { sink } : "memory",
  },
}).onMessage((message) => {
  octets += message.size ?? 0;
  if (message.mode === "stream") streamed = readAll(message.stream());
});

const adapter = await ownAdapter();
const sockets = await ownSockets();
const { ca, server } = await makeCertificates();
const tls: RawTls = { cert: server.cert, key: server.key, ca };
const [plain, secure] = await Promise.all([
  adapter.listen(app, "msrp://127.0.0.1:0;tcp"),
  adapter.listen(app, "msrps://127.0.0.1:0;tcp", { tls: { cert: tls.cert, key: tls.key } }),
]);
const address: ReceiverAddress = {
  raw: { tcp: await sockets.serve(plan, undefined), tls: await sockets.serve(plan, tls) },
  msrp: { tcp: plain.uri.text, tls: secure.uri.text },
  tls,
};
process.stdout.write(`${JSON.stringify(address)}\n`);
process.stdin.on("data", () => {});
process.stdin.on("end", async () => {
  await streamed;
  process.exit(octets > 0 ? 0 : 1);
});
