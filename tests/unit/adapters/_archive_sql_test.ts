// The statements of an SQL archive against a database that only writes down: values are parameters, never parts of SQL.
// What a database throws is told with its place and whether trying again is of use.
import { describe, expect, test } from "#test";
import {
  type ArchiveDatabase,
  ArchiveError,
  SqlArchive,
  type Statement,
} from "../../../adapters/_archive_sql.ts";
import { archiveRecords } from "../../support/archives.ts";

function scene(fail?: Error) {
  const ran: Statement[] = [];
  const take = async (...statements: Statement[]): Promise<void> => {
    if (fail !== undefined) throw fail;
    ran.push(...statements);
  };
  const database: ArchiveDatabase = {
    description: "a database",
    octets: "BLOB",
    query: async (...statement) => {
      await take(statement);
      return [];
    },
    transaction: (statements) => take(...statements),
    permanent: (error) => (error as Error).message === "too long",
    close: async () => undefined,
  };
  return { archive: new SqlArchive(database), ran };
}

describe("SqlArchive", () => {
  test("names of strangers are parameters, and their wildcards mean nothing", async () => {
    const { archive, ran } = scene();
    const nasty = "100%_'; DROP TABLE x; --\\";
    await archive.search({ party: nasty, text: nasty, type: nasty, session: nasty, limit: 1e9 });
    const [[sql, parameters]] = ran as [Statement];
    expect(sql).not.toContain("DROP");
    expect(sql).toContain("LIMIT 1001");
    expect(parameters[0]).toBe("%\n100\\%\\_'; drop table x; --\\\\\n%");
    expect((sql.match(/\?/g) ?? []).length).toBe(parameters.length);
  });

  test("a text has no zero, which PostgreSQL does not take", async () => {
    const { archive, ran } = scene();
    const [record] = archiveRecords();
    await archive.store([{ ...(record as NonNullable<typeof record>), text: "a\0b", messageId: "m\0" }], []);
    expect(JSON.stringify(ran)).not.toContain("\\u0000");
    expect(ran[0]?.[1].length).toBe((ran[0]?.[0].match(/\?/g) ?? []).length);
  });

  test("errors say where, and whether trying again is of use", async () => {
    for (const [message, permanent] of [
      ["too long", true],
      ["gone", false],
    ] as const) {
      const { archive } = scene(new Error(message));
      const error = await archive.removeBefore(1).catch((thrown: unknown) => thrown as ArchiveError);
      expect(error instanceof ArchiveError).toBe(true);
      expect([(error as ArchiveError).message, (error as ArchiveError).permanent]).toEqual([
        `a database: ${message}`,
        permanent,
      ]);
    }
  });
});
