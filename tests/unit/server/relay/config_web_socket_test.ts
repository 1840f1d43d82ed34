// The part `webSocket` of the relay's file: what becomes of it, and what is refused.
// The rest of the file is tested with the command, in tests/cli/.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "#test";
import { type RelayConfig, relayConfig } from "../../../../server/relay/config.ts";

const folder = mkdtempSync(join(tmpdir(), "msrpkit-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(webSocket: unknown): Promise<RelayConfig["webSocket"]> {
  const file = join(folder, "relay.json");
  const config = { domains: ["relay.example"], listen: ["wss://0.0.0.0:443"], users: "users", webSocket };
  writeFileSync(file, JSON.stringify(config));
  return (await relayConfig({ config: file })).webSocket;
}

describe("webSocket in the relay's configuration", () => {
  const login = {
    path: "/chat",
    cookie: "sid",
    origins: ["https://chat.example"],
    url: "https://chat.example/whoami",
  };

  test("is optional, and becomes options of the listeners and logins", async () => {
    expect(await read(undefined)).toEqual({ options: {}, logins: [] });
    const given = {
      origins: ["https://a.example"],
      behindProxy: true,
      pingSeconds: 15,
      maxMessageBytes: 65_536,
    };
    expect(await read({ ...given, logins: [login] })).toEqual({
      options: {
        origins: ["https://a.example"],
        behindProxy: true,
        pingIntervalMs: 15_000,
        maxMessageBytes: 65_536,
      },
      logins: [login],
    });
    expect((await read({ pingSeconds: 0 })).options).toEqual({ pingIntervalMs: 0 });
  });

  test("RFC 6455 §10.2: a login by cookie without origins is refused, as is what nobody knows [7977-7-05] [SEC-26]", async () => {
    const { origins: _, ...open } = login;
    for (const bad of [
      { logins: [open] },
      { logins: [{ ...login, origins: [] }] },
      { logins: [{ ...login, path: "chat" }] },
      { orgins: [] },
    ]) {
      expect([
        bad,
        await read(bad)
          .then(() => "read")
          .catch((error: Error) => error.name),
      ]).toEqual([bad, "CommandError"]);
    }
  });
});
