// Users in a file: changes count after a moment, faults never take the last good users away.
import { rename, truncate, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "#test";
import { createHa1, createUserhash } from "../../../../core/relay/digest.ts";
import { HtdigestFile, MAX_HTDIGEST_BYTES } from "../../../../server/credentials/htdigest_file.ts";
import { StoreError } from "../../../../server/credentials/store.ts";
import { testFolder } from "../../../harness/folder.ts";

const line = (user: string, password: string): string =>
  `${user}:r:${createHa1("MD5", user, "r", password)}\n`;

describe("HtdigestFile", () => {
  const folder = testFolder();

  /** A file, a clock to turn, and what was complained about. */
  async function open(name: string, text: string) {
    const path = join(folder, name);
    await writeFile(path, text);
    const state = { now: 0, problems: [] as string[] };
    const file = await HtdigestFile.open(path, {
      now: () => state.now,
      onProblem: ({ message }) => state.problems.push(message),
    });
    return { path, state, file };
  }

  test("answers at once while nothing is to be looked at, and looks at most once a second", async () => {
    const { path, state, file } = await open("once", line("alice", "p"));
    expect(file.lookup("alice", "r")).toEqual({ ha1: { MD5: createHa1("MD5", "alice", "r", "p") } });
    expect([file.lookup("bob", "r"), file.lookup("alice", "other")]).toEqual([undefined, undefined]);
    await writeFile(path, line("bob", "q"));
    state.now = 999;
    expect(file.lookup("bob", "r")).toBe(undefined);
    state.now = 1000;
    expect(await file.lookup("bob", "r")).toEqual({ ha1: { MD5: createHa1("MD5", "bob", "r", "q") } });
    expect(file.lookup("alice", "r")).toBe(undefined);
    await file.close();
  });

  test("sees a file that was put in its place, of the same size", async () => {
    const { path, state, file } = await open("swap", line("alice", "p"));
    await writeFile(`${path}.other`, line("carol", "p"));
    await rename(`${path}.other`, path);
    state.now = 2000;
    expect(await file.lookup("carol", "r")).not.toBe(undefined);
  });

  test("offers what all users have, also after a change", async () => {
    const { path, state, file } = await open("offer", line("alice", "p"));
    expect(file.algorithms("r")).toEqual(["MD5"]);
    await writeFile(path, `${line("alice", "p")}alice:r:${createHa1("SHA-256", "alice", "r", "p")}\n`);
    state.now = 2000;
    await file.lookup("alice", "r");
    expect(file.algorithms("r")).toEqual(["SHA-256", "MD5"]);
    const hash = createUserhash("MD5", "alice", "r");
    expect(await file.userOf(hash, "r", "MD5")).toBe("alice");
    state.now = 4000;
    expect(await file.userOf(hash, "r", "MD5")).toBe("alice");
  });

  test("reload() looks at once, as on SIGHUP", async () => {
    const { path, file } = await open("reload", line("alice", "p"));
    await writeFile(path, line("bob", "q"));
    await file.reload();
    expect(file.lookup("bob", "r")).not.toBe(undefined);
    expect(file.size).toBe(1);
  });

  test("a file that is gone: told, and the users stay; back again: read", async () => {
    const { path, state, file } = await open("gone", line("alice", "p"));
    await unlink(path);
    state.now = 1000;
    expect(await file.lookup("alice", "r")).not.toBe(undefined);
    expect(state.problems.length).toBe(1);
    await expect(file.reload()).rejects.toThrow(StoreError);
    expect(file.lookup("alice", "r")).not.toBe(undefined);
    await writeFile(path, line("bob", "q"));
    state.now = 2000;
    expect(await file.lookup("bob", "r")).not.toBe(undefined);
  });

  test("lines that make no sense are told by their number, not by their text", async () => {
    const { state, file } = await open("faults", `alice:hunter2\n${line("bob", "q")}`);
    expect(file.size).toBe(1);
    expect(state.problems.length).toBe(1);
    expect(state.problems[0]).toContain("faults:1:");
    expect(state.problems[0]).not.toContain("hunter2");
  });

  test("a file of other things is no file without users: at first refused, later the users stay", async () => {
    const path = join(folder, "other");
    await writeFile(path, "-----BEGIN CERTIFICATE-----\n");
    await expect(HtdigestFile.open(path)).rejects.toThrow("other:1: no line of the form user:realm:HA1");
    await writeFile(path, line("alice", "p"));
    const file = await HtdigestFile.open(path);
    await writeFile(path, "\u0000\n");
    await expect(file.reload()).rejects.toThrow(StoreError);
    expect(file.size).toBe(1);
    await writeFile(path, "# nobody any more\n");
    await file.reload();
    expect(file.size).toBe(0);
  });

  test("limit: a file of more than 64 MiB is not read; a missing one cannot be opened", async () => {
    const path = join(folder, "huge");
    await writeFile(path, line("alice", "p"));
    const file = await HtdigestFile.open(path);
    await truncate(path, MAX_HTDIGEST_BYTES + 1);
    await expect(file.reload()).rejects.toThrow("octets");
    expect(file.size).toBe(1);
    await expect(HtdigestFile.open(join(folder, "missing"))).rejects.toThrow("ENOENT");
  });

  test("set, remove and list", async () => {
    const file = await HtdigestFile.edit(join(folder, "managed"));
    expect(await file.list()).toEqual([]);
    expect(await file.set("bob", "r", "one", "change")).toBe(false);
    expect(await file.set("bob", "r", "one", "add")).toBe(true);
    expect(await file.set("bob", "r", "two", "add")).toBe(false);
    expect(file.lookup("bob", "r")).toEqual({
      ha1: { MD5: createHa1("MD5", "bob", "r", "one"), "SHA-256": createHa1("SHA-256", "bob", "r", "one") },
    });
    expect(await file.set("bob", "r", "two", "change")).toBe(true);
    expect(file.lookup("bob", "r")).toEqual({
      ha1: { MD5: createHa1("MD5", "bob", "r", "two"), "SHA-256": createHa1("SHA-256", "bob", "r", "two") },
    });
    await file.set("alice", "r", "p", "add");
    await file.set("alice", "a", "p", "add");
    const both = ["MD5", "SHA-256"];
    expect(await file.list()).toEqual([
      { user: "alice", realm: "a", algorithms: both },
      { user: "alice", realm: "r", algorithms: both },
      { user: "bob", realm: "r", algorithms: both },
    ]);
    expect((await file.list("a")).length).toBe(1);
    expect(await file.remove("bob", "a")).toBe(false);
    expect(await file.remove("bob", "r")).toBe(true);
    expect(file.size).toBe(2);
  });
});
