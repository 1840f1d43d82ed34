// A thousand idle clients of the relay's command on each runtime over TCP, three hundred over TLS: all are alive and reachable
// after minutes of the relay's clock, and none costs it much. How much exactly is the matter of bench/relay_idle.ts.
import process from "node:process";
import { afterEach, describe, expect, test } from "#test";
import { openClients, RelayClient, type RelayPlace, reachAll } from "../../bench/relay_clients.ts";
import { installed, type RunningCommand } from "../support/command.ts";
import { domains, launchRelay } from "../support/relays.ts";

const KIB = 1024;
const [domain] = domains;
/** The relay's clock is so many times faster. */
const clockScale = 15;
// Far above what a connection costs, below what a read buffer for each would.
const links = [
  { name: "TCP", tls: false, count: 1000, mostKib: 48 },
  { name: "TLS", tls: true, count: 300, mostKib: 80 },
] as const;

/** Half a minute of the relay's clock: so long it keeps a connection on which nobody logs in (RFC 4976 §6.1). */
async function halfMinute(place: RelayPlace): Promise<void> {
  const { socket } = await RelayClient.open(place);
  await new Promise((resolve) => socket.once("close", resolve));
}

for (const runtime of installed) {
  describe(`idle clients of a relay on ${runtime}`, () => {
    let command: RunningCommand | undefined;
    afterEach(async () => {
      await command?.stop("SIGKILL");
    });

    for (const { name, tls, count, mostKib } of links) {
      test(`RFC 4976 §6.1: ${count} over ${name} are alive and reachable after a minute, at no more than ${mostKib} KiB each [4976-6.1-08]`, async () => {
        const relay = await launchRelay(runtime, domain, {
          listen: [`${tls ? "msrps" : "msrp"}://127.0.0.1:0;tcp`],
          development: { plainAuth: true, clockScale },
          limits: { maxConnectionsPerAddress: 2000, maxBindingsPerUser: 2000 },
        });
        command = relay.command;
        const place = { port: relay.port, tls, domain };
        // What the first ones cost is code that is compiled and a heap that grows.
        for (const client of await openClients(place, 100, 10)) client.close();
        const before = command.memoryBytes() ?? Number.NaN;
        const clients = await openClients(place, count, 10);
        const each = ((command.memoryBytes() ?? Number.NaN) - before) / count / KIB;
        process.stderr.write(`${runtime}: ${each.toFixed(1)} KiB for each of ${count} over ${name}\n`);
        for (let passed = 0; passed < 2; passed++) await halfMinute(place);
        expect(clients.filter(({ closed }) => closed).length).toBe(0);
        expect(await reachAll(place, clients)).toBe(count);
        if (process.platform === "linux") expect(each).toBeLessThan(mostKib);
        for (const client of clients) client.close();
      }, 60_000);
    }
  });
}
