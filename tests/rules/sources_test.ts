// What every source file owes its reader: a header, a bounded length, a test of its own, nothing left for later.
// The limits are those of the project's guide; each violation says how to mend it.
import { describe, expect, test } from "#test";
import { filesBelow, read } from "../../scripts/tree.ts";
import { codeOf, sourceFiles, typeScript } from "./_sources.ts";

const maxLines = 400;
const own = [...sourceFiles(), ...typeScript(["scripts", "bench"].flatMap(filesBelow))];

describe("source files", () => {
  test("begin with two sentences on what they are for", () => {
    const broken = own.filter((file) => sentences(header(read(file))) < 2);
    expect(broken.map((file) => `${file}: begin with a comment of two sentences on what it is for`)).toEqual(
      [],
    );
  });

  test(`stay under ${maxLines} lines`, () => {
    const long = own.filter((file) => read(file).split("\n").length > maxLines);
    expect(
      long.map((file) => `${file}: over ${maxLines} lines; give one of its jobs a file of its own`),
    ).toEqual([]);
  });

  test("have a unit test that mirrors their path", () => {
    const tests = new Set(filesBelow("tests/unit"));
    const suites = new Set(filesBelow("tests/adapters"));
    const missing: string[] = [];
    for (const file of sourceFiles().filter((path) => /^(core|plugins|adapters)\//.test(path))) {
      if (file.endsWith("/mod.ts") || onlyTypes(file)) continue;
      // What talks to a runtime's sockets is tested by the transport suite on that runtime.
      const runtime = /^adapters\/_?(bun|deno|node)(_\w+)?\.ts$/.exec(file)?.[1];
      if (runtime !== undefined && suites.has(`tests/adapters/transport_${runtime}_test.ts`)) continue;
      const stem = `tests/unit/${file.slice(0, -3)}`;
      const plain = stem.replace("/_", "/");
      const names = [stem, plain].flatMap((name) =>
        ["", "_bun", "_deno", "_node"].map((end) => `${name}${end}_test.ts`),
      );
      if (!names.some((name) => tests.has(name))) missing.push(`${file}: write ${stem}_test.ts`);
    }
    expect(missing).toEqual([]);
  });

  test("leave nothing for later", () => {
    const left = own.filter((file) => /\b(TODO|FIXME|XXX|HACK)\b|not (yet )?implemented/.test(read(file)));
    expect(left.map((file) => `${file}: finish it, or take it out`)).toEqual([]);
  });

  test("name no path of one machine", () => {
    const text = [...filesBelow(".")].filter((path) => /\.(ts|md|json|toml)$|^\.ci\/run$/.test(path));
    // Written in two pieces, so that this file does not find itself.
    const machine = new RegExp(
      `(^|[\\s"'\`(=])/(${["work", "root", "home", "tmp/brief"].join("|")})/\\w`,
      "m",
    );
    const broken = text.filter((path) => !path.startsWith("tests/vectors/") && machine.test(read(path)));
    expect(broken.map((file) => `${file}: a path of one machine; make it relative or temporary`)).toEqual([]);
  });
});

/** The comment at the top of a file, without its marks. */
function header(text: string): string {
  const match = /^(?:#![^\n]*\n)?((?:[ \t]*\/\/[^\n]*\n)+|\/\*[\s\S]*?\*\/)/.exec(text);
  return (match?.[1] ?? "").replace(/^\s*(\/\/|\/?\*+\/?)/gm, " ");
}

function sentences(text: string): number {
  return [...text.matchAll(/[.!?](?=\s|$)/g)].length;
}

/** Whether a file declares only types, which no test can run. */
function onlyTypes(file: string): boolean {
  return !/^\s*(export\s+)?(abstract\s+|async\s+)?(const|let|function|class)\b/m.test(codeOf(file));
}
