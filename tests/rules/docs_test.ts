// Every block of TypeScript or shell in the README and the docs says how it is run.
// A block that nobody runs is wrong sooner or later.
import { describe, expect, test } from "#test";
import { blocksOf, documents } from "../../scripts/doc_blocks.ts";
import { filesBelow, read } from "../../scripts/tree.ts";

const blocks = documents().flatMap(blocksOf);

describe("code blocks", () => {
  test("are tagged run, serve, check or tested-by=FILE", () => {
    const untagged = blocks.filter(
      ({ how, language }) => how === undefined || (how === "check" && language === "sh"),
    );
    const advice =
      "tag it `ts run`, `ts serve`, `ts check`, `sh run`, `sh serve` or `sh tested-by=FILE` (CONTRIBUTING.md)";
    expect(untagged.map(({ doc, line, language }) => `${doc}:${line} (${language}): ${advice}`)).toEqual([]);
  });

  test("that name another test are really in it, command by command", () => {
    const tests = new Set(filesBelow("tests").concat(filesBelow(".ci")));
    const broken: string[] = [];
    for (const { doc, line, testedBy, code } of blocks) {
      if (testedBy === undefined) continue;
      if (!tests.has(testedBy)) broken.push(`${doc}:${line}: ${testedBy} does not exist`);
      else {
        const text = read(testedBy);
        const commands = code.split("\n").map((one) => one.replace(/\s+#.*$/, "").trim());
        const missing = commands.filter((one) => one !== "" && !one.startsWith("#") && !text.includes(one));
        for (const one of missing) broken.push(`${doc}:${line}: ${testedBy} does not contain "${one}"`);
      }
    }
    expect(broken).toEqual([]);
  });
});
