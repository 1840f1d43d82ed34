// The suite of relays over our own, in memory and as the command over TLS on the runtime that runs the test.
// Others can run it over theirs: it knows a URI, two users and a way to connect.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as framework from "#test";
import { afterAll, beforeAll, describe } from "#test";
import { FakeClock, MemoryNetwork } from "../../adapters/memory.ts";
import { type Connector, Msrp, relay, StaticCredentials } from "../../core/mod.ts";
import { relaySuite } from "../../testing/relay_suite.ts";
import { ownRuntime, run, start } from "../support/command.ts";
import { ownAdapter } from "../support/own_adapter.ts";

const users = [
  { username: "alice", password: "correct horse" },
  { username: "bob", password: "open sesame" },
] as const;

let network = new MemoryNetwork();
const inMemory: Connector = (...target) => network.connect(...target);

relaySuite(
  {
    name: "memory",
    users,
    connect: inMemory,
    start: async () => {
      network = new MemoryNetwork({ clock: new FakeClock() });
      const uri = "msrps://relay.example:2855;tcp";
      const passwords = Object.fromEntries(users.map(({ username, password }) => [username, password]));
      const credentials = StaticCredentials.of("relay.example", passwords);
      const app = new Msrp({ clock: network.clock }).use(
        relay({ domains: ["relay.example"], listen: [uri], credentials }),
      );
      network.listen("relay.example", 2855, app.accept, true);
      return { uri, close: () => app.close({ drainMs: 0 }) };
    },
  },
  framework,
);

describe("as a process", () => {
  const folder = mkdtempSync(join(tmpdir(), "msrpkit-relay-suite-"));
  const store = ["--users", join(folder, "users"), "--domain", "localhost"];
  beforeAll(async () => {
    for (const { username, password } of users) {
      await run(ownRuntime, ["user", "add", username, ...store], { input: `${password}\n` });
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  relaySuite(
    {
      name: `the command on ${ownRuntime}`,
      users,
      connect: async (...target) => await (await ownAdapter()).transportConnect(...target),
      start: async () => {
        const identity = ["--cert", join(folder, "cert.pem"), "--key", join(folder, "key.pem")];
        const listen = ["--listen", "msrps://localhost:0;tcp"];
        const command = start(ownRuntime, ["relay", ...listen, ...store, ...identity, "--json"]);
        const { uri } = await command.event("listening");
        const ca = readFileSync(join(folder, "cert.pem"), "utf8");
        return { uri: String(uri), tls: { ca }, close: async () => void (await command.stop()) };
      },
    },
    framework,
  );
});
