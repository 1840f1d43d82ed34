/**
 * `npx tsx bench/web_socket_clients.ts [bun deno node]`: 2,000 WebSocket clients that have logged in at one relay, in pairs, each
 * sending a message a second: how long delivery takes, and what is lost. The clients are raw frames in one process of their own.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { freePort, untilListening } from "../tests/harness/poll.ts";
import { openClients } from "./relay_clients.ts";
import { domain, startRelay } from "./relay_tools.ts";
import { installed, type Runtime } from "./runtimes.ts";

const count = Number(process.env["WS_CLIENTS"] ?? 2000);
const seconds = Number(process.env["WS_SECONDS"] ?? 10);
const wanted = process.argv.slice(2).filter((word): word is Runtime => installed.includes(word as Runtime));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const limits = { maxConnectionsPerAddress: 20_000, maxBindingsPerUser: 20_000 };

console.log(
  "| relay | clients | messages | lost | p50 ms | p99 ms | relay CPU | clients' CPU |\n|---|--:|--:|--:|--:|--:|--:|--:|",
);
for (const runtime of wanted.length > 0 ? wanted : installed) {
  const [tcp, port] = [await freePort(), await freePort()];
  const relay = startRelay(runtime, tcp, false, [], limits, [`ws://127.0.0.1:${port}/msrp`]);
  await untilListening(tcp);
  await untilListening(port);
  const clients = await openClients({ port, tls: false, domain, webSocket: "/msrp" }, count, 20);
  const sentAt = new Map<string, number>();
  const waits: number[] = [];
  for (const client of clients) {
    client.onFrame = (frame) => {
      const [, id = "", what] = /^MSRP (\S+) (\S+)/.exec(frame) ?? [];
      if (what !== "SEND") return;
      const message = /^Message-ID: m(\S+)/m.exec(frame)?.[1] ?? id;
      waits.push(performance.now() - (sentAt.get(message) ?? 0));
      client.accept(frame);
    };
  }
  const turns = count * seconds;
  let sent = 0;
  /** A turn of each client every second, evenly; the first second is not counted. */
  const drive = async (total: number): Promise<void> => {
    const begun = performance.now();
    const first = sent;
    while (sent - first < total) {
      const due = Math.min(total, Math.floor(((performance.now() - begun) / 1000) * count));
      for (; sent - first < due; sent++) {
        const client = clients[sent % count];
        const partner = clients[(sent % count) ^ 1];
        if (client === undefined || partner === undefined) continue;
        const id = `w${sent.toString(36).padStart(7, "0")}`;
        sentAt.set(id, performance.now());
        client.send(`${client.token} ${partner.token} ${partner.uri}`, id, "hello, how are you today?");
      }
      await pause(1);
    }
    for (let tries = 0; tries < 100 && waits.length < total; tries++) await pause(50);
  };
  await drive(count * 3);
  waits.length = 0;
  const [before, own] = [ticks(relay.pid), process.cpuUsage()];
  const begun = performance.now();
  await drive(turns);
  const elapsed = performance.now() - begun;
  const { user, system } = process.cpuUsage(own);
  waits.sort((a, b) => a - b);
  const at = (share: number): string =>
    (waits[Math.floor((waits.length - 1) * share)] ?? Number.NaN).toFixed(1);
  const share = (ms: number): string => `${((100 * ms) / elapsed).toFixed(0)} %`;
  console.log(
    `| ${runtime} | ${count} | ${turns} | ${turns - waits.length} | ${at(0.5)} | ${at(0.99)} | ${share((ticks(relay.pid) - before) * 10)} | ${share((user + system) / 1000)} |`,
  );
  for (const client of clients) client.close();
  await relay.stop();
}
process.exit(0);

/** Processor time of a process, in hundredths of a second. */
function ticks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]);
}
