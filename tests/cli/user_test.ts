// `msrpkit user` as a process of each runtime: passwords from a pipe and from a terminal, and nothing of them in the
// arguments, the output or the file.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "#test";
import { createHa1 } from "../../core/relay/digest.ts";
import { testFolder } from "../harness/folder.ts";
import { commandLine, eventsOf, installed, ownRuntime, root, run } from "../support/command.ts";

const realm = "example.com";
// util-linux has it everywhere; elsewhere the same keys are tried without a terminal, in the unit test.
const script = "/usr/bin/script";

describe("msrpkit user", () => {
  const folder = testFolder();

  for (const runtime of installed) {
    for (const kind of ["", "sqlite:"]) {
      test(`${runtime}, ${kind}FILE: adds, lists, changes and removes; only hashes are stored`, async () => {
        const path = join(folder, `${runtime}${kind.length}`);
        const env = { MSRPKIT_USERS: `${kind}${path}`, MSRPKIT_DOMAIN: realm };
        const user = async (args: string[], input = "") =>
          await run(runtime, ["user", ...args], { env, input });
        expect(await user(["add", "alice"], "first secret\n")).toMatchObject({
          code: 0,
          stdout: "added alice@example.com\n",
        });
        expect((await stat(path)).mode & 0o777).toBe(0o600);
        expect((await user(["passwd", "alice", "--json"], "second secret")).stdout).toBe(
          '{"event":"changed","user":"alice","domain":"example.com"}\n',
        );
        const listed = eventsOf((await user(["list", "--json"])).stdout);
        expect(listed).toMatchObject([{ event: "user", user: "alice", domain: realm }]);
        const bytes = await readFile(path, "latin1");
        expect(bytes.includes(createHa1("MD5", "alice", realm, "second secret"))).toBe(true);
        expect(bytes.includes("secret")).toBe(false);
        const again = await user(["add", "alice"], "third\n");
        expect([again.code, again.stdout, again.stderr.includes("already")]).toEqual([2, "", true]);
        expect((await user(["add", "bob"], "\n")).code).toBe(2);
        expect((await user(["remove", "alice"])).code).toBe(0);
        expect((await user(["remove", "alice"])).code).toBe(2);
        expect((await user(["list"])).stdout).toBe("");
      }, 120_000);
    }
  }

  test("takes no password as an argument, and says what it needs", async () => {
    const at = ["--users", join(folder, "x"), "--domain", realm];
    for (const args of [
      ["add", "alice", "hunter2", ...at],
      ["add", "alice", "--password", "hunter2", ...at],
      ["add", ...at],
      ["add", "alice", "--users", join(folder, "x")],
      ["list"],
      ["list", "--users", ""],
      ["add", " alice", ...at],
      ["rename", "alice"],
    ]) {
      const ended = await run(ownRuntime, ["user", ...args], { input: "p\n" });
      expect([args, ended.code, ended.stdout]).toEqual([args, 2, ""]);
    }
    expect(existsSync(join(folder, "x"))).toBe(false);
    const help = await run(ownRuntime, ["user", "--help"]);
    expect([help.code, help.stdout.startsWith("Usage: msrpkit user ")]).toEqual([0, true]);
  }, 60_000);

  for (const runtime of existsSync(script) ? installed : []) {
    test(`${runtime}: at a terminal the password is asked for twice and not shown`, async () => {
      const path = join(folder, `terminal-${runtime}`);
      const args = ["user", "add", "alice", "--users", path, "--domain", realm];
      const line = commandLine(runtime, args)
        .map((word) => `'${word}'`)
        .join(" ");
      const child = spawn(script, ["-qec", line, "/dev/null"], {
        cwd: root,
        env: { ...process.env, NO_COLOR: "1" },
      });
      let shown = "";
      const answers = ["Password for alice@example.com: ", "Again: "];
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        shown += text;
        if (answers[0] !== undefined && shown.includes(answers[0])) {
          answers.shift();
          child.stdin.write("sécreX\u007ft\r");
        }
      });
      const code = await new Promise((resolve) => child.once("close", resolve));
      expect([code, shown.includes("added alice@example.com"), shown.includes("cre")]).toEqual([
        0,
        true,
        false,
      ]);
      expect(await readFile(path, "utf8")).toContain(createHa1("MD5", "alice", realm, "sécret"));
    }, 60_000);
  }
});
