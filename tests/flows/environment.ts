// The relays that flows run against: real processes of one runtime, with certificates, users and a clock that runs faster,
// as the flows' file asks for.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashPassword } from "../../core/mod.ts";
import { freePort } from "../harness/poll.ts";
import { makeNamedCertificates, type NamedCertificates } from "../support/certificates.ts";
import { type RunningCommand, type RuntimeName, start } from "../support/command.ts";
import { Scope } from "./template.ts";

/** Relays that are running, and what a script must know of them. */
export interface Environment {
  readonly certificates: NamedCertificates;
  /** How much faster the relays' clock runs. */
  readonly scale: number;
  /** Ports of the first and the second relay, by the kind of connection. */
  readonly ports: Readonly<Record<"tls" | "tls2" | "tcp", number>>;
  readonly names: Readonly<Record<"tls" | "tls2" | "tcp", string>>;
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
  const folder = mkdtempSync(join(tmpdir(), "msrpkit-flows-"));
  const passwords = { alice: secret(), bob: secret(), mallory: secret() };
  const ports = {
    RP: await freePort(),
    TP: await freePort(),
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
        development: { clockScale: scale },
      }),
    );
  };
  const commands = [
    launch(
      runtime,
      config(relayName, [`msrps://127.0.0.1:${ports.RP};tcp`, `msrp://127.0.0.1:${ports.TP};tcp`]),
    ),
    launch(runtime, config(secondName, [`msrps://127.0.0.1:${ports.R2P};tcp`])),
  ] as const;
  await Promise.all([commands[0].event("listening", 2), commands[1].event("listening", 1)]);
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
  };
  return {
    certificates,
    scale,
    ports: { tls: ports.RP, tls2: ports.R2P, tcp: ports.TP },
    names: { tls: relayName, tls2: secondName, tcp: relayName },
    scope: () => newScope(fixed, ports),
    get output() {
      return commands.map((command) => command.stdout + command.stderr).join("\n");
    },
    close: async () => {
      await Promise.all(commands.map((command) => command.stop("SIGKILL")));
      rmSync(folder, { recursive: true, force: true });
    },
  };
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
  };
  for (const [name, value] of Object.entries(uris)) scope.set(name, value);
  return scope;
}

function secret(): string {
  return randomBytes(12).toString("base64url");
}
