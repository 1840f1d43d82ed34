// The table of hosts says what tests show, and nothing else: every "yes" is a test that runs on that host, and no suite that
// runs on a host is left out.
import { describe, expect, test } from "#test";
import { type Host, type HostTest, hosts, hostsPage, rows, withTable } from "../../scripts/hosts.ts";
import { filesBelow, read } from "../../scripts/tree.ts";
import { importsOf } from "./_sources.ts";

const tests = new Set(filesBelow("tests"));

/** The endings of files that do not run on a host; a browser and workerd are driven by Node. */
const foreign: Readonly<Record<Host, RegExp>> = {
  Bun: /_(deno|node)_test\.ts$/,
  Deno: /_(bun|node)_test\.ts$/,
  Node: /_(bun|deno)_test\.ts$/,
  "deno serve": /_(bun|node)_test\.ts$/,
  Workers: /_(bun|deno)_test\.ts$/,
  browser: /_(bun|deno)_test\.ts$/,
};

const cited = rows.flatMap(({ what, cells }) =>
  hosts.flatMap((host) => {
    const cell = cells[host];
    return typeof cell === "string" ? [] : [{ host, what, cell }];
  }),
);

/** Whether a file imports another one, by whatever way. */
function reaches(from: string, to: string, seen: Set<string> = new Set()): boolean {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  return importsOf(from).some(
    ({ path, typeOnly }) => path !== undefined && !typeOnly && reaches(path, to, seen),
  );
}

function problem(host: Host, { file, suite = file, name }: HostTest): string | undefined {
  if (!tests.has(file)) return `${file} does not exist`;
  if (foreign[host].test(file)) return `${file} does not run there`;
  if (host === "Workers" && !read(file).match(/miniflare|startWorker/)) return `${file} starts no Worker`;
  if (host === "browser" && !file.startsWith("tests/browser/")) return `${file} starts no browser`;
  if (!reaches(file, suite)) return `${file} does not run ${suite}`;
  const names = [...read(suite).matchAll(/\btest\(\s*(["`])([\s\S]*?)\1/g)].map((match) => match[2] ?? "");
  if (name === "" || !names.some((one) => one.includes(name))) return `${suite} has no test "${name}"`;
  return undefined;
}

describe("the table of hosts", () => {
  test("is what `tsx scripts/hosts.ts` writes", () => {
    expect(read(hostsPage)).toBe(withTable(read(hostsPage)));
  });

  test("has a test for every yes, and a reason for every no", () => {
    const broken = cited.flatMap(({ host, what, cell }) => {
      const found = problem(host, cell);
      return found === undefined ? [] : [`${what}, ${host}: ${found}`];
    });
    const silent = rows.filter(({ cells }) => hosts.some((host) => cells[host] === ""));
    expect([broken, silent]).toEqual([[], []]);
    expect(cited.length).toBeGreaterThan(20);
  });

  test("leaves out no suite that a host has", () => {
    const used = new Set(cited.map(({ cell }) => cell.file));
    const suites = [...tests].filter((path) =>
      /^tests\/adapters\/(transport|web_socket|web_socket_client|hono)(_\w+)?_test\.ts$/.test(path),
    );
    expect(suites.filter((path) => !used.has(path))).toEqual([]);
    expect(suites.length).toBeGreaterThan(10);
  });

  test("a row that claims what no test shows is found", () => {
    const cell = {
      file: "tests/adapters/transport_bun_test.ts",
      suite: "testing/transport_bytes.ts",
      name: "no such",
    };
    expect(problem("Bun", cell)).toMatch(/has no test/);
    expect(problem("Node", cell)).toMatch(/does not run there/);
    expect(problem("Bun", { ...cell, suite: "testing/plugin_suite.ts" })).toMatch(/does not run/);
    expect(problem("Workers", { ...cell, file: "tests/adapters/transport_node_test.ts" })).toMatch(
      /no Worker/,
    );
  });
});
