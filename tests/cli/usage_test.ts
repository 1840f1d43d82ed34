// What the command says when it is used wrongly, or when something outside of it fails: one sentence and the exit
// status that docs/2.reference/cli.md promises, never a stack trace.
import { writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "#test";
import { testFolder } from "../harness/folder.ts";
import { eventsOf, ownRuntime, run, start } from "../support/command.ts";

const nobody = "msrp://127.0.0.1:1/x;tcp";

describe("the command line", () => {
  const folder = testFolder();

  test("--help and --version answer everywhere with status 0", async () => {
    const version = await run(ownRuntime, ["--version"]);
    expect([version.code, /^\d+\.\d+\.\d+\n$/.test(version.stdout)]).toEqual([0, true]);
    for (const command of ["echo", "send", "receive", "offer", "answer"]) {
      const help = await run(ownRuntime, [command, "--help"]);
      expect([help.code, help.stdout.startsWith(`Usage: msrpkit ${command} `), help.stderr]).toEqual([
        0,
        true,
        "",
      ]);
    }
  });

  const wrong: readonly (readonly [args: string[], says: string])[] = [
    [["sned"], "unknown command 'sned'"],
    [["send", "hi"], "--to"],
    [["send", "--to", nobody], "Nothing to send"],
    [["send", "--to", "msrp://127.0.0.1:2855;tcp", "hi"], "the session-id is missing"],
    [["send", "--to", "http://x", "hi"], 'Cannot use --to "http://x"'],
    [["send", "--to", "msrp://127.0.0.1:2855/x;ws", "hi"], "only ;tcp"],
    [["send", "--to", nobody, "--bodiless", "hi"], "--bodiless sends no content"],
    [["send", "--to", nobody, "--rate", "fast", "hi"], 'Cannot read the rate "fast"'],
    [["send", "--to", nobody, "--out", "x", "hi"], "--out stores echoes"],
    [["send", "--to", nobody, "--resume", "x", "hi"], "--resume goes on with exactly one --file"],
    [["send", "--to", nobody, "--type", "nonsense", "hi"], "Content-Type is no type/subtype"],
    [["send", "--to", nobody, "--message-id", "a b", "hi"], "Message-ID is not 4 to 32"],
    [["receive", "--count", "0"], 'Cannot read --count "0"'],
    [["receive", "--listen", "msrp://127.0.0.1:0;ws"], "only ;tcp"],
    [["echo", "--listen", "msrps://127.0.0.1:0;tcp", "--cert", "x"], "belong together"],
    [["offer", "--port", "x"], 'Cannot use --port "x"'],
  ];
  for (const [args, says] of wrong) {
    test(`status 2: msrpkit ${args.join(" ")}`, async () => {
      const ended = await run(ownRuntime, args);
      expect([ended.code, ended.stdout]).toEqual([2, ""]);
      expect(ended.stderr.includes(says) ? "" : ended.stderr).toBe("");
      expect(/\n\s+at /.test(ended.stderr)).toBe(false);
    });
  }

  test("status 3: nobody listens, the peer is silent, TLS is not to be trusted", async () => {
    const refused = await run(ownRuntime, ["send", "--to", nobody, "hi"]);
    expect([refused.code, /^msrpkit: .*127\.0\.0\.1:1/.test(refused.stderr)]).toEqual([3, true]);

    const echo = start(ownRuntime, ["echo", "--listen", "msrps://127.0.0.1:0;tcp", "--json"]);
    const uri = String((await echo.event("listening"))["uri"]).replace(/;tcp$/, "/x;tcp");
    const untrusted = await run(ownRuntime, ["send", "--to", uri, "hi"]);
    expect([untrusted.code, untrusted.stderr.startsWith("msrpkit: ")]).toEqual([3, true]);
    const insecure = await run(ownRuntime, ["send", "--to", uri, "--insecure", "hi"]);
    expect([insecure.code, insecure.stderr.startsWith("sent text")]).toEqual([0, true]);
    await echo.stop();
  });

  test("status 4: files that cannot be read or written", async () => {
    const missing = join(folder, "missing");
    const cases = [
      ["send", "--to", nobody, "--file", missing],
      ["send", "--to", nobody, "--ca", missing, "hi"],
      ["receive", "--listen", "msrp://127.0.0.1:0;tcp", "--out", join(folder, "file", "below")],
    ];
    await writeFile(join(folder, "file"), "");
    for (const args of cases) {
      const ended = await run(ownRuntime, args);
      expect([args[0], ended.code, ended.stderr.startsWith("msrpkit: ")]).toEqual([args[0], 4, true]);
    }
  });

  test("status 3: a port that is taken", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const ended = await run(ownRuntime, ["echo", "--listen", `msrp://127.0.0.1:${port};tcp`]);
    await new Promise((resolve) => server.close(resolve));
    expect([ended.code, ended.stderr.includes(String(port))]).toEqual([3, true]);
  });

  test("status 141: what reads the output has gone", async () => {
    const receive = start(ownRuntime, ["receive", "--listen", "msrp://127.0.0.1:0/x;tcp", "--json"]);
    const uri = String((await receive.event("listening"))["uri"]);
    receive.closeOutput();
    await run(ownRuntime, ["send", "--to", uri, "hi"]);
    const { code, stderr } = await receive.ended;
    expect([code, stderr]).toEqual([141, ""]);
  });

  test("with --json errors are events too", async () => {
    const ended = await run(ownRuntime, ["send", "--to", nobody, "--json", "hi"]);
    const [event] = eventsOf(ended.stdout);
    expect([ended.code, event?.["event"], event?.["exitCode"]]).toEqual([3, "error", 3]);
  });

  test("standard input is sent with -, and --listen comes from the environment as well", async () => {
    const env = { MSRPKIT_LISTEN: "msrp://127.0.0.1:0/one;tcp msrp://127.0.0.1:0/two;tcp" };
    const receive = start(ownRuntime, ["receive", "--count", "2", "--json"], { env });
    for (const nth of [1, 2]) {
      const uri = String((await receive.event("listening", nth))["uri"]);
      const sent = await run(ownRuntime, ["send", "--to", uri, "--type", "text/plain", "-"], {
        input: `from ${nth}`,
      });
      expect([nth, sent.code]).toEqual([nth, 0]);
    }
    expect((await receive.ended).code).toBe(0);
    const texts = eventsOf(receive.stdout).filter(({ event }) => event === "received");
    expect(texts.map(({ text }) => text)).toEqual(["from 1", "from 2"]);
  });
});
