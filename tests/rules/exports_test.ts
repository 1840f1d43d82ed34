// The two tables of subpaths, npm's and JSR's, must name the same modules and the same version.
// A reader who follows the guide on one runtime then finds the same names on the other two.
import { describe, expect, test } from "#test";
import { filesBelow, read } from "../../scripts/tree.ts";

interface Condition {
  readonly bun: string;
  readonly types: string;
  readonly default: string;
}

const npm = JSON.parse(read("package.json"));
const jsr = JSON.parse(read("deno.json"));
const table: [string, Condition][] = Object.entries(npm.exports as Record<string, Condition>).filter(
  ([subpath]) => subpath !== "./package.json",
);

describe("exports", () => {
  test("package.json and deno.json export the same subpaths from the same sources", () => {
    expect(Object.fromEntries(table.map(([subpath, { bun }]) => [subpath, bun]))).toEqual(jsr.exports);
  });

  test("deno.json maps the package's own name to the sources, so that samples run from a checkout", () => {
    const own = Object.entries(jsr.imports as Record<string, string>).filter(([name]) =>
      name.startsWith("msrpkit"),
    );
    const wanted = table.map(([subpath, { bun }]) => [`msrpkit${subpath.slice(1)}`, bun]);
    expect(Object.fromEntries(own)).toEqual(Object.fromEntries(wanted));
  });

  test("every subpath's source exists, and its build output is named after it", () => {
    const present = new Set(filesBelow("."));
    const broken: string[] = [];
    for (const [subpath, { bun, types, default: js }] of table) {
      const stem = bun.slice(2, -3);
      if (!present.has(`${stem}.ts`))
        broken.push(`"${subpath}": ${bun} does not exist; write it or drop the export`);
      if (types !== `./dist/${stem}.d.ts`) broken.push(`"${subpath}": "types" should be ./dist/${stem}.d.ts`);
      if (js !== `./dist/${stem}.js`) broken.push(`"${subpath}": "default" should be ./dist/${stem}.js`);
    }
    expect(broken).toEqual([]);
  });

  test("every public adapter has a subpath", () => {
    const exported = new Set(table.map(([, { bun }]) => bun.slice(2)));
    const adapters = filesBelow("adapters").filter((path) => /^adapters\/[a-z][a-z0-9_]*\.ts$/.test(path));
    const missing = adapters.filter((path) => !exported.has(path));
    expect(missing.map((path) => `${path}: add it to "exports" of package.json and deno.json`)).toEqual([]);
  });

  test("versions and licenses agree", () => {
    expect([jsr.version, jsr.license]).toEqual([npm.version, npm.license]);
    expect(read("CHANGELOG.md")).toContain(`## ${npm.version}`);
  });

  test("all dependencies are pinned exactly", () => {
    const all = Object.entries({ ...npm.dependencies, ...npm.devDependencies } as Record<string, string>);
    const loose = all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
    expect(loose.map(([name, version]) => `${name}@${version}: write one exact version`)).toEqual([]);
  });

  test("package-lock.json knows the packages of every platform, or npm ci fails on the others", () => {
    interface Locked {
      readonly optionalDependencies?: Readonly<Record<string, string>>;
    }
    const packages: Record<string, Locked> = JSON.parse(read("package-lock.json")).packages;
    const gaps = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter((name) => !(`node_modules/${name}` in packages))
        .map((name) => `${path}: ${name}`),
    );
    expect(gaps.map((gap) => `${gap} is not in the registry: pin an older version of its parent`)).toEqual(
      [],
    );
  });
});
