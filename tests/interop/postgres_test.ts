// Users in a real PostgreSQL, which each runtime changes with `msrpkit user` and a relay's Authenticator reads.
// The table is our own, then Kamailio's; the server goes away in between and comes back.
import process from "node:process";
import { describe, expect, test } from "#test";
import { Authenticator } from "../../core/relay/authenticator.ts";
import { ClientAuth } from "../../core/relay/client_auth.ts";
import { createHa1 } from "../../core/relay/digest.ts";
import { openCredentials, openManagedStore } from "../../server/credentials/open_credentials.ts";
import { openPostgres } from "../../server/credentials/postgres.ts";
import { SqlStore } from "../../server/credentials/sql_store.ts";
import { type CredentialStore, StoreError } from "../../server/credentials/store.ts";
import { installed, run } from "../support/command.ts";
import { passwordInEnvironment, postgresMissing, startPostgres } from "./_postgres.ts";

const realm = "relay.example.com";

if (postgresMissing !== undefined) {
  test(postgresMissing, () => {
    expect(process.env["CI"]).toBe(undefined);
  });
} else {
  // Not in a hook: making a cluster takes longer than hooks may.
  const server = await startPostgres();
  describe("users in PostgreSQL", () => {
    const place = server.url;
    passwordInEnvironment(server);

    /** Logs in; gives the reason of a refusal. */
    async function login(credentials: CredentialStore, username: string, password: string): Promise<string> {
      const relay = new Authenticator({ realm, credentials });
      const digestUri = `msrps://${realm};tcp`;
      const client = new ClientAuth({ credentials: { username, password } });
      const exchange = client.begin(digestUri, { secure: true, verified: true });
      const asked = await relay.verify({ digestUri, authorization: undefined }, 0);
      const authorization = await exchange.challenged(asked.headers);
      const outcome = await relay.verify({ digestUri, authorization }, 1);
      return outcome.ok ? outcome.user : outcome.reason;
    }

    test("there is no table: a relay says so", async () => {
      await expect(openCredentials(place)).rejects.toThrow("no table subscriber; msrpkit user add makes one");
    }, 30_000);

    for (const runtime of installed) {
      test(`msrpkit user on ${runtime}; the user logs in with the password of the moment`, async () => {
        const user = async (...args: string[]) =>
          await run(runtime, ["user", ...args, "--users", place, "--domain", realm, "--json"], {
            input: `${runtime} sécret ${args[0]}\n`,
          });
        expect((await user("add", runtime)).stderr).toBe("");
        expect((await user("add", runtime)).code).toBe(2);
        const credentials = await openCredentials(place);
        expect(credentials.algorithms?.(realm)).toEqual(["SHA-512-256", "SHA-256", "MD5"]);
        expect(await login(credentials, runtime, `${runtime} sécret add`)).toBe(runtime);
        expect((await user("passwd", runtime)).code).toBe(0);
        expect(await login(credentials, runtime, `${runtime} sécret add`)).toBe("wrong-credentials");
        expect(await login(credentials, runtime, `${runtime} sécret passwd`)).toBe(runtime);
        expect((await user("list")).stdout).toContain(`"user":"${runtime}"`);
        expect((await user("remove", runtime)).code).toBe(0);
        expect(await login(credentials, runtime, `${runtime} sécret passwd`)).toBe("wrong-credentials");
        await credentials.close();
      }, 120_000);
    }

    test("names are data, never SQL", async () => {
      const store = await openManagedStore(place);
      for (const user of ["' OR '1'='1", "x'; DROP TABLE subscriber; --", "?", "$1", "zoë"]) {
        expect(await store.lookup(user, realm)).toBe(undefined);
        expect(await store.set(user, realm, "p", "add")).toBe(true);
        expect(await login(store, user, "p")).toBe(user);
        expect(await store.remove(user, realm)).toBe(true);
      }
      expect(await store.list()).toEqual([]);
      await store.close();
    }, 60_000);

    test("many lookups at once share four connections, and more than the limits are refused", async () => {
      const database = openPostgres(place, { maxWaiting: 50 });
      const store = await SqlStore.open(database);
      await store.set("alice", realm, "p", "add");
      const lookups = Array.from({ length: 100 }, async () => await store.lookup("alice", realm));
      const ends = await Promise.allSettled(lookups);
      const answered = ends.filter(({ status }) => status === "fulfilled").length;
      expect(answered).toBe(58);
      const used = await database.query(
        "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = ?",
        ["msrpkit"],
      );
      expect(Number(used[0]?.["n"])).toBeLessThan(5);
      await store.remove("alice", realm);
      await store.close();
    }, 60_000);

    test("Kamailio's table: MD5 only is offered, and enough", async () => {
      const database = openPostgres(place);
      await database.query("DROP TABLE subscriber", []);
      await database.query(
        "CREATE TABLE subscriber (id SERIAL PRIMARY KEY NOT NULL, username VARCHAR(64) DEFAULT '' NOT NULL, " +
          "domain VARCHAR(64) DEFAULT '' NOT NULL, password VARCHAR(64) DEFAULT '' NOT NULL, " +
          "ha1 VARCHAR(128) DEFAULT '' NOT NULL, ha1b VARCHAR(128) DEFAULT '' NOT NULL)",
        [],
      );
      await database.query("INSERT INTO subscriber (username, domain, ha1) VALUES (?, ?, ?)", [
        "alice",
        realm,
        createHa1("MD5", "alice", realm, "p"),
      ]);
      await database.close();
      const credentials = await openCredentials(place);
      expect(credentials.algorithms?.(realm)).toEqual(["MD5"]);
      expect(await login(credentials, "alice", "p")).toBe("alice");
      expect(await login(credentials, "alice", "q")).toBe("wrong-credentials");
      await credentials.close();
    }, 60_000);

    test("the server goes away: logins fail closed without a word of it to the client; it comes back: they work", async () => {
      const credentials = await openCredentials(place);
      expect(await login(credentials, "alice", "p")).toBe("alice");
      await server.halt();
      expect(await login(credentials, "alice", "p")).toBe("backend-failed");
      try {
        await credentials.lookup("alice", realm);
        expect("answered").toBe("failed");
      } catch (error) {
        expect(error instanceof StoreError && error.network).toBe(true);
        expect(String(error)).not.toContain(server.password);
      }
      await server.restart();
      expect(await login(credentials, "alice", "p")).toBe("alice");
      await credentials.close();
    }, 120_000);

    test("a wrong password of the database: status 4, named, not shown", async () => {
      const ended = await run("bun", ["user", "list", "--users", place], { env: { PGPASSWORD: "hunter2" } });
      expect([ended.code, ended.stderr.includes("password authentication failed")]).toEqual([4, true]);
      expect(ended.stderr).not.toContain("hunter2");
    }, 60_000);
  });
}
