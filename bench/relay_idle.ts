/**
 * `npm run bench:idle [-- bun deno node --seconds N --count N]`: what 10,000 idle connections that have logged in cost the relay,
 * over TCP and TLS, and whether all are usable after a time. Then how many logins a second it takes, on fresh and on open ones.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { freePort, untilListening } from "../tests/harness/poll.ts";
import { openClients, reachAll } from "./relay_clients.ts";
import { domain, generateAny, startRelay } from "./relay_tools.ts";
import { installed, type Runtime } from "./runtimes.ts";

const words = process.argv.slice(2);
const wanted = words.filter((word): word is Runtime => installed.includes(word as Runtime));
const numberAfter = (flag: string, usual: number): number =>
  words.includes(flag) ? Number(words[words.indexOf(flag) + 1]) : usual;
const seconds = numberAfter("--seconds", 10);
const count = numberAfter("--count", 10_000);
const rows: string[] = [];

interface AuthResult {
  readonly ok: boolean;
  readonly error: string | null;
  readonly auths_per_s: number;
  readonly server_cpu_us_per_auth: number;
}

for (const runtime of wanted.length > 0 ? wanted : installed) {
  for (const tls of [false, true]) {
    const port = await freePort();
    const relay = startRelay(runtime, port, tls, [], {
      maxConnectionsPerAddress: 20_000,
      maxBindingsPerUser: 20_000,
    });
    await untilListening(port);
    const place = { port, tls, domain };
    const before = residentKib(relay.pid);
    const clients = await openClients(place, count);
    await pause(5000);
    const perClient = (residentKib(relay.pid) - before) / clients.length;
    await pause(seconds * 1000);
    const reached = await reachAll(place, clients);
    const later = (residentKib(relay.pid) - before) / clients.length;
    for (const client of clients) client.close();
    await pause(3000);
    const flags = ["auth", "--port", String(port), "--tls", tls ? "1" : "0", "--domain", domain];
    const login = (open: boolean, logins: number): AuthResult =>
      generateAny<AuthResult>([
        ...flags,
        ...["--pid", String(relay.pid), "--count", String(logins), "--concurrency", "64"],
        ...["--preconnect", open ? "1" : "0"],
      ]);
    login(true, 5000);
    const [fresh, open] = [login(false, 3000), login(true, 8000)];
    await relay.stop();
    const row = `| ${runtime} | ${tls ? "TLS" : "TCP"} | ${clients.length} | ${perClient.toFixed(1)} | ${later.toFixed(1)} | ${reached} after ${seconds} s | ${rate(fresh)} | ${rate(open)} |`;
    console.log(row);
    rows.push(row);
  }
}
const table = `| relay | link | connections | KiB each | at the end | usable | AUTH/s, fresh | AUTH/s, open |\n|---|---|--:|--:|--:|---|---|---|\n${rows.join("\n")}\n`;
if (words.includes("--docs")) {
  const head = `# Idle connections of a relay\n\nMade by \`npm run bench:idle -- --docs\`. Resident memory of the relay's process for each connection that has logged in, five seconds after the\nlast of them and at the end; then logins a second by 64 clients at a time, and in brackets those that a second of processor time is\nenough for. Load before the end: ${loadavg()[0]?.toFixed(1)}; the relay had one core.\n`;
  writeFileSync(
    fileURLToPath(new URL("../docs/3.design/relay-idle.md", import.meta.url)),
    `${head}\n${table}`,
  );
}
console.log(`\n${table}`);
process.exit(0);

function rate({ ok, error, auths_per_s, server_cpu_us_per_auth }: AuthResult): string {
  return ok ? `${Math.round(auths_per_s)} (${Math.round(1e6 / server_cpu_us_per_auth)})` : `failed: ${error}`;
}

function residentKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
