// What `--users` may name, and what each of them opens.
import { join } from "node:path";
import { describe, expect, test } from "#test";
import { Authenticator } from "../../../../core/relay/authenticator.ts";
import { ClientAuth } from "../../../../core/relay/client_auth.ts";
import { openCredentials, openManagedStore } from "../../../../server/credentials/open_credentials.ts";
import { StoreError } from "../../../../server/credentials/store.ts";
import { testFolder } from "../../../harness/folder.ts";

describe("openCredentials()", () => {
  const folder = testFolder();

  for (const scheme of ["", "sqlite:", "SQLite:"]) {
    test(`a user that was stored in "${scheme}FILE" logs in at a relay`, async () => {
      const place = `${scheme}${join(folder, `users${scheme.replace(":", ".")}`)}`;
      const realm = "relay.example.com";
      const managed = await openManagedStore(place);
      await managed.set("alice", realm, "correct horse", "add");
      await managed.close();
      const credentials = await openCredentials(place);
      const relay = new Authenticator({ realm, credentials });
      const digestUri = "msrps://relay.example.com;tcp";
      for (const [password, ends] of [
        ["correct horse", true],
        ["wrong", false],
      ] as const) {
        const client = new ClientAuth({ credentials: { username: "alice", password } });
        const exchange = client.begin(digestUri, { secure: true, verified: true });
        const asked = await relay.verify({ digestUri, authorization: undefined }, 0);
        const authorization = await exchange.challenged(asked.headers);
        expect((await relay.verify({ digestUri, authorization }, 1)).ok).toBe(ends);
      }
      await credentials.close();
    });
  }

  test("an HTTP service is asked, not changed", async () => {
    expect((await openCredentials("https://accounts.example/")).description).toContain("accounts.example");
    await expect(openManagedStore("https://accounts.example/")).rejects.toThrow("changed there");
  });

  test("a PostgreSQL database that nobody answers for: an error of the network, without the password", async () => {
    const place = "postgres://msrpkit:hunter2@127.0.0.1:1/accounts";
    try {
      await openCredentials(place);
      expect("opened").toBe("failed");
    } catch (error) {
      expect(error instanceof StoreError && error.network).toBe(true);
      expect(String(error)).toContain("PostgreSQL database accounts at 127.0.0.1");
      expect(String(error)).not.toContain("hunter2");
    }
  });

  test("what is missing or unknown is named", async () => {
    await expect(openCredentials(join(folder, "missing"))).rejects.toThrow("ENOENT");
    await expect(openCredentials(`sqlite:${join(folder, "missing")}`)).rejects.toThrow("does not exist");
    await expect(openCredentials("mysql://x/y")).rejects.toThrow('Cannot keep users in "mysql:"');
  });
});
