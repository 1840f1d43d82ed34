// Type-checks every TypeScript block of the README and the docs against the sources, with the project's own strictness.
// Runs on Node alone: the compiler is a tool of the checkout, not of the runtime.
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "#test";
import { blocksOf, documents } from "../../scripts/doc_blocks.ts";
import { root } from "../../scripts/tree.ts";

describe("TypeScript in the docs", () => {
  test("type-checks", () => {
    const folder = `${root}.tmp/docs-types`;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const blocks = documents()
      .flatMap(blocksOf)
      .filter(({ language }) => language === "ts");
    for (const { doc, line, code } of blocks) {
      writeFileSync(`${folder}/${doc.replace(/\W/g, "_")}-${line}.ts`, `${code}\nexport {};\n`);
    }
    // The condition "bun" makes the package's own name mean its sources.
    const compilerOptions = {
      customConditions: ["bun"],
      isolatedDeclarations: false,
      declaration: false,
      noUnusedLocals: false,
      noUnusedParameters: false,
    };
    const config = { extends: "../../tsconfig.json", compilerOptions, include: ["*.ts"], exclude: [] };
    writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(config));
    const { stdout } = spawnSync(`${root}node_modules/.bin/tsc`, ["--noEmit", "-p", folder], {
      encoding: "utf8",
    });
    expect(blocks.length === 0 ? "" : stdout).toBe("");
  }, 120_000);
});
