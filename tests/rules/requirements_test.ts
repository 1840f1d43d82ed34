// Every requirement row that binds code of this project is named by a test, in brackets in the test's name.
// The table in docs/2.reference/ is made from the same reading, so it must be up to date. What waits for a part that is
// being built stands in scripts/requirements_exempt.json under "later".
import { describe, expect, test } from "#test";
import { coverage, missing, page, requirements, tables } from "../../scripts/requirements.ts";
import { filesBelow, read } from "../../scripts/tree.ts";

const found = await Promise.all(tables().map(async (table) => ({ table, rows: await coverage(table) })));

describe("requirements", () => {
  for (const { table, rows } of found) {
    const target = `docs/2.reference/${table.replace(/^.*req-/, "requirements-")}`;

    test(`${table}: its rows are read`, () => {
      expect(requirements(table).length).toBeGreaterThan(100);
      expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    });

    test(`${table}: each binding row has a test that names it, as in "RFC 4975 §7.2: … [4975-7.2-03]"`, () => {
      expect(bySection(missing(rows).map(({ id }) => id))).toEqual([]);
    });

    test(`${table}: test names cite only rows that exist`, () => {
      const known = new Set(rows.map(({ id }) => id));
      const rfcs = new Set(rows.map(({ id }) => id.split("-")[0]));
      const cited = [...filesBelow("tests"), ...filesBelow("testing")]
        .filter((path) => path.endsWith("_test.ts") || path.startsWith("testing/"))
        .flatMap((file) =>
          [...read(file).matchAll(/\[((?:\d{4}\/)?\d{4}-(?:[\w.]+-\d+\w?|T\d+)|SEC-\d+)\]/g)].map(
            ([, id = ""]) => ({ file, id }),
          ),
        );
      const wrong = cited.filter(({ id }) => rfcs.has(id.split("-")[0]) && !known.has(id));
      expect(wrong.map(({ file, id }) => `${file}: no row ${id}`)).toEqual([]);
    });

    test(`${target} is up to date: npm run requirements`, () => {
      expect(filesBelow("docs")).toContain(target);
      expect(read(target) === page(table, rows)).toBe(true);
    });
  }
});

/** `4975-7.2-03, 4975-7.2-04` as `4975-7.2: 03 04`, one line a section. */
function bySection(ids: readonly string[]): string[] {
  const sections = new Map<string, string[]>();
  for (const id of ids) {
    const cut = id.lastIndexOf("-");
    const section = id.slice(0, cut);
    sections.set(section, [...(sections.get(section) ?? []), id.slice(cut + 1)]);
  }
  return [...sections].map(([section, numbers]) => `${section}: ${numbers.join(" ")}`);
}
