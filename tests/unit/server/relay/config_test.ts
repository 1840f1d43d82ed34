// Values of the relay's file that only the parts which use them can judge: refused while nothing has changed yet.
// What each field does is tested with the command, in tests/cli/.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "#test";
import { CommandError } from "../../../../server/cli/command_error.ts";
import { EXIT_USAGE } from "../../../../server/exit_codes.ts";
import { type RelayCommandOptions, relayConfig } from "../../../../server/relay/config.ts";
import { rejection } from "../../../support/nodes.ts";

const folder = mkdtempSync(join(tmpdir(), "msrpkit-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(changed: object, options: RelayCommandOptions = {}) {
  const config = join(folder, "relay.json");
  const given = { domains: ["relay.example"], listen: ["msrps://0.0.0.0:2855;tcp"], users: "users" };
  writeFileSync(config, JSON.stringify({ ...given, ...changed }));
  return relayConfig({ config, ...options });
}

describe("relayConfig()", () => {
  test("what is wrong is an error of usage that says what", async () => {
    const cases: readonly (readonly [changed: object, said: string])[] = [
      [{ domains: [] }, "domains"],
      [{ listen: [] }, "listen"],
      [{ domains: ["relay.example", "192.0.2.1"] }, "192.0.2.1"],
      [{ domains: ["relay example"] }, "relay example"],
      [{ member: "[::1]" }, "[::1]"],
      [{ relays: ["msrps://other.example"] }, "msrps://other.example"],
      [{ dial: { allow: ["10.0.0.0/99"] } }, "10.0.0.0/99"],
      [{ dial: { deny: ["host:70000"] } }, "host:70000"],
      [{ hosts: { pbx: ["pbx2"] } }, "hosts.pbx.0"],
      [{ limits: { maxExpires: 100 } }, "minExpires <= defaultExpires <= maxExpires"],
      [{ limits: { minExpires: 60.5 } }, "whole seconds"],
    ];
    for (const [changed, said] of cases) {
      const error = await rejection<CommandError>(read(changed));
      expect([
        changed,
        error instanceof CommandError && error.exitCode,
        error.message.includes(said),
      ]).toEqual([changed, EXIT_USAGE, true]);
    }
    expect((await rejection<CommandError>(read({}, { allowDial: ["10/8/"] }))).exitCode).toBe(EXIT_USAGE);
  });

  test("the command line goes before the file, and adds relays and places to dial", async () => {
    const changed = {
      relays: ["a.example"],
      dial: { allow: ["10.0.0.0/8"] },
      hosts: { pbx: ["10.0.0.1", "::1"] },
    };
    const config = await read(changed, {
      domain: ["other.example"],
      relay: ["b.example"],
      allowDial: ["pbx"],
    });
    expect([config.domains, config.relays, config.dial.allow]).toEqual([
      ["other.example"],
      ["a.example", "b.example"],
      ["10.0.0.0/8", "pbx"],
    ]);
  });
});
