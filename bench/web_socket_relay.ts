/**
 * The relay of the WebSocket benchmark, in a process of its own: it listens over TCP, TLS and wss, and has one user. It prints
 * where as one line of JSON, and ends with its standard input.
 */
import process from "node:process";
import { Msrp, relay, StaticCredentials } from "../core/mod.ts";
import { makeCertificates } from "../testing/certificates.ts";
import { ownAdapter } from "./runtimes.ts";

/** What the relay tells. */
export interface RelayAddress {
  readonly tcp: string;
  readonly tls: string;
  readonly wss: string;
  /** Authority of its certificate. */
  readonly ca: string;
  /** Who may log in. */
  readonly user: { readonly username: string; readonly password: string };
}

const user = { username: "alice", password: "secret-a" };
const adapter = await ownAdapter();
const { ca, server } = await makeCertificates();
const plugin = relay({
  domains: ["localhost"],
  credentials: StaticCredentials.of("localhost", { [user.username]: user.password }),
  connector: adapter.transportConnect,
  dial: { allow: ["127.0.0.0/8"] },
  allowPlainAuth: true,
});
const app = new Msrp().use(plugin);
const tls = { cert: server.cert, key: server.key };
const plain = await adapter.listen(app, "msrp://127.0.0.1:0;tcp");
const secure = await adapter.listen(app, "msrps://127.0.0.1:0;tcp", { tls });
const web = await adapter.listen(app, "wss://127.0.0.1:0/msrp", { tls });
const address: RelayAddress = {
  tcp: `msrp://localhost:${plain.uri.port};tcp`,
  tls: `msrps://localhost:${secure.uri.port};tcp`,
  wss: `wss://localhost:${web.uri.port}/msrp`,
  ca,
  user,
};
for (const uri of [address.tcp, address.tls, `msrps://localhost:${web.uri.port};ws`]) plugin.announce(uri);
process.stdout.write(`${JSON.stringify(address)}\n`);
process.stdin.on("data", () => {});
process.stdin.on("end", () => process.exit(0));
