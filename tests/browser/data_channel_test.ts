// MSRP over data channels in a real browser (RFC 8873): two pages, an association between them, and twenty mebioctets.
// The pages run the toolkit as it is; the test carries offer and answer.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "#test";
import { browserWorks, openPage, startBrowser, type WatchedPage, whyNoBrowser } from "./_browser.ts";

const mebi = 1_048_576;
const limitMs = 300_000;

/** Calls a method of the page's end. */
function call<T>({ page }: WatchedPage, method: string, argument?: string | number): Promise<T> {
  const given = argument === undefined ? "" : JSON.stringify(argument);
  return page.evaluate(`end.${method}(${given})`) as Promise<T>;
}

if (!browserWorks) {
  test(`data channels in a browser: ${whyNoBrowser}`, () => {
    expect(process.env["CI"]).toBe(undefined);
  });
} else {
  describe("data channels in a browser", () => {
    let server: Server;
    let browser: Browser;
    let origin: string;

    beforeAll(async () => {
      const entry = fileURLToPath(new URL("_data_channel_page.ts", import.meta.url));
      const { outputFiles } = await build({
        entryPoints: [entry],
        bundle: true,
        format: "iife",
        write: false,
      });
      server = createServer((_request, response) => {
        response.setHeader("Content-Type", "text/html");
        response.end(
          `<!doctype html><link rel="icon" href="data:,"><script>${outputFiles[0]?.text}</script>`,
        );
      });
      await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
      origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      // Names under .local need a resolver that containers lack.
      browser = await startBrowser("--disable-features=WebRtcHideLocalIpsWithMdns");
    });

    afterAll(async () => {
      await browser.close();
      server.close();
    });

    test(
      "RFC 8873: a message of 20 MiB goes over, one comes back, and the end of the channel ends the session [8873-3.1-01] [8873-5.2-01] [8873-5.4-01]",
      async () => {
        const pages = [await openPage(browser), await openPage(browser)] as [WatchedPage, WatchedPage];
        for (const { page } of pages) await page.goto(origin);
        const offer = await call<string>(pages[0], "offer");
        expect(offer).toContain('a=dcmap:0 label="chat";subprotocol="msrp"');
        await call(pages[0], "answered", await call<string>(pages[1], "answer", offer));
        const received = call<[number, number]>(pages[1], "receive");
        const sum = await call<number>(pages[0], "send", 20 * mebi);
        expect(await received).toEqual([20 * mebi, sum]);
        const back = call<[number, number]>(pages[0], "receive");
        const small = await call<number>(pages[1], "send", 1000);
        expect(await back).toEqual([1000, small]);
        const ended = call(pages[1], "ended");
        await call(pages[0], "close");
        await ended;
        for (const { page, complaints } of pages) {
          expect(complaints).toEqual([]);
          await page.context().close();
        }
      },
      limitMs,
    );
  });
}
