// Two relays that know each other by their certificates, as processes of the command on one runtime, with a user at each.
// What stands between endpoints in tests of much data.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { hashPassword } from "../../core/mod.ts";
import { makeNamedCertificates } from "../../testing/certificates.ts";
import { asInstalled } from "./built_command.ts";
import { type RunningCommand, type RuntimeName, start } from "./command.ts";

/** Names of the relays and of their domains. */
export const domains = ["a.test", "b.test"] as const;

/** Files of these tests; gone with the process. */
export const folder: string = mkdtempSync(join(tmpdir(), "msrpkit-relays-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

const certificates = await makeNamedCertificates([...domains]);

/** Authorities of the relays' certificates, PEM. */
export const authorities: string = certificates.ca;

/** A relay; its user is `bob`, the password `1234`. */
export interface TestRelay {
  readonly domain: string;
  readonly port: number;
  readonly command: RunningCommand;
}

/** Starts both on a runtime. */
export function launchRelays(runtime: RuntimeName): Promise<TestRelay[]> {
  return Promise.all(domains.map((domain) => launchRelay(runtime, domain)));
}

/** Starts one. @param more of its configuration file */
export async function launchRelay(
  runtime: RuntimeName,
  domain: (typeof domains)[number],
  more: object = {},
): Promise<TestRelay> {
  const hashes = Object.values(hashPassword("bob", domain, "1234"));
  const config = {
    domains: [domain],
    listen: ["msrps://127.0.0.1:0;tcp"],
    users: file(`${domain}.users`, `${hashes.map((ha1) => `bob:${domain}:${ha1}`).join("\n")}\n`),
    cert: file(`${domain}.pem`, certificates.of(domain).cert),
    key: file(`${domain}.key`, certificates.of(domain).key),
    ca: file("ca.pem", authorities),
    relays: domains.filter((other) => other !== domain),
    hosts: Object.fromEntries(domains.map((name) => [name, ["127.0.0.1"]])),
    ...more,
  };
  const path = file(`${domain}-${runtime}.json`, JSON.stringify(config));
  const command = start(runtime, ["relay", "--config", path, "--json"], asInstalled(runtime));
  const { uri } = await command.event("listening");
  return { domain, port: Number(/:(\d+);/.exec(String(uri))?.[1]), command };
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}
