// What the tests themselves owe: they all run, they wait for events and not for time, and each of them asserts.
// A skipped or sleeping test is a promise nobody keeps.
import { describe, expect, test } from "#test";
import { filesBelow } from "../../scripts/tree.ts";
import { codeOf, importsOf, typeScript } from "./_sources.ts";

// The rules test quotes what it forbids, and the harness is where #test comes from.
const files = typeScript(filesBelow("tests")).filter(
  (path) => path !== "tests/rules/tests_test.ts" && !path.startsWith("tests/harness/"),
);

const forbidden: readonly [RegExp, string][] = [
  [/\b(test|it|describe)\.(skip|only|todo|skipIf|if|failing)\b/, "run it or delete it"],
  [/\bBun\.sleep(Sync)?\(/, "wait for the event itself"],
  [
    /\bsetTimeout\(\s*(resolve|r|res|done|ok|go|f|fulfil)\b/,
    "wait for the event itself (tests/harness/poll.ts for ports)",
  ],
  [/\bsetTimeout\(\s*\(\)\s*=>\s*(resolve|r|res|done|ok|fulfil)\(/, "wait for the event itself"],
];

describe("tests", () => {
  test("are neither skipped nor focused, and do not sleep", () => {
    const broken: string[] = [];
    for (const file of files) {
      const lines = codeOf(file).split("\n");
      for (const [pattern, advice] of forbidden) {
        const hit = lines.find((line) => pattern.test(line));
        if (hit !== undefined) broken.push(`${file}: "${hit.trim()}": ${advice}`);
      }
      const slept = importsOf(file).some(({ specifier }) => specifier.endsWith("timers/promises"));
      if (slept) broken.push(`${file} imports timers/promises: wait for the event itself`);
    }
    expect(broken).toEqual([]);
  });

  test("come from #test, so that they run on all three runtimes", () => {
    const broken = files.filter((file) => {
      const names = importsOf(file).map(({ specifier }) => specifier);
      if (names.some((name) => name === "bun:test" || name === "node:test")) return true;
      // A file may also only call a suite that it imports.
      return /(?<![.\w])test\(/.test(codeOf(file)) && !names.includes("#test");
    });
    expect(broken.map((file) => `${file}: import { describe, expect, test } from "#test"`)).toEqual([]);
  });

  test("assert something", () => {
    const silent = files.filter((file) => {
      const code = codeOf(file);
      return /(?<![.\w])test\(/.test(code) && !/\b(expect|assert\w*)\(/.test(code);
    });
    expect(silent.map((file) => `${file}: no expect() in it`)).toEqual([]);
  });
});
