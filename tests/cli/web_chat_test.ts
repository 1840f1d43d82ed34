// `msrpkit chat` among the people of a web chat: what is typed arrives at a page's engine, and what that sends is printed.
// The server and the other person are in the test's process, the terminal is a child.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "#test";
import { ChatClient } from "../support/chat_client.ts";
import { ownRuntime, type RunningCommand, start } from "../support/command.ts";
import { people, startWebChat, type WebChatServer } from "../support/web_chat_server.ts";

const limitMs = 60_000;

describe("msrpkit chat", () => {
  let server: WebChatServer;
  let folder: string;
  beforeAll(async () => {
    server = await startWebChat();
    folder = mkdtempSync(join(tmpdir(), "msrpkit-chat-"));
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const enter = (user: keyof typeof people, ...options: string[]): RunningCommand =>
    start(ownRuntime, ["chat", server.origin, "--user", user, "--json", ...options], {
      env: { MSRPKIT_PASSWORD: people[user] },
    });

  test(
    "talks with a page: texts and files both ways, each with its ticks",
    async () => {
      const alice = await ChatClient.enter(server.origin, "alice");
      const bob = enter("bob", "--to", "alice", "--out", folder);
      await bob.event("signed-in");
      alice.chat.open("bob");
      bob.write("Hello from the terminal\n");
      await alice.line("bob", "< received Hello from the terminal");
      alice.chat.sendText("bob", "Hello from the page");
      expect((await bob.event("message"))["text"]).toBe("Hello from the page");
      await alice.line("bob", "> displayed Hello from the page");

      alice.chat.sendFiles("bob", [new File(["some octets"], "note.txt", { type: "text/x-note" })]);
      const file = await bob.event("file");
      expect([file["name"], file["size"], file["contentType"]]).toEqual(["note.txt", 11, "text/x-note"]);
      expect(readFileSync(String(file["path"]), "utf8")).toBe("some octets");

      const mine = join(folder, "mine.png");
      writeFileSync(mine, new Uint8Array(100_000).fill(7));
      bob.write(`/file ${mine}\n`);
      await alice.line("bob", "< received mine.png");
      const blob = await alice.chat.file(alice.last("bob"));
      expect([blob?.size, blob?.type]).toEqual([100_000, "image/png"]);
      bob.endInput();
      const ended = await bob.ended;
      expect([ended.code, ended.stderr]).toEqual([0, ""]);
      await alice.chat.close();
    },
    limitMs,
  );

  test(
    "a wrong password and a server that is not there are said in one sentence",
    async () => {
      const wrong = start(ownRuntime, ["chat", server.origin, "--user", "bob"], {
        env: { MSRPKIT_PASSWORD: "wrong" },
      });
      const refused = await wrong.ended;
      expect([refused.code, refused.stderr]).toEqual([
        2,
        `msrpkit: Cannot sign in at ${server.origin} as bob: refused\n`,
      ]);
      const nowhere = start(ownRuntime, ["chat", "http://127.0.0.1:1", "--user", "bob"], {
        env: { MSRPKIT_PASSWORD: "x" },
      });
      const missing = await nowhere.ended;
      expect([missing.code, missing.stderr]).toEqual([
        3,
        "msrpkit: Cannot sign in at http://127.0.0.1:1 as bob: it cannot be reached\n",
      ]);
    },
    limitMs,
  );

  test(
    "ends when the same person signs in elsewhere",
    async () => {
      const bob = enter("bob");
      await bob.event("presence");
      const page = await ChatClient.enter(server.origin, "bob");
      const ended = await bob.ended;
      expect([ended.code, ended.stderr]).toEqual([3, "msrpkit: bob has signed in elsewhere\n"]);
      await page.chat.close();
    },
    limitMs,
  );
});
