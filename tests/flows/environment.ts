// The relays that flows run against: real processes of one runtime, with certificates, users and a clock that runs faster,
// as the flows' file asks for.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashPassword } from "../../core/mod.ts";
import { makeNamedCertificates, type NamedCertificates } from "../../testing/certificates.ts";
import { type RunningCommand, type RuntimeName, start } from "../support/command.ts";
import { namedValue, Scope } from "./template.ts";

/** Kinds of connections that a script opens. */
export type Kind = "tls" | "tls2" | "tcp" | "ws" | "wss";

/** Relays that are running, and what a script must know of them. */
export interface Environment {
  readonly certificates: NamedCertificates;
  /** How much faster the relays' clock runs. */
  readonly scale: number;
  /** Ports of the first and the second relay, by the kind of connection. */
  readonly ports: Readonly<Record<Kind, number>>;
  readonly names: Readonly<Record<Kind, string>>;
  /** Names and values for a new flow. */
  scope(): Scope;
  /** The same relays, and listeners' ports of its own: flows of different lanes can be played at the same time. */
  readonly lanes: readonly Environment[];
  /** What the relays have printed. */
  readonly output: string;
  close(): Promise<void>;
}

const relayName = "relay.test";
const secondName = "relay2.test";
const testerName = "127.0.0.1";

/** Starts both relays. */
export async function startRelays(runtime: RuntimeName, scale: number, lanes = 1): Promise<Environment> {
  const certificates = await makeNamedCertificates([relayName, secondName, "inner.test", "outer.test"]);
  const application = await startApplication();
  const folder = mkdtempSync(join(tmpdir(), "msrpkit-flows-"));
  const passwords = { alice: secret(), bob: secret(), mallory: secret() };
  const [RP, TP, WP, WTP, R2P, ...rest] = (await freePorts(5 + lanes * stubNames.length)) as [
    number,
    number,
    number,
    number,
    number,
    ...number[],
  ];
  const ports = { RP, TP, WP, WTP, R2P };
  const stubs = Array.from({ length: lanes }, (_, lane) => {
    const own = rest.slice(lane * stubNames.length);
    return Object.fromEntries(stubNames.map((name, index) => [name, own[index]])) as StubPorts;
  });
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const lines = [relayName, secondName].flatMap((realm) =>
    Object.entries(passwords).flatMap(([user, password]) =>
      Object.values(hashPassword(user, realm, password)).map((ha1) => `${user}:${realm}:${ha1}`),
    ),
  );
  const users = file("users", `${lines.join("\n")}\n`);
  const ca = file("ca.pem", certificates.ca);
  const config = (name: string, listen: readonly string[]): string => {
    const identity = certificates.of(name);
    return file(
      `${name}.json`,
      JSON.stringify({
        domains: [name],
        listen,
        users,
        cert: file(`${name}.pem`, identity.cert),
        key: file(`${name}.key`, identity.key),
        ca,
        relays: ["inner.test", "outer.test", name === relayName ? secondName : relayName],
        hosts: Object.fromEntries([relayName, secondName, "outer.test"].map((host) => [host, ["127.0.0.1"]])),
        dial: { allow: [testerName], deny: stubs.map(({ DENYP }) => `${testerName}:${DENYP}`) },
        denyUsers: ["mallory"],
        nonceLifetimeSeconds: 60,
        webSocket: {
          logins: [{ path: "/cookie", cookie: "sid", origins: ["https://ok.test"], url: application.url }],
        },
        development: { clockScale: scale },
      }),
    );
  };
  const commands = [
    launch(
      runtime,
      config(relayName, [
        `msrps://127.0.0.1:${ports.RP};tcp`,
        `msrp://127.0.0.1:${ports.TP};tcp`,
        `wss://127.0.0.1:${ports.WP}`,
        `ws://127.0.0.1:${ports.WTP}`,
      ]),
    ),
    launch(runtime, config(secondName, [`msrps://127.0.0.1:${ports.R2P};tcp`])),
  ] as const;
  await Promise.all([commands[0].event("listening", 4), commands[1].event("listening", 1)]);
  const fixed: Record<string, string> = {
    R: relayName,
    R2: secondName,
    PEER: testerName,
    PW_A: passwords.alice,
    PW_B: passwords.bob,
    PW_M: passwords.mallory,
    ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
    R_AUTH: `msrps://${relayName}:${ports.RP};tcp`,
    R2_AUTH: `msrps://${secondName}:${ports.R2P};tcp`,
    W_AUTH: `msrps://alice@${relayName}:${ports.WP};ws`,
  };
  const lane = (own: StubPorts, all: () => readonly Environment[]): Environment => ({
    certificates,
    scale,
    ports: { tls: ports.RP, tls2: ports.R2P, tcp: ports.TP, ws: ports.WTP, wss: ports.WP },
    names: { tls: relayName, tls2: secondName, tcp: relayName, ws: relayName, wss: relayName },
    scope: () =>
      newScope(
        { ...fixed, ...Object.fromEntries(Object.entries(own).map(([name, port]) => [name, String(port)])) },
        own,
      ),
    get lanes() {
      return all();
    },
    get output() {
      return commands.map((command) => command.stdout + command.stderr).join("\n");
    },
    close: async () => {
      await Promise.all(commands.map((command) => command.stop("SIGKILL")));
      application.close();
      rmSync(folder, { recursive: true, force: true });
    },
  });
  const all: readonly Environment[] = stubs.map((own) => lane(own, () => all));
  return all[0] as Environment;
}

/** Ports where a script listens, or where nobody does. */
type StubPorts = Readonly<Record<(typeof stubNames)[number], number>>;

const stubNames = ["BP", "OP", "VP", "DENYP", "DEADP"] as const;

// Below those that the system gives to connections, which would be taken again before anybody listens.
async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>();
  while (held.size < count) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createTcpServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
    });
    if (free) held.set(port, server);
  }
  await Promise.all([...held.values()].map((server) => new Promise((resolve) => server.close(resolve))));
  return [...held.keys()];
}

/** The web application that knows whose cookie `sid=good` is. */
async function startApplication(): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    const good = request.headers.cookie === "sid=good";
    response.writeHead(good ? 200 : 401, { "content-type": "application/json" });
    response.end(good ? JSON.stringify({ user: "alice" }) : "{}");
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/whoami`, close: () => void server.close() };
}

function launch(runtime: RuntimeName, config: string): RunningCommand {
  return start(runtime, ["relay", "--config", config, "--json"]);
}

function newScope(fixed: Readonly<Record<string, string>>, ports: { BP: number; VP: number }): Scope {
  const scope = new Scope();
  for (const [name, value] of Object.entries(fixed)) scope.set(name, value);
  const session = (): string => randomBytes(16).toString("base64url");
  const uris: Record<string, string> = {
    UA: `msrps://alice.test:7001/${session()};tcp`,
    UC: `msrps://carol.test:7002/${session()};tcp`,
    UP: `msrps://pat.test:7003/${session()};tcp`,
    UB: `msrp://${testerName}:${ports.BP}/${session()};tcp`,
    UV: `msrp://${testerName}:${ports.VP}/${session()};tcp`,
    UW: `msrps://${namedValue("h1", scope)}.invalid:2855/${session()};ws`,
  };
  for (const [name, value] of Object.entries(uris)) scope.set(name, value);
  return scope;
}

function secret(): string {
  return randomBytes(12).toString("base64url");
}
