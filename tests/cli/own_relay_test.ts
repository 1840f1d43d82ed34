// The command through a relay of its own: send and receive, offer and answer, and what goes wrong before anything is sent.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "#test";
import { eventsOf, ownRuntime, type RunningCommand, run, start } from "../support/command.ts";

const folder = mkdtempSync(join(tmpdir(), "msrpkit-own-relay-"));
const users = join(folder, "users");
const certificate = join(folder, "cert.pem");
const alice = { MSRPKIT_PASSWORD: "correct horse" };
const bob = { MSRPKIT_PASSWORD: "open sesame" };
let relay: RunningCommand;
let through: string[];

beforeAll(async () => {
  const domain = ["--users", users, "--domain", "localhost"];
  await run(ownRuntime, ["user", "add", "alice", ...domain], { input: `${alice.MSRPKIT_PASSWORD}\n` });
  await run(ownRuntime, ["user", "add", "bob", ...domain], { input: `${bob.MSRPKIT_PASSWORD}\n` });
  const identity = ["--cert", certificate, "--key", join(folder, "key.pem")];
  relay = start(ownRuntime, [
    "relay",
    "--listen",
    "msrps://localhost:0;tcp",
    ...domain,
    ...identity,
    "--json",
  ]);
  const { uri } = await relay.event("listening");
  through = ["--relay", String(uri), "--ca", certificate, "--json"];
});

afterAll(async () => {
  await relay.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("through a relay", () => {
  test("send reaches receive by the path that it prints", async () => {
    const receiver = start(ownRuntime, ["receive", ...through, "--user", "bob", "--count", "1"], {
      env: bob,
    });
    const { uri } = await receiver.event("listening");
    expect(String(uri).split(" ").length).toBe(2);
    const sending = ["send", ...through, "--user", "alice", "--to", String(uri), "--success-report", "hello"];
    const sent = await run(ownRuntime, sending, { env: alice });
    expect([sent.code, eventsOf(sent.stdout).map(({ event }) => event)]).toEqual([0, ["sent"]]);
    const received = await receiver.ended;
    expect([received.code, eventsOf(received.stdout).at(-1)?.["text"]]).toEqual([0, "hello"]);
  });

  test("offer and answer talk, each behind the relay", async () => {
    const offerer = start(ownRuntime, ["offer", ...through, "--user", "alice"], { env: alice });
    const { sdp: offer } = await offerer.event("offer");
    expect(String(offer)).toMatch(/^a=path:msrps:\/\/localhost:\d+\/\S+ msrps:/m);
    const answerer = start(ownRuntime, ["answer", ...through, "--user", "bob"], { env: bob });
    answerer.write(`${offer}\n`);
    const { sdp: answer } = await answerer.event("answer");
    offerer.write(`${answer}\n`);
    await Promise.all([offerer.event("connected"), answerer.event("connected")]);
    offerer.write("over there\n");
    expect((await answerer.event("message"))["text"]).toBe("over there");
    answerer.write("and back\n");
    expect((await offerer.event("message"))["text"]).toBe("and back");
    offerer.endInput();
    answerer.endInput();
    expect([(await offerer.ended).code, (await answerer.ended).code]).toEqual([0, 0]);
  });

  test("a wrong password, none, no user, and options that do not go together end before anything is sent", async () => {
    const to = ["--to", "msrps://localhost:9/nobody;tcp", "x"];
    for (const [args, env, code, said] of [
      [["--user", "alice"], { MSRPKIT_PASSWORD: "guessed" }, 3, /refused the credentials/],
      [["--user", "alice"], {}, 2, /MSRPKIT_PASSWORD/],
      [[], alice, 2, /--user/],
      [["--user", "alice", "--from", "msrps://localhost:9/me;tcp"], alice, 2, /--from/],
    ] as const) {
      const ended = await run(ownRuntime, ["send", ...through, ...args, ...to], {
        env: { MSRPKIT_PASSWORD: "", ...env },
      });
      expect(ended.code).toBe(code);
      expect(ended.stdout + ended.stderr).toMatch(said);
      expect(ended.stdout + ended.stderr).not.toContain("guessed");
    }
  });
});
