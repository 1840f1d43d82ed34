// The web chat in a real browser: two people in two pages, and everything that can happen between them. What is said
// goes through the relay over WebSockets, as it does for anybody.
import { createHash } from "node:crypto";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "#test";
import { people } from "../support/web_chat_server.ts";
import { browserWorks, openPage, startBrowser, type WatchedPage, whyNoBrowser } from "./_browser.ts";
import { type ChildServer, startServer } from "./_server.ts";

const phone = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
  colorScheme: "dark",
} as const;
const limitMs = 300_000;

if (!browserWorks) {
  test(`the web chat in a browser: ${whyNoBrowser}`, () => {
    expect(process.env["CI"]).toBe(undefined);
  });
} else {
  describe("the web chat in a browser", () => {
    let server: ChildServer;
    let browser: Browser;

    beforeAll(async () => {
      server = await startServer();
      browser = await startBrowser();
    });

    // Of a test that has failed in the middle.
    afterEach(async () => {
      for (const context of browser.contexts()) await context.close();
    });

    afterAll(async () => {
      await browser.close();
      await server.close();
    });

    const enter = async (who: keyof typeof people, options: Parameters<typeof openPage>[1] = {}) => {
      const watched = await openPage(browser, options);
      await watched.page.goto(server.origin);
      await signIn(watched.page, who);
      return watched;
    };
    /** Both, each with the other's conversation open. */
    const both = async (
      options: Parameters<typeof openPage>[1] = {},
    ): Promise<[WatchedPage, WatchedPage]> => {
      const pages = [await enter("alice"), await enter("bob", options)] as [WatchedPage, WatchedPage];
      await openChat(pages[0].page, "bob");
      await openChat(pages[1].page, "alice");
      return pages;
    };
    const leave = async (...pages: WatchedPage[]) => {
      const complaints = pages.map((one) => one.complaints);
      for (const { page } of pages) await page.context().close();
      expect(complaints.flat()).toEqual([]);
    };

    test(
      "two people chat both ways: typing (RFC 3994), delivered and displayed ticks (RFC 5438)",
      async () => {
        const [alice, bob] = await both(phone);
        await say(alice.page, "bob", "Hello, Bob");
        await bob.page.locator(".log").getByText("Hello, Bob").waitFor();
        await alice.page.locator(".log .ticks.displayed").waitFor();
        await bob.page.getByLabel("Message to alice").pressSequentially("Grüße");
        await alice.page.locator(".log .typing").waitFor();
        await bob.page.keyboard.press("Enter");
        await alice.page.locator(".log").getByText("Grüße").waitFor();
        await alice.page.locator(".log .typing").waitFor({ state: "detached" });
        await say(bob.page, "alice", "<b>two\nlines</b> & more");
        await alice.page.locator(".message.in .text", { hasText: "more" }).waitFor();
        expect(await alice.page.locator(".message.in .text").last().innerText()).toBe(
          "<b>two\nlines</b> & more",
        );
        await leave(alice, bob);
      },
      limitMs,
    );

    test(
      "the echo sends back what one writes, through the relay",
      async () => {
        const alice = await enter("alice");
        await openChat(alice.page, "echo");
        await say(alice.page, "echo", "Anybody there?");
        await alice.page.locator(".message.in").getByText("Anybody there?").waitFor();
        await alice.page.locator(".message.out .ticks.displayed").waitFor();
        await leave(alice);
      },
      limitMs,
    );

    test(
      "RFC 4975 §5.4: 50 MiB with a progress bar, the receiver reloads in the middle, and nothing is lost",
      async () => {
        const [alice, bob] = await both();
        const digest = await sendBig(alice.page, 50);
        await progressAbove(bob.page, 10);
        await say(alice.page, "bob", "said while it is sent");
        await bob.page.reload();
        // What was there before the reload is there after it.
        await bob.page.locator(".message.in", { hasText: "big.bin" }).waitFor();
        await say(alice.page, "bob", "said while it loads");
        expect(await receivedDigest(bob.page)).toBe(digest);
        await alice.page.locator('.message.out:has-text("big.bin") .ticks.displayed').waitFor();
        for (const text of ["said while it is sent", "said while it loads"]) {
          await bob.page.locator(".message.in .text").getByText(text).waitFor();
          expect(await bob.page.locator(".message.in .text").getByText(text).count()).toBe(1);
        }
        await leave(alice, bob);
      },
      limitMs,
    );

    test(
      "RFC 4975 §5.4: the sender reloads in the middle, and goes on where the receiver stands",
      async () => {
        const [alice, bob] = await both();
        const digest = await sendBig(alice.page, 50);
        await press(alice.page, "Pause big.bin", 10);
        await bob.page.locator("progress").waitFor();
        // Its copy in the browser's database is what the next page sends.
        await written(alice.page, "alice");
        await alice.page.reload();
        await alice.page.getByRole("button", { name: "Go on with big.bin" }).click();
        expect(await receivedDigest(bob.page)).toBe(digest);
        await alice.page.locator(".message.out .ticks.displayed").waitFor();
        await leave(alice, bob);
      },
      limitMs,
    );

    test(
      "a file is paused, goes on, and another is cancelled on either side",
      async () => {
        const [alice, bob] = await both();
        const digest = await sendBig(alice.page, 30);
        await press(alice.page, "Pause big.bin", 1);
        await alice.page.getByText("paused ·").waitFor();
        await say(alice.page, "bob", "it stands still");
        await bob.page.locator(".log").getByText("it stands still").waitFor();
        await bob.page.locator("progress").waitFor();
        expect(await bob.page.locator("progress").count()).toBe(1);
        await alice.page.getByRole("button", { name: "Go on with big.bin" }).click();
        expect(await receivedDigest(bob.page)).toBe(digest);

        await sendBig(alice.page, 50, "one.bin");
        await press(alice.page, "Cancel one.bin", 1);
        await bob.page.locator(".message.in").filter({ hasText: "one.bin" }).getByText("· stopped").waitFor();
        await sendBig(alice.page, 50, "two.bin");
        await press(bob.page, "Cancel two.bin");
        await alice.page.getByText("stopped by the other side").first().waitFor();
        await say(bob.page, "alice", "and we still talk");
        await alice.page.locator(".log").getByText("and we still talk").waitFor();
        await leave(alice, bob);
      },
      limitMs,
    );

    test(
      "a picture that is dropped on the conversation is shown on both sides",
      async () => {
        const [alice, bob] = await both();
        await alice.page.evaluate(dropPicture);
        for (const { page } of [alice, bob]) {
          const picture = page.locator(".picture img[alt='red.png']");
          await picture.waitFor();
          // Its place on the page is there before its octets are read.
          const width = picture.evaluate((image: Picture) => image.decode().then(() => image.naturalWidth));
          expect(await width).toBe(1);
        }
        await leave(alice, bob);
      },
      limitMs,
    );

    test(
      "files of any kind stay files: a text, nothing at all, a picture that is none, and one with a script in it",
      async () => {
        const [alice, bob] = await both();
        const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>console.error("ran")</script></svg>';
        const files = [
          ["notes.txt", "text/plain", "a text"],
          ["empty.txt", "text/plain", ""],
          ["none.png", "image/png", "no picture"],
          ["script.svg", "image/svg+xml", svg],
          ["<i>.html", "text/html", '<script>console.error("ran")</script>'],
        ] as const;
        for (const [name, mimeType, content] of files) {
          const buffer = Buffer.from(content);
          await alice.page.setInputFiles("input[type=file]", { name, mimeType, buffer });
        }
        const incoming = bob.page.locator(".message.in .file");
        for (let at = 0; at < files.length; at++) await incoming.nth(at).waitFor();
        for (const name of ["notes.txt", "empty.txt", "none.png", "script.svg"])
          await bob.page.getByRole("link", { name: `Save ${name}` }).waitFor();
        for (const { page } of [alice, bob])
          await page.locator(".message .picture img").waitFor({ state: "detached" });
        expect(await bob.page.locator(".message.in .text").count()).toBe(0);
        await leave(alice, bob);
      },
      limitMs,
    );

    test(
      "messages to somebody who is offline wait, and arrive once",
      async () => {
        const alice = await enter("alice");
        await openChat(alice.page, "bob");
        await say(alice.page, "bob", "for later");
        await alice.page.locator(".log .ticks.waiting").waitFor();
        await written(alice.page, "alice");
        await alice.page.reload();
        await alice.page.locator(".log").getByText("for later").waitFor();
        const bob = await enter("bob");
        await openChat(bob.page, "alice");
        await bob.page.locator(".log").getByText("for later").waitFor();
        await alice.page.locator(".log .ticks.displayed").waitFor();
        expect(await bob.page.locator(".message.in").count()).toBe(1);
        await leave(alice, bob);
      },
      limitMs,
    );

    test(
      "the server starts anew in the middle of a file: both come back and nothing is lost",
      async () => {
        const [alice, bob] = await both();
        const digest = await sendBig(alice.page, 50);
        await progressAbove(bob.page, 10);
        const { port } = new URL(server.origin);
        await server.close();
        await alice.page.locator(".banner").getByText("No connection").waitFor();
        await say(alice.page, "bob", "said without a server");
        server = await startServer(Number(port));
        expect(await receivedDigest(bob.page)).toBe(digest);
        await bob.page.locator(".log").getByText("said without a server").waitFor();
        await alice.page.locator(".banner").waitFor({ state: "hidden" });
        // Browsers complain by themselves about connections that are lost.
        for (const { complaints } of [alice, bob]) {
          complaints.splice(
            0,
            complaints.length,
            ...complaints.filter((text) => !/ERR_|WebSocket connection to/.test(text)),
          );
        }
        await leave(alice, bob);
      },
      limitMs,
    );

    test(
      "two tabs of one browser are two people; the same person in a third takes over",
      async () => {
        const alice = await enter("alice");
        const bob = await enter("bob", { beside: alice.page });
        await openChat(bob.page, "alice");
        await say(bob.page, "alice", "from the tab beside");
        await alice.page.getByRole("button", { name: /bob.*new/ }).waitFor();
        // The title follows what is shown a moment later.
        await alice.page.waitForFunction('document.title.startsWith("(")');
        expect(await alice.page.title()).toBe("(1) msrpkit chat");
        const again = await enter("alice");
        await alice.page.getByText("open in another window").waitFor();
        await alice.page.getByRole("button", { name: "Use it here" }).click();
        await again.page.getByText("open in another window").waitFor();
        await openChat(alice.page, "bob");
        await say(alice.page, "bob", "here again");
        await bob.page.locator(".log").getByText("here again").waitFor();
        await leave(again, alice);
        expect(bob.complaints).toEqual([]);
      },
      limitMs,
    );

    test(
      "a wrong password is said next to the form, and Tab and Enter are all that one needs",
      async () => {
        const { page, complaints } = await openPage(browser, { colorScheme: "dark" });
        await page.goto(server.origin);
        await focus(page.getByLabel("Name"));
        await page.keyboard.type("alice");
        await page.keyboard.press("Tab");
        await page.keyboard.type("wrong");
        await page.keyboard.press("Enter");
        await page.getByRole("alert").getByText("do not go together").waitFor();
        await page.getByLabel("Password").fill(people.alice);
        await page.keyboard.press("Enter");
        const [echo, peer] = [contact(page, "echo"), contact(page, "bob")];
        // In the test before he was here.
        await peer.getByText(", offline").waitFor();
        for (let tabs = 0; tabs < 3 && (await echo.and(page.locator(":focus")).count()) === 0; tabs++)
          await page.keyboard.press("Tab");
        await focus(echo);
        // Who comes online moves up, and takes the focus from nobody.
        const bob = await enter("bob");
        await peer.getByText(", online").waitFor();
        await focus(echo);
        await page.keyboard.press("Enter");
        await focus(page.getByLabel("Message to echo"));
        await page.keyboard.type("by keyboard");
        await page.keyboard.press("Enter");
        await page.locator(".message.in").getByText("by keyboard").waitFor();
        await page.getByRole("button", { name: "Sign out" }).click();
        await focus(page.getByLabel("Name"));
        await page.context().close();
        await leave(bob);
        // The browser says of itself that it got a 401.
        expect(complaints.filter((text) => !text.includes("401"))).toEqual([]);
      },
      limitMs,
    );

    for (const width of [390, 1280]) {
      for (const colorScheme of ["light", "dark"] as const) {
        test(
          `at ${width} pixels in ${colorScheme}: nothing sticks out, and text has a contrast of 4.5:1`,
          async () => {
            const view = { viewport: { width, height: 800 }, colorScheme, reducedMotion: "reduce" } as const;
            const alice = await enter("alice", view);
            await openChat(alice.page, "echo");
            await say(alice.page, "echo", `https://example.org/${"long".repeat(60)}`);
            await alice.page.locator(".message.out .ticks.displayed").waitFor();
            await alice.page.locator(".message.in").waitFor();
            expect(await alice.page.evaluate(widths)).toEqual([]);
            expect(await alice.page.evaluate(contrasts)).toEqual([]);
            await leave(alice);
          },
          limitMs,
        );
      }
    }
  });
}

async function signIn(page: Page, who: keyof typeof people): Promise<void> {
  await page.getByLabel("Name").fill(who);
  await page.getByLabel("Password").fill(people[who]);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Contacts" }).waitFor();
}

function contact(page: Page, name: string): Locator {
  return page.locator(".contact").filter({ hasText: name });
}

/** Waits until an element has the focus. */
async function focus(element: Locator): Promise<void> {
  await element.and(element.page().locator(":focus")).waitFor();
}

/** Presses a button of a file once more than so many percent have moved, in the page: from here it could be too late. */
async function press(page: Page, name: string, percent = 0): Promise<void> {
  await page.waitForFunction(
    ({ name, percent }) => {
      interface Element {
        readonly value: number;
        click(): void;
        closest(selector: string): Element;
        querySelector(selector: string): Element | null;
      }
      const { document } = globalThis as never as { document: Element };
      const button = document.querySelector(`[aria-label="${name}"]`);
      const moved = button?.closest(".file").querySelector("progress")?.value ?? 0;
      if (moved > percent) button?.click();
      return moved > percent;
    },
    { name, percent },
  );
}

/** Waits until the browser's database has what the page has told it so far: there everything takes its turn. */
async function written(page: Page, who: keyof typeof people): Promise<void> {
  await page.evaluate(`new Promise((done, failed) => {
    const opening = indexedDB.open("msrpkit-web-chat-${who}");
    opening.onerror = failed;
    opening.onsuccess = () => {
      const reading = opening.result.transaction(["items", "files"]);
      reading.objectStore("files").count();
      reading.oncomplete = () => done(opening.result.close());
    };
  })`);
}

async function openChat(page: Page, peer: string): Promise<void> {
  await contact(page, peer).click();
  await page.getByRole("heading", { name: peer }).waitFor();
}

async function say(page: Page, peer: string, text: string): Promise<void> {
  await page.getByLabel(`Message to ${peer}`).fill(text);
  await page.keyboard.press("Enter");
}

/** Sends so many MiB that differ everywhere; gives their digest. */
async function sendBig(page: Page, mebibytes: number, name = "big.bin"): Promise<string> {
  const hash = createHash("sha256");
  const piece = Buffer.alloc(1_048_576);
  for (let i = 0; i < mebibytes; i++) hash.update(fill(piece, i));
  // Made in the page, because a file of this size cannot be handed over to it.
  await page.evaluate(
    ({ mebibytes, name }) => {
      const pieces: Uint8Array<ArrayBuffer>[] = [];
      for (let i = 0; i < mebibytes; i++) {
        const words = new Uint32Array(262_144);
        for (let at = 0; at < words.length; at++) words[at] = i * 262_144 + at;
        pieces.push(new Uint8Array(words.buffer));
      }
      const transfer = new (globalThis as never as { DataTransfer: new () => Transfer }).DataTransfer();
      transfer.items.add(new File(pieces, name));
      interface Transfer {
        items: { add(file: File): void };
        files: unknown;
      }
      const input = (globalThis as never as Dom).document.querySelector("input[type=file]");
      input.files = transfer.files;
      for (const type of ["input", "change"]) input.dispatchEvent(new Event(type, { bubbles: true }));
      interface Dom {
        document: { querySelector(selector: string): EventTarget & { files: unknown } };
      }
    },
    { mebibytes, name },
  );
  return hash.digest("hex");
}

function fill(piece: Buffer, index: number): Buffer {
  for (let at = 0; at < 262_144; at++) piece.writeUInt32LE(index * 262_144 + at, at * 4);
  return piece;
}

async function progressAbove(page: Page, percent: number): Promise<void> {
  await page.waitForFunction((wanted) => {
    const dom = globalThis as never as {
      document: { querySelectorAll(selector: string): ArrayLike<{ value: number }> };
    };
    return Array.from(dom.document.querySelectorAll("progress")).some(({ value }) => value > wanted);
  }, percent);
}

/** Waits until the file has come, and gives the digest of what can be saved. */
async function receivedDigest(page: Page, name = "big.bin"): Promise<string> {
  const link = page.getByRole("link", { name: `Save ${name}` });
  await link.waitFor({ timeout: 180_000 });
  const downloading = page.waitForEvent("download");
  await link.click();
  const hash = createHash("sha256");
  for await (const octets of await (await downloading).createReadStream()) hash.update(octets);
  return hash.digest("hex");
}

/** Runs in the page: drops a red picture of one pixel on the conversation. */
function dropPicture(): void {
  const base64 =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
  const octets = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  interface Window {
    DataTransfer: new () => { items: { add(file: File): void } };
    DragEvent: new (type: string, init: object) => Event;
    document: { querySelector(selector: string): EventTarget };
  }
  const page = globalThis as never as Window;
  const dataTransfer = new page.DataTransfer();
  dataTransfer.items.add(new File([octets], "red.png", { type: "image/png" }));
  const log = page.document.querySelector(".log");
  for (const type of ["dragenter", "dragover", "drop"]) {
    log.dispatchEvent(new page.DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  }
}

interface Picture {
  readonly naturalWidth: number;
  decode(): Promise<void>;
}

interface Box {
  readonly className: unknown;
  readonly textContent: string;
  readonly childNodes: Iterable<{ readonly nodeType: number; readonly textContent: string }>;
  readonly parentElement: Box | null;
  getBoundingClientRect(): { readonly left: number; readonly right: number; readonly width: number };
}

interface Styles {
  readonly OffscreenCanvas: new (
    w: number,
    h: number,
  ) => { getContext(kind: string, options: object): unknown };
  readonly innerWidth: number;
  readonly document: { querySelectorAll(selector: string): ArrayLike<Box> };
  getComputedStyle(element: Box): {
    readonly color: string;
    readonly backgroundColor: string;
    readonly clipPath: string;
  };
}

/** Runs in the page: what is wider than the window. */
function widths(): string[] {
  const { innerWidth, document } = globalThis as never as Styles;
  return Array.from(document.querySelectorAll("#app *"))
    .filter(
      (box) => box.getBoundingClientRect().right > innerWidth + 1 || box.getBoundingClientRect().left < -1,
    )
    .map((box) => `${box.className}`);
}

/** Runs in the page: texts that are too faint (WCAG 2.2 §1.4.3). */
function contrasts(): string[] {
  const page = globalThis as never as Styles;
  const canvas = new page.OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true }) as {
    fillStyle: string;
    fillRect(x: number, y: number, w: number, h: number): void;
    getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray };
  };
  // Whatever notation a colour has, and colours that shine through: what is painted over what.
  const paint = (layers: string[]): number => {
    for (const layer of layers) {
      canvas.fillStyle = layer;
      canvas.fillRect(0, 0, 1, 1);
    }
    const [r = 0, g = 0, b = 0] = Array.from(canvas.getImageData(0, 0, 1, 1).data, (value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const faint: string[] = [];
  for (const box of Array.from(page.document.querySelectorAll("#app *"))) {
    const text = [...box.childNodes].some(
      ({ nodeType, textContent }) => nodeType === 3 && textContent.trim() !== "",
    );
    if (!text || page.getComputedStyle(box).clipPath !== "none" || box.getBoundingClientRect().width === 0)
      continue;
    const grounds: string[] = [];
    for (let at: Box | null = box; at !== null; at = at.parentElement) {
      grounds.unshift(page.getComputedStyle(at).backgroundColor);
    }
    const ground = paint(["white", ...grounds]);
    const ink = paint(["white", ...grounds, page.getComputedStyle(box).color]);
    const ratio = (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
    if (ratio < 4.5) faint.push(`${box.className || box.textContent.slice(0, 20)}: ${ratio.toFixed(2)}`);
  }
  return faint;
}
