// `msrpkit receive`: texts to the terminal, messages into files, interrupted transfers that go on.
// Sender and receiver are real processes; the interruptions are real signals.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "#test";
import { testFolder } from "../harness/folder.ts";
import { eventsOf, ownRuntime, run, start } from "../support/command.ts";
import { writeLookAlikes } from "../support/look_alikes.ts";

const anyPort = ["--listen", "msrp://127.0.0.1:0;tcp"];

describe("msrpkit receive", () => {
  const folder = testFolder();

  test("prints texts, and ends after --count messages", async () => {
    const receive = start(ownRuntime, ["receive", ...anyPort, "--count", "2"]);
    const uri = (await receive.waitFor(/waiting for messages to (\S+)/))[1]!;
    for (const text of ["first", "second"]) {
      const sent = await run(ownRuntime, ["send", "--to", uri, text]);
      expect([sent.code, sent.stdout]).toEqual([0, ""]);
      expect(/^sent text: \d+ B, 1 chunk, /.test(sent.stderr)).toBe(true);
    }
    const ended = await receive.ended;
    expect([ended.code, ended.stdout]).toEqual([0, "first\nsecond\n"]);
  });

  test("RFC 4975 §14.1: only the session-id that it has printed is welcome; others get 481", async () => {
    const receive = start(ownRuntime, ["receive", ...anyPort, "--json"]);
    const uri = String((await receive.event("listening"))["uri"]);
    const sent = await run(ownRuntime, ["send", "--to", uri.replace(/\/[^/;]+;/, "/guess;"), "hi"]);
    expect(sent.code).toBe(3);
    expect(sent.stderr.includes("481")).toBe(true);
    await receive.stop();
    expect(eventsOf(receive.stdout).length).toBe(1);
  });

  test("RFC 5547 §6: stores files under safe names, and never over an existing one", async () => {
    const out = join(folder, "safe");
    const path = join(folder, "..evil name.txt");
    await writeFile(path, "octets");
    const receive = start(ownRuntime, ["receive", ...anyPort, "--out", out, "--count", "3", "--json"]);
    const uri = String((await receive.event("listening"))["uri"]);
    for (const extra of [
      ["--file", path],
      ["--file", path],
      ["--type", "text/html", "<p>", "--message-id", "id.1"],
    ]) {
      const sent = await run(ownRuntime, ["send", "--to", uri, ...extra]);
      expect([extra, sent.code]).toEqual([extra, 0]);
    }
    expect((await receive.ended).code).toBe(0);
    expect((await readdir(out)).sort()).toEqual(["evil name (1).txt", "evil name.txt", "id.1.html"]);
    expect(await readFile(join(out, "evil name (1).txt"), "utf8")).toBe("octets");
  });

  test("RFC 4975 §5.4: an interrupted transfer goes on under its Message-ID, with the octets that are missing", async () => {
    const out = join(folder, "resumed");
    const path = join(folder, "large.bin");
    const written = await writeLookAlikes(path, 4_000_000, 7);
    const listen = ["receive", "--listen", "msrp://127.0.0.1:0/drop;tcp", "--out", out, "--json"];
    const first = start(ownRuntime, listen);
    const uri = String((await first.event("listening"))["uri"]);
    const options = ["--file", path, "--message-id", "transfer.1", "--rate", "400k", "--json"];
    const sender = start(ownRuntime, ["send", "--to", uri, ...options]);
    await first.waitFor(/"event":"receiving"/);
    const stopped = await sender.stop("SIGINT");
    expect([stopped.code, eventsOf(stopped.stdout)[0]]).toEqual([
      130,
      { event: "interrupted", messageId: "transfer.1" },
    ]);
    const interrupted = await first.event("interrupted");
    expect(interrupted).toEqual({
      event: "interrupted",
      messageId: "transfer.1",
      keptPath: join(out, "large.bin.part"),
    });
    expect((await first.stop()).code).toBe(0);
    expect((await readdir(out)).sort()).toEqual(["large.bin.part", "large.bin.part.json"]);

    // Started again, the receiver finds the part by its journal.
    const second = start(ownRuntime, [...listen, "--count", "1"]);
    const again = String((await second.event("listening"))["uri"]);
    const resumed = await run(ownRuntime, [
      "send",
      "--to",
      again,
      "--file",
      path,
      "--resume",
      "transfer.1",
      "--success-report",
      "--json",
    ]);
    expect([resumed.code, resumed.stderr]).toEqual([0, ""]);
    const sent = eventsOf(resumed.stdout).find(({ event }) => event === "sent");
    const held = Number(sent?.["resumedAfterBytes"]);
    expect([held > 0, sent?.["bytes"]]).toEqual([true, written.bytes - held]);
    expect((await second.ended).code).toBe(0);
    const received = await second.event("received");
    expect([received["bytes"], received["resumedAfterBytes"]]).toEqual([written.bytes, held]);
    expect(Buffer.compare(await readFile(join(out, "large.bin")), await readFile(path))).toBe(0);
    expect(await readdir(out)).toEqual(["large.bin"]);
  }, 120_000);

  test("resuming what the receiver does not have sends all of it", async () => {
    const out = join(folder, "fresh");
    const path = join(folder, "small.bin");
    await writeFile(path, "abc");
    const receive = start(ownRuntime, ["receive", ...anyPort, "--out", out, "--count", "1", "--json"]);
    const uri = String((await receive.event("listening"))["uri"]);
    const sent = await run(ownRuntime, ["send", "--to", uri, "--file", path, "--resume", "unknown.1"]);
    expect([sent.code, sent.stderr.split("\n")[0]]).toEqual([
      0,
      "the receiver has nothing of it: sending all",
    ]);
    expect((await receive.ended).code).toBe(0);
    expect(await readFile(join(out, "small.bin"), "utf8")).toBe("abc");
  });

  test("a signal ends it in good order, with status 1 when a transfer was cut off by that", async () => {
    const receive = start(ownRuntime, ["receive", ...anyPort, "--out", join(folder, "cut"), "--json"]);
    const uri = String((await receive.event("listening"))["uri"]);
    const path = join(folder, "slow.bin");
    await writeFile(path, new Uint8Array(1_000_000));
    const sender = start(ownRuntime, ["send", "--to", uri, "--file", path, "--rate", "100k"]);
    await receive.waitFor(/"event":"receiving"/);
    const ended = await receive.stop();
    expect([ended.code, eventsOf(ended.stdout).at(-1)?.["event"]]).toEqual([1, "interrupted"]);
    const sent = await sender.ended;
    expect([sent.code === 1 || sent.code === 3, sent.stderr.startsWith("msrpkit: ")]).toEqual([true, true]);
  });
});
