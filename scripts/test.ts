// Runs one suite of tests under Bun, Deno and Node, side by side where there are processors for it, and prints what each counted.
// `tsx scripts/test.ts [bun] [deno] [node] [--suite NAME] [--json FILE] [PATH_PART…]`; the last line is `N passed, N failed`.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { filesBelow, root } from "./tree.ts";

type Runtime = "bun" | "deno" | "node";
interface Totals {
  passed: number;
  failed: number;
}

const runtimes: readonly Runtime[] = ["bun", "deno", "node"];
const slowest: readonly Runtime[] = ["node", "deno", "bun"];
// Slow or tool-hungry suites: a folder of tests/ that runs only when it is asked for by name.
const suites: readonly string[] = ["packaging", "interop", "soak", "browser", "workers"];
const limitMs = 20 * 60_000;
const filesOfGroup = 20;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { suite: { type: "string", default: "" }, json: { type: "string" } },
});
const chosen = runtimes.filter((runtime) => positionals.includes(runtime));
const parts = positionals.filter((word) => !runtimes.includes(word as Runtime));
const total: Totals = { passed: 0, failed: 0 };
const lines: string[] = [];

const plans = (chosen.length > 0 ? chosen : runtimes)
  .map((runtime) => ({ runtime, files: testFiles(runtime) }))
  .filter(({ files }) => files.length > 0);
// Each runner keeps one processor busy, more or less. What is timed has the machine for itself.
const atOnce = values.suite === "" ? Math.max(1, availableParallelism()) : 1;
// Node starts a process for every file and is the last to end, so it begins.
const waiting = plans.toSorted((a, b) => slowest.indexOf(a.runtime) - slowest.indexOf(b.runtime));
await Promise.all(
  Array.from({ length: Math.min(atOnce, plans.length) }, async () => {
    for (let plan = waiting.shift(); plan !== undefined; plan = waiting.shift()) {
      console.log(`${plan.runtime}: ${plan.files.length} files …`);
      const { output, totals } = await run(plan.runtime, plan.files);
      console.log(`\n== ${plan.runtime}\n${output}`);
      lines.push(`${plan.runtime}: ${totals.passed} passed, ${totals.failed} failed`);
      total.passed += totals.passed;
      total.failed += totals.failed;
    }
  }),
);
if (lines.length === 0) {
  console.log(`No test file matches ${JSON.stringify(parts)} in the suite "${values.suite || "default"}".`);
  total.failed = 1;
}
console.log(`\n${lines.join("\n")}\n${total.passed} passed, ${total.failed} failed`);
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(total));
process.exitCode = total.failed > 0 ? 1 : 0;

/** The suite's files for one runtime: `*_bun_test.ts` and its like run only there. */
function testFiles(runtime: Runtime): string[] {
  const others = runtimes.filter((other) => other !== runtime).map((other) => `_${other}_test.ts`);
  return filesBelow("tests").filter((path) => {
    const suite = suites.find((name) => path.startsWith(`tests/${name}/`)) ?? "";
    if (!path.endsWith("_test.ts") || suite !== values.suite) return false;
    if (others.some((ending) => path.endsWith(ending))) return false;
    return parts.length === 0 || parts.some((part) => path.includes(part));
  });
}

async function run(runtime: Runtime, files: readonly string[]): Promise<{ output: string; totals: Totals }> {
  mkdirSync(`${root}.tmp`, { recursive: true });
  const report = `${root}.tmp/junit-${runtime}-${process.pid}.xml`;
  const [command, args] = commandLine(runtime, report, files);
  const child = spawn(command, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: limitMs,
    env: { ...process.env, NO_COLOR: "1", PATH: `${root}node_modules/.bin:${process.env["PATH"]}` },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const status = await new Promise<number | null>((resolve) => {
    child.once("error", (error) => {
      output += `${command} did not start: ${error.message}\n`;
      resolve(null);
    });
    child.once("close", (code, signal) => {
      if (signal !== null) output += `${command} did not finish: ${signal}\n`;
      resolve(code);
    });
  });
  const xml = existsSync(report) ? readFileSync(report, "utf8") : "";
  const totals = count(xml);
  for (const name of silent(xml)) output += `asserts nothing: ${name}\n`;
  rmSync(report, { force: true });
  // A runner may fail outside of any test (a file that does not load, a crash): its exit status decides.
  if (status !== 0) totals.failed = Math.max(1, totals.failed);
  // Runners print each dot on a line of its own when nobody watches.
  return { output: output.replace(/^\.+\n/gm, "").trim(), totals };
}

function commandLine(runtime: Runtime, report: string, files: readonly string[]): [string, string[]] {
  switch (runtime) {
    case "bun": {
      const options = ["--only-failures", "--reporter=junit", `--reporter-outfile=${report}`];
      // bunfig.toml leaves the suites out of a plain `bun test`; naming one takes it in again.
      if (values.suite !== "") options.push("--path-ignore-patterns=**/*_deno_test.ts");
      return ["bun", ["test", ...options, ...files.map((path) => `./${path}`)]];
    }
    case "deno": {
      // Where npm has installed the packages use them; else Deno's own cache, as deno.json says.
      const packages = existsSync(`${root}node_modules`) ? ["--node-modules-dir=manual"] : [];
      const options = ["-A", "--no-check", "--reporter=dot", `--junit-path=${report}`];
      return ["deno", ["test", ...options, ...packages, ...files]];
    }
    case "node": {
      const options = ["--test-reporter=dot", "--test-reporter-destination=stdout"];
      options.push("--test-reporter=junit", `--test-reporter-destination=${report}`);
      // What is timed must not share the processors with another file.
      if (values.suite === "soak") options.push("--test-concurrency=1");
      const started = values.suite === "" ? grouped(files) : files;
      return ["node", ["--import", "tsx", "--test", ...options, ...started]];
    }
  }
}

/**
 * Node starts a process for every file, which takes longer than most files do: a few that import many take their place.
 * Hooks outside of any group would be those of the whole process, so files that have them stay on their own.
 */
function grouped(files: readonly string[]): string[] {
  const alone = files.filter((path) =>
    /^(?:before|after)(?:All|Each)\(/m.test(readFileSync(root + path, "utf8")),
  );
  const others = files.filter((path) => !alone.includes(path));
  const folder = `${root}.tmp/node-${process.pid}`;
  mkdirSync(folder, { recursive: true });
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const groups: string[] = [];
  for (let first = 0; first < others.length; first += filesOfGroup) {
    const imports = others.slice(first, first + filesOfGroup).map((path) => `import "../../${path}";\n`);
    const group = `${folder}/${groups.length}_test.mts`;
    writeFileSync(group, imports.join(""));
    groups.push(group);
  }
  return [...groups, ...alone];
}

/** The passing tests that called no expect(), which only Bun's report tells. */
function silent(xml: string): string[] {
  return [...xml.matchAll(/<testcase name="([^"]*)"[^>]* file="([^"]*)"[^>]* assertions="0" \/>/g)].map(
    ([, name = "", file = ""]) => `${file}: ${name}`,
  );
}

/** Counts the tests of a JUnit report; Deno also lists the groups, which are no tests, as cases. */
function count(xml: string): Totals {
  const cases = [...xml.matchAll(/<testcase name="([^"]*)"[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g)];
  const groups = new Set<string>();
  for (const [, name = ""] of cases) {
    for (let at = name.indexOf(" &gt; "); at !== -1; at = name.indexOf(" &gt; ", at + 1)) {
      groups.add(name.slice(0, at));
    }
  }
  const totals: Totals = { passed: 0, failed: 0 };
  for (const [, name = "", inside = ""] of cases) {
    if (groups.has(name) && xml.includes('name="deno test"')) continue;
    if (/<(failure|error)\b/.test(inside)) totals.failed += 1;
    else if (!inside.includes("<skipped")) totals.passed += 1;
  }
  return totals;
}
