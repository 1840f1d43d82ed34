// Two people, a real server, a real relay and no browser: messages, ticks, files, and what happens when one of them
// vanishes in the middle. The same engine is behind the page and the terminal.
import { afterAll, beforeAll, describe, expect, test } from "#test";
import { MemoryArchive } from "../../../../../samples/web_chat/client/archive.ts";
import { ChatClient } from "../../../../support/chat_client.ts";
import { startWebChat, type WebChatServer } from "../../../../support/web_chat_server.ts";

const limitMs = 60_000;

/** A file whose every word is its own place. */
function fileOf(name: string, octets: number, type = "application/octet-stream"): File {
  const words = new Uint32Array(Math.ceil(octets / 4)).map((_, index) => index * 2_654_435_761);
  return new File([new Uint8Array(words.buffer, 0, octets)], name, { type });
}

async function sameFile(client: ChatClient, peer: string, file: File): Promise<boolean> {
  const blob = await client.chat.file(client.last(peer));
  if (blob?.size !== file.size || blob.type !== file.type) return false;
  const [one, other] = await Promise.all([blob.bytes?.() ?? octetsOf(blob), octetsOf(file)]);
  return one.every((octet, index) => octet === other[index]);
}

async function octetsOf(blob: Blob): Promise<Uint8Array> {
  return new Uint8Array(await blob.arrayBuffer());
}

describe("two people of a web chat", () => {
  let server: WebChatServer;
  beforeAll(async () => {
    server = await startWebChat();
  });
  afterAll(() => server.close());

  test(
    "RFC 5438: ticks go from sent over delivered to displayed, when the other one looks",
    async () => {
      let looking = false;
      const alice = await ChatClient.enter(server.origin, "alice");
      const bob = await ChatClient.enter(server.origin, "bob", new MemoryArchive(), () => looking);
      bob.chat.open("alice");
      alice.chat.sendText("bob", "Hello");
      await bob.line("alice", "< received Hello");
      await alice.line("bob", "> delivered Hello");
      expect(bob.last("alice").seen).toBe(undefined);
      looking = true;
      bob.chat.looked();
      await alice.line("bob", "> displayed Hello");
      expect(bob.last("alice").seen).toBe(true);
      await Promise.all([alice.chat.close(), bob.chat.close()]);
    },
    limitMs,
  );

  test(
    "RFC 3994: typing is shown, and ends with the message",
    async () => {
      const alice = await ChatClient.enter(server.origin, "alice");
      const bob = await ChatClient.enter(server.origin, "bob");
      alice.chat.sendText("bob", "Are you there?");
      await alice.line("bob", "> delivered Are you there?");
      bob.chat.composing("alice", false);
      await alice.until(({ typing }) => typing["bob"] === true);
      bob.chat.sendText("alice", "Yes");
      await alice.line("bob", "< received Yes");
      await alice.until(({ typing }) => typing["bob"] === false);
      alice.chat.composing("bob", false);
      await bob.until(({ typing }) => typing["alice"] === true);
      alice.chat.composing("bob", true);
      await bob.until(({ typing }) => typing["alice"] === false);
      expect([alice.lines("bob"), bob.lines("alice")]).toEqual([
        ["> delivered Are you there?", "< received Yes"],
        ["< received Are you there?", "> delivered Yes"],
      ]);
      await Promise.all([alice.chat.close(), bob.chat.close()]);
    },
    limitMs,
  );

  test(
    "both call at once, and one session comes of it",
    async () => {
      const alice = await ChatClient.enter(server.origin, "alice");
      const bob = await ChatClient.enter(server.origin, "bob");
      for (let i = 0; i < 5; i++) {
        alice.chat.sendText("bob", `from alice ${i}`);
        bob.chat.sendText("alice", `from bob ${i}`);
      }
      await alice.line("bob", "> delivered from alice 4");
      await bob.line("alice", "> delivered from bob 4");
      const received = alice.lines("bob").filter((line) => line.startsWith("<"));
      expect(received).toEqual([0, 1, 2, 3, 4].map((i) => `< received from bob ${i}`));
      await Promise.all([alice.chat.close(), bob.chat.close()]);
    },
    limitMs,
  );

  test(
    "RFC 4975 §5.4: the receiver comes back in the middle of a file, which goes on where it stood",
    async () => {
      const alice = await ChatClient.enter(server.origin, "alice");
      const archive = new MemoryArchive();
      const bob = await ChatClient.enter(server.origin, "bob", archive);
      const file = fileOf("big.bin", 6_000_000);
      alice.chat.sendFiles("bob", [file]);
      await bob.until(() => bob.last("alice")?.status === "receiving");
      alice.chat.pause(alice.last("bob"));
      await bob.until(() => (bob.last("alice").file?.octets ?? 0) > 0);
      await bob.chat.close();
      const again = await ChatClient.enter(server.origin, "bob", archive);
      expect(again.last("alice").status).toBe("receiving");
      await alice.until(() => alice.last("bob").status === "sending");
      alice.chat.resume(alice.last("bob"));
      await again.line("alice", "< received big.bin");
      expect(await sameFile(again, "alice", file)).toBe(true);
      await alice.until(() => ["delivered", "displayed"].includes(alice.last("bob").status));
      await Promise.all([alice.chat.close(), again.chat.close()]);
    },
    limitMs,
  );

  test(
    "the sender comes back with an archive, and with what was not delivered",
    async () => {
      const archive = new MemoryArchive();
      const alice = await ChatClient.enter(server.origin, "alice", archive);
      const file = fileOf("small.png", 30_000, "image/png");
      alice.chat.sendText("bob", "for later");
      alice.chat.sendFiles("bob", [file]);
      await alice.chat.close();
      const [again, bob] = await Promise.all([
        ChatClient.enter(server.origin, "alice", archive),
        ChatClient.enter(server.origin, "bob"),
      ]);
      await bob.line("alice", "< received small.png");
      expect(bob.lines("alice")).toEqual(["< received for later", "< received small.png"]);
      expect(await sameFile(bob, "alice", file)).toBe(true);
      await again.line("bob", "> delivered small.png");
      await Promise.all([again.chat.close(), bob.chat.close()]);
    },
    limitMs,
  );

  test(
    "either side ends a file, and the conversation goes on",
    async () => {
      const alice = await ChatClient.enter(server.origin, "alice");
      const bob = await ChatClient.enter(server.origin, "bob");
      alice.chat.sendFiles("bob", [fileOf("one.bin", 20_000_000)]);
      await bob.until(() => bob.last("alice")?.status === "receiving");
      alice.chat.cancel(alice.last("bob"));
      await bob.line("alice", "< cancelled one.bin");
      alice.chat.sendFiles("bob", [fileOf("two.bin", 20_000_000)]);
      await bob.line("alice", "< receiving two.bin");
      bob.chat.cancel(bob.last("alice"));
      await alice.line("bob", "> failed two.bin");
      expect(alice.last("bob").reason).toBe("stopped by the other side");
      bob.chat.sendText("alice", "still here");
      await alice.line("bob", "< received still here");
      await Promise.all([alice.chat.close(), bob.chat.close()]);
    },
    limitMs,
  );

  test(
    "a file that is cancelled while the other one is away is over when he is back",
    async () => {
      const alice = await ChatClient.enter(server.origin, "alice");
      const archive = new MemoryArchive();
      const bob = await ChatClient.enter(server.origin, "bob", archive);
      alice.chat.sendFiles("bob", [fileOf("gone.bin", 20_000_000)]);
      await bob.line("alice", "< receiving gone.bin");
      alice.chat.pause(alice.last("bob"));
      await bob.chat.close();
      alice.chat.cancel(alice.last("bob"));
      const again = await ChatClient.enter(server.origin, "bob", archive);
      again.chat.open("alice");
      await again.line("alice", "< cancelled gone.bin");
      expect(alice.lines("bob")).toEqual(["> cancelled gone.bin"]);
      await Promise.all([alice.chat.close(), again.chat.close()]);
    },
    limitMs,
  );

  test(
    "the echo sends texts and files back",
    async () => {
      const alice = await ChatClient.enter(server.origin, "alice");
      const file = fileOf("tree.jpg", 300_000, "image/jpeg");
      alice.chat.sendText("echo", "Anybody?");
      await alice.line("echo", "< received Anybody?");
      alice.chat.sendFiles("echo", [file]);
      await alice.line("echo", "< received tree.jpg");
      expect(await sameFile(alice, "echo", file)).toBe(true);
      await alice.chat.close();
    },
    limitMs,
  );
});
