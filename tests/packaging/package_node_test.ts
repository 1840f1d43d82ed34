// Packs the package as npm would publish it and uses it in a project of its own, on Node, Bun and Deno.
// Also asks both registries' clients for a dry run, and TypeScript to read the declarations.
//
// The tarball stands for the published package in what the guide tells its readers to type:
//   npm install msrpkit
//   bun add msrpkit
//   deno add npm:msrpkit
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "#test";
import { read, root } from "../../scripts/tree.ts";
import { freePort, untilListening } from "../harness/poll.ts";
import { Folder, type Outcome, run, start, stop } from "./_shell.ts";

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

const limitMs = 600_000;
const folder = new Folder();
const consumer = `${folder.path}/consumer`;
const subpaths = Object.keys(JSON.parse(read("package.json")).exports).filter(
  (name) => name !== "./package.json",
);
const runtimeOnly = ["bun", "deno", "node"];
const launchers = { node: "node", bun: "bun", deno: "deno run -A --no-lock" } as const;
let packed: Packed;

/** Runs a module in the consumer's folder on one runtime. */
function consume(runtime: keyof typeof launchers, source: string): Outcome {
  writeFileSync(`${consumer}/program.mjs`, source);
  return run(`${launchers[runtime]} program.mjs`, consumer);
}

beforeAll(() => {
  mkdirSync(consumer);
  const { status, stdout, stderr } = run(`npm pack --json --pack-destination "${folder.path}"`, root);
  expect({ status, output: status === 0 ? "" : stdout + stderr }).toEqual({ status: 0, output: "" });
  const json = stdout.slice(stdout.search(/^\[/m));
  packed = JSON.parse(json)[0];
  writeFileSync(
    `${consumer}/package.json`,
    JSON.stringify({ name: "consumer", private: true, type: "module" }),
  );
  const installed = run(`npm install --no-fund --no-audit "../${packed.filename}"`, consumer);
  expect({ status: installed.status, stderr: installed.status === 0 ? "" : installed.stderr }).toEqual({
    status: 0,
    stderr: "",
  });
});

afterAll(() => folder.remove());

describe("the packed package", () => {
  test("holds the sources, the build, and nothing of the workshop", () => {
    const paths = packed.files.map(({ path }) => path);
    const workshop = paths.filter((path) => /^(tests|scripts|bench|docs|node_modules|\.)/.test(path));
    expect(workshop).toEqual([]);
    for (const wanted of [
      "package.json",
      "README.md",
      "LICENSE",
      "CHANGELOG.md",
      "mod.ts",
      "dist/mod.js",
      "dist/mod.d.ts",
    ]) {
      expect(paths).toContain(wanted);
    }
    // Sources for Bun, the build for the others, and the page of the web chat.
    expect(packed.size).toBeLessThan(1_500_000);
  });

  test("holds each file that its exports and its command name", () => {
    const { exports, bin } = JSON.parse(read("package.json"));
    const named = Object.values(exports as Record<string, string | Record<string, string>>).flatMap(
      (target) => (typeof target === "string" ? [target] : Object.values(target)),
    );
    const paths = new Set(packed.files.map(({ path }) => `./${path}`));
    expect([...named, bin.msrpkit].filter((path) => !paths.has(path))).toEqual([]);
  });

  for (const runtime of ["node", "bun", "deno"] as const) {
    test(
      `each subpath for ${runtime} is imported by ${runtime}`,
      () => {
        for (const subpath of subpaths) {
          const name = subpath.slice(2);
          if (runtimeOnly.includes(name) && name !== runtime) continue;
          const specifier = name === "" ? "msrpkit" : `msrpkit/${name}`;
          const { status, stdout, stderr } = consume(
            runtime,
            `import * as all from "${specifier}"; console.log("names:", Object.keys(all).length);`,
          );
          expect({ specifier, status, stderr: status === 0 ? "" : stderr }).toEqual({
            specifier,
            status: 0,
            stderr: "",
          });
          expect(stdout).toMatch(/names: [1-9]/);
        }
      },
      limitMs,
    );

    test(`the command answers --version on ${runtime}`, () => {
      const { stdout } = run(
        `${launchers[runtime]} node_modules/msrpkit/dist/server/bin.js --version`,
        consumer,
      );
      expect(stdout.trim()).toBe(JSON.parse(read("package.json")).version);
    });

    test(
      `the command's echo on ${runtime} delivers what the command sends`,
      async () => {
        const port = await freePort();
        const bin = `${launchers[runtime]} node_modules/msrpkit/dist/server/bin.js`;
        const server = start(`exec ${bin} echo --listen "msrp://127.0.0.1:${port};tcp"`, consumer);
        try {
          await untilListening(port);
          const sent = run(`${bin} send --to "msrp://127.0.0.1:${port}/packed;tcp" "Hello"`, consumer);
          expect({ status: sent.status, stderr: sent.status === 0 ? "" : sent.stderr }).toEqual({
            status: 0,
            stderr: "",
          });
        } finally {
          stop(server);
        }
      },
      limitMs,
    );

    test(
      `the command's demo on ${runtime} serves the web chat with its script, which nothing there could bundle`,
      async () => {
        const port = await freePort();
        const places = '--listen "msrp://127.0.0.1:0;tcp" --relay-listen "msrps://127.0.0.1:0;tcp"';
        const bin = `${launchers[runtime]} node_modules/msrpkit/dist/server/bin.js`;
        const server = start(`exec ${bin} start --http ${port} --folder demo-${runtime} ${places}`, consumer);
        try {
          await untilListening(port);
          const page = await fetch(`http://localhost:${port}/`);
          const html = await page.text();
          const script = await fetch(
            `http://localhost:${port}${/<script[^>]* src="([^"]+)"/.exec(html)?.[1]}`,
          );
          expect([page.status, script.status]).toEqual([200, 200]);
          expect(script.headers.get("content-type")).toContain("text/javascript");
          expect(await script.text()).toBe(
            readFileSync(`${consumer}/node_modules/msrpkit/dist/samples/web_chat/page/client.js`, "utf8"),
          );
        } finally {
          stop(server);
        }
      },
      limitMs,
    );
  }

  test("Bun takes the sources, the others take the build", () => {
    const source = `console.log(import.meta.resolve("msrpkit"))`;
    expect(consume("bun", source).stdout).toContain("/mod.ts");
    expect(consume("node", source).stdout).toContain("/dist/mod.js");
    expect(consume("deno", source).stdout).toContain("/dist/mod.js");
  });

  test(
    "TypeScript reads its declarations",
    () => {
      const lines = subpaths.map((name, index) => `export * as m${index} from "msrpkit${name.slice(1)}";`);
      writeFileSync(`${consumer}/types.ts`, lines.join("\n"));
      const options = "--noEmit --strict --module nodenext --target es2023 --skipLibCheck --types node";
      const roots = `--typeRoots "${root}node_modules/@types"`;
      expect(run(`tsc ${options} ${roots} types.ts`, consumer).stdout).toBe("");
    },
    limitMs,
  );
});

describe("the template of a plugin", () => {
  // What its README says, with the tarball for the published package:
  //   npm install msrpkit
  //   npm install
  //   npm test
  const template = `${folder.path}/template`;
  beforeAll(() => {
    cpSync(`${root}samples/plugin_template`, template, { recursive: true });
    const { status, stderr } = run(`npm install --no-fund --no-audit "../${packed.filename}"`, template);
    expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
  });

  for (const command of [
    "npm test",
    "bun test",
    "deno test -A --no-check --no-lock --node-modules-dir=manual",
  ]) {
    test(
      `passes its own tests: ${command}`,
      () => {
        const { status, stdout, stderr } = run(command, template);
        expect({ status, output: status === 0 ? "" : stdout + stderr }).toEqual({ status: 0, output: "" });
        expect(stdout + stderr).toContain("the third of two texts is refused");
      },
      limitMs,
    );
  }
});

describe("dry runs of publication", () => {
  test(
    "npm publish --dry-run",
    () => {
      const { status, stderr } = run("npm publish --dry-run --ignore-scripts --access public", root);
      expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
    },
    limitMs,
  );

  test(
    "deno publish --dry-run (JSR)",
    () => {
      const { status, stderr } = run("deno publish --dry-run --allow-dirty --no-check", root);
      expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
      expect(readdirSync(root)).toContain("deno.json");
    },
    limitMs,
  );
});
