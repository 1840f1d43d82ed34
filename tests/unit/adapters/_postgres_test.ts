// What can be said of PostgreSQL without one: the place without its password, and whose errors are whose.
// The real one is in tests/interop/archive_postgres_test.ts and postgres_test.ts.
import { describe, expect, test } from "#test";
import { openPostgresClient, sqlState } from "../../../adapters/_postgres.ts";

describe("openPostgresClient()", () => {
  test("names database and host, never the password; nobody there is no error of the database", async () => {
    const client = openPostgresClient("postgresql://user:hidden@127.0.0.1:1/messages", {
      maxConnections: 1,
      timeoutMs: 1_000,
    });
    expect(client.description).toBe("PostgreSQL database messages at 127.0.0.1");
    const error = await client.query("SELECT ?", ["1"]).catch((thrown: unknown) => thrown);
    expect([error instanceof Error, sqlState(error)]).toEqual([true, undefined]);
    await client.close();
  });
});

describe("sqlState()", () => {
  test("is the database's own code and nothing else", () => {
    expect(sqlState({ code: "22P02" })).toBe("22P02");
    for (const other of [{ code: "ECONNREFUSED" }, { code: "EPIPE" }, { code: 22 }, {}])
      expect(sqlState(other)).toBe(undefined);
  });
});
