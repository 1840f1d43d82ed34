// `msrpkit user` without a process: what it does to a store, says and refuses.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "#test";
import { createHa1 } from "../../../../core/relay/digest.ts";
import { explain } from "../../../../server/cli/failure.ts";
import type { Terminal } from "../../../../server/cli/terminal.ts";
import { runUser, type UserAction, type UserOptions } from "../../../../server/cli/user.ts";
import { testFolder } from "../../../harness/folder.ts";

describe("runUser()", () => {
  const folder = testFolder();

  async function user(action: UserAction, name: string | undefined, options: UserOptions, password = "p") {
    const lines: string[] = [];
    const events: unknown[] = [];
    const terminal: Terminal = {
      json: false,
      columns: 0,
      result: (event, text) => {
        events.push(event);
        lines.push(text ?? "");
      },
      note: (text) => lines.push(`note: ${text}`),
      error: () => undefined,
      text: async () => undefined,
      progress: () => undefined,
    };
    let prompts = 0;
    const ask = async (prompt: string): Promise<string> => {
      prompts += 1;
      expect(prompt).toBe(`Password for ${name}@${options.domain}`);
      return password;
    };
    try {
      const status = await runUser(action, name, options, terminal, ask);
      return { status, lines, events, prompts };
    } catch (error) {
      const { exitCode, message } = explain(error);
      return { status: exitCode, lines: [message], events, prompts };
    }
  }

  for (const kind of ["", "sqlite:"]) {
    test(`adds, changes, lists and removes in ${kind}FILE`, async () => {
      const users = `${kind}${join(folder, `users-${kind.length}`)}`;
      const at = { users, domain: "example.com" };
      expect((await user("add", "alice", at)).lines).toEqual(["added alice@example.com"]);
      const twice = await user("add", "alice", at);
      expect([twice.status, twice.prompts, twice.lines[0]?.includes("already")]).toEqual([2, 0, true]);
      const changed = await user("passwd", "alice", at, "q");
      expect([changed.status, changed.prompts, changed.lines]).toEqual([0, 1, ["changed alice@example.com"]]);
      expect((await user("add", "bob", { users, domain: "example.org" })).status).toBe(0);
      expect((await user("list", undefined, { users })).lines.map((line) => line.split(" ")[0])).toEqual([
        "alice@example.com",
        "bob@example.org",
      ]);
      expect((await user("list", undefined, at)).events).toMatchObject([
        { event: "user", user: "alice", domain: "example.com" },
      ]);
      for (const action of ["passwd", "remove"] as const) {
        const nobody = await user(action, "carol", at);
        expect([nobody.status, nobody.prompts]).toEqual([2, 0]);
      }
      expect((await user("remove", "alice", at)).lines).toEqual(["removed alice@example.com"]);
      expect((await user("list", undefined, at)).lines).toEqual([]);
    });
  }

  test("the file has the hash of the last password and no password", async () => {
    const users = join(folder, "hashes");
    const at = { users, domain: "example.com" };
    await user("add", "alice", at, "first secret");
    await user("passwd", "alice", at, "second secret");
    const text = await readFile(users, "utf8");
    expect(text).toContain(
      `alice:example.com:${createHa1("MD5", "alice", "example.com", "second secret")}\n`,
    );
    expect(text).toContain(createHa1("SHA-256", "alice", "example.com", "second secret"));
    expect(text).not.toContain("secret");
  });

  test("what is missing or impossible: status 2; what cannot be reached or opened: 3 and 4", async () => {
    const users = join(folder, "wrong");
    const at = { users, domain: "example.com" };
    expect((await user("add", "alice", { domain: "example.com" })).status).toBe(2);
    expect((await user("add", "alice", { users })).status).toBe(2);
    expect((await user("add", "a:b", at)).status).toBe(2);
    expect((await user("add", "", at)).status).toBe(2);
    expect((await user("add", "alice", { ...at, users: "https://accounts.example/" })).status).toBe(4);
    expect((await user("add", "alice", { ...at, users: "mysql://x/y" })).status).toBe(4);
    expect((await user("list", undefined, { users: "postgres://u@127.0.0.1:1/d" })).status).toBe(3);
  });
});
