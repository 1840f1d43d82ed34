// MsrpClient in a real browser: two pages at our relay, a file from an input element, and a connection that is lost while
// it goes over. The test carries SDP between the pages.
import { createHash, randomFillSync } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "#test";
import type { Listener } from "../../adapters/_listen.ts";
import { listen } from "../../adapters/node.ts";
import { type ConnectionHandle, definePlugin, Msrp, relay, StaticCredentials } from "../../core/mod.ts";
import { browserWorks, openPage, startBrowser, type WatchedPage, whyNoBrowser } from "./_browser.ts";

const limitMs = 300_000;
const root = fileURLToPath(new URL("../../", import.meta.url));

/** What runs in a page: one client with one session, and what has come. */
const script = `
import { MsrpClient, readDescription, writeDescription } from "./adapters/websocket.ts";
globalThis.open = async (url, username, password) => {
  const client = new MsrpClient({ url, allowPlain: true, credentials: { username, password }, reconnect: { minMs: 50 } });
  globalThis.session = await client.session();
  globalThis.received = [];
  globalThis.renewals = 0;
  session.onPath(() => { renewals++ });
  session.onMessage((message) => { received.push(message) });
};
globalThis.describe = (role) => writeDescription(session, role);
globalThis.bind = (sdp, kept) => session.bind({ ...readDescription(sdp), kept });
globalThis.sendFile = () => {
  globalThis.sent = session.send(document.querySelector("input").files[0], { onProgress: (n) => { globalThis.progress = n } });
};
globalThis.hash = async (index) => {
  const digest = await crypto.subtle.digest("SHA-256", await received[index].bytes());
  return [...new Uint8Array(digest)].map((octet) => octet.toString(16).padStart(2, "0")).join("");
};`;

if (!browserWorks) {
  test(`MsrpClient in a browser: ${whyNoBrowser}`, () => {
    expect(process.env["CI"]).toBe(undefined);
  });
} else {
  describe("MsrpClient in a browser", () => {
    const connections: ConnectionHandle[] = [];
    const plugin = relay({
      domains: ["localhost"],
      credentials: StaticCredentials.of("localhost", { alice: "one", bob: "two" }),
      allowPlainAuth: true,
    });
    const watch = definePlugin({
      name: "watch",
      connect: ({ connection }, next) => {
        if (connection !== undefined) connections.push(connection);
        return next();
      },
    });
    const app = new Msrp().use(watch, plugin);
    let listener: Listener;
    let server: Server;
    let browser: Browser;

    beforeAll(async () => {
      listener = await listen(app, "ws://127.0.0.1:0/msrp");
      for (const uri of [`msrp://localhost:${listener.uri.port};ws`, "msrp://localhost:2855;tcp"])
        plugin.announce(uri);
      const stdin = { contents: script, resolveDir: root };
      const { outputFiles } = await build({ stdin, bundle: true, format: "iife", write: false });
      server = createServer((_request, response) => {
        response.setHeader("Content-Type", "text/html");
        const body = `<input type="file"><script>${outputFiles[0]?.text}</script>`;
        response.end(`<!doctype html><link rel="icon" href="data:,">${body}`);
      });
      await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
      browser = await startBrowser();
    });

    afterAll(async () => {
      await browser.close();
      server.close();
      await listener.close({ connections: "abort" });
      await app.close({ drainMs: 0 });
    });

    test(
      "RFC 7977: a file of an input goes over whole, although the connection is lost on the way",
      async () => {
        const pages = [await openPage(browser), await openPage(browser)] as [WatchedPage, WatchedPage];
        const [alice, bob] = pages.map(({ page }) => page) as [WatchedPage["page"], WatchedPage["page"]];
        const url = `ws://localhost:${listener.uri.port}/msrp`;
        for (const page of [alice, bob])
          await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
        await alice.evaluate(`open("${url}", "alice", "one")`);
        await bob.evaluate(`open("${url}", "bob", "two")`);
        const join = async (kept: boolean): Promise<void> => {
          const offer = await alice.evaluate("describe('active')");
          const answer = await bob.evaluate("describe('passive')");
          await bob.evaluate(`bind(${JSON.stringify(offer)}, ${kept})`);
          await alice.evaluate(`bind(${JSON.stringify(answer)}, ${kept})`);
        };
        await join(false);
        await alice.evaluate("session.send('hello').delivered.then(() => 0)");
        await bob.waitForFunction("received.length === 1");
        expect(await bob.evaluate("received[0].text()")).toBe("hello");
        const buffer = randomFillSync(Buffer.alloc(20 * 1_048_576));
        await alice.setInputFiles("input", { name: "random.bin", mimeType: "application/x-random", buffer });
        await alice.evaluate("sendFile()");
        await alice.waitForFunction("globalThis.progress > 4_000_000");
        // Alice's is the first.
        connections[0]?.close();
        await alice.waitForFunction("globalThis.renewals === 1");
        await join(true);
        await alice.evaluate("sent.delivered.then(() => 0)");
        await bob.waitForFunction("received.length >= 2");
        expect(await bob.evaluate("received.length")).toBe(2);
        expect(await bob.evaluate("hash(1)")).toBe(createHash("sha256").update(buffer).digest("hex"));
        expect(await bob.evaluate("received[1].contentType")).toBe("application/x-random");
        for (const { page, complaints } of pages) {
          expect(complaints).toEqual([]);
          await page.context().close();
        }
      },
      limitMs,
    );
  });
}
