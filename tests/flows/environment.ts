// The relays that flows run against: real processes of one runtime, with certificates, users and a clock that runs faster,
// as the flows' file asks for.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashPassword } from "../../core/mod.ts";
import { freePort } from "../harness/poll.ts";
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
  /** What the relays have printed. */
  readonly output: string;
  close(): Promise<void>;
}

const relayName = "relay.test";
const secondName = "relay2.test";
const testerName = "127.0.0.1";

/** Starts both relays. */
export async function startRelays(runtime: RuntimeName, scale: number): Promise<Environment> {
  const certificates = await makeNamedCertificates([relayName, secondName, "inner.test", "outer.test"]);
  const application = await startApplication();
  const folder = mkdtempSync(join(tmpdir(), "msrpkit-flows-"));
  const passwords = { alice: secret(), bob: secret(), mallory: secret() };
  const ports = {
    RP: await freePort(),
    TP: await freePort(),
    WP: await freePort(),
    WTP: await freePort(),
    R2P: await freePort(),
    BP: await freePort(),
    OP: await freePort(),
    VP: await freePort(),
    DENYP: await freePort(),
    DEADP: await freePort(),
  };
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
        dial: { allow: [testerName], deny: [`${testerName}:${ports.DENYP}`] },
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
  return {
    certificates,
    scale,
    ports: { tls: ports.RP, tls2: ports.R2P, tcp: ports.TP, ws: ports.WTP, wss: ports.WP },
    names: { tls: relayName, tls2: secondName, tcp: relayName, ws: relayName, wss: relayName },
    scope: () => newScope(fixed, ports),
    get output() {
      return commands.map((command) => command.stdout + command.stderr).join("\n");
    },
    close: async () => {
      await Promise.all(commands.map((command) => command.stop("SIGKILL")));
      application.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
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
