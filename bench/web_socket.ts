/**
 * From a client through the relay to an endpoint over TCP, and back, in chunks of 64 KiB: the client of web pages over wss,
 * beside one over TCP, and one over TLS. The relay has a process of its own, whose processor time counts: a browser's is its own.
 *
 * Run: `bun bench/web_socket.ts`, `deno run -A bench/web_socket.ts`, `node --import tsx bench/web_socket.ts`. Prints rows of JSON.
 */
import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { type ClientSession, MsrpClient, type WebSocketConstructor } from "../adapters/websocket.ts";
import { Msrp, type Session } from "../core/mod.ts";
import { createSessionId } from "../core/wire/mod.ts";
import { chunkBytes } from "./end_to_end_plan.ts";
import { measure } from "./rounds.ts";
import { commandFor, ownAdapter, ownRuntime } from "./runtimes.ts";
import type { RelayAddress } from "./web_socket_relay.ts";

const bytes = new Uint8Array(16_777_216);
for (let at = 0; at < bytes.length; at += chunkBytes)
  crypto.getRandomValues(bytes.subarray(at, at + chunkBytes));

const [program, args] = commandFor(ownRuntime, "web_socket_relay.ts");
const relay = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
const address = await new Promise<RelayAddress>((resolve, reject) => {
  createInterface({ input: relay.stdout }).once("line", (line) => resolve(JSON.parse(line)));
  relay.once("exit", (code) => reject(new Error(`the relay ended with ${code}`)));
});

/** The runtime's WebSocket, trusting the relay's certificate. */
async function trusting(ca: string): Promise<WebSocketConstructor> {
  // biome-ignore lint/suspicious/noExplicitAny: each runtime has options of its own
  const WebSocket: any = ownRuntime === "node" ? (await import("ws")).WebSocket : globalThis.WebSocket;
  // biome-ignore lint/suspicious/noExplicitAny: Deno's, where it is Deno
  const { createHttpClient } = ((globalThis as any).Deno ?? {}) as { createHttpClient?(of: object): object };
  const trust = ownRuntime === "bun" ? { tls: { ca } } : { client: createHttpClient?.({ caCerts: [ca] }) };
  // A function that is called with `new` and gives an object gives that one.
  return function open(url: string, protocols: string[]): object {
    if (ownRuntime === "node") return new WebSocket(url, protocols, { ca, perMessageDeflate: false });
    return new WebSocket(url, { protocols, ...trust });
  } as unknown as WebSocketConstructor;
}

const adapter = await ownAdapter();
// As files take them; a page has them in memory.
const sink = { immediate: true, write(): void {}, close(): void {}, abort(): void {} };
const inbox = { onMessageStart: () => ({ sink }) };
// Messages that nobody takes wait in their session, and slow its sender down in the end.
const client = new Msrp({ inbox }).onMessage(() => undefined);
const endpoint = new Msrp({ acceptUnknown: () => true, inbox }).onMessage(() => undefined);
const listener = await adapter.listen(endpoint, "msrp://127.0.0.1:0;tcp");
const remote = (): string => listener.uri.text.replace(";", `/${createSessionId()};`);

/** The endpoint's session with whoever opens one by `open`. */
async function pair<Opened>(open: () => Promise<Opened>): Promise<[Opened, Session]> {
  const accepted = new Promise<Session>((resolve) => endpoint.onSession(resolve));
  return [await open(), await accepted];
}

/** A client over a stream. */
async function streamed(relay: string): Promise<[Session, Session]> {
  const way = await adapter.connectThroughRelay(client, {
    relay,
    credentials: address.user,
    allowPlainAuth: true,
    tls: { ca: address.ca },
  });
  return await pair(() => way.connect({ remote: remote() }));
}

const web = new MsrpClient({
  url: address.wss,
  credentials: address.user,
  chunkBytes,
  WebSocket: await trusting(address.ca),
});
await web.open();
const [tcpSession, tcpEnd] = await streamed(address.tcp);
const [tlsSession, tlsEnd] = await streamed(address.tls);
const [webSession, webEnd] = await pair<ClientSession>(() => web.connect(remote()));

/** Sends all of it; resolves when the other end has reported it. */
async function move(session: Session | ClientSession): Promise<number> {
  const options = { contentType: "application/octet-stream", chunkBytes };
  await session.send(bytes, options).delivered;
  return bytes.length / 1e6;
}

const [unit, there, back] = ["MB/s", "TCP to relay to TCP", "… and back"] as const;
// Where TLS itself takes a fourth of TCP's rate, nothing over it can reach half.
const demanded = ownRuntime === "bun" ? { least: 0.5 } : {};
await measure(
  [
    { name: there, unit, run: () => move(tcpSession) },
    { name: back, unit, run: () => move(tcpEnd) },
    { name: "TLS to relay to TCP", unit, control: there, run: () => move(tlsSession) },
    { name: "TCP to relay to TLS", unit, control: back, run: () => move(tlsEnd) },
    { name: "wss to relay to TCP", unit, control: there, ...demanded, run: () => move(webSession) },
    { name: "TCP to relay to wss", unit, control: back, ...demanded, run: () => move(webEnd) },
  ],
  [relay.pid as number],
);
relay.stdin.end();
process.exit(0);
