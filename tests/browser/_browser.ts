// Opens pages in Debian's Chromium, driven by playwright-core, and notes what their consoles complain about.
// A machine without a Chromium runs none of these tests, and says so.
import { existsSync } from "node:fs";
import process from "node:process";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** Whether there is a browser. */
export const browserWorks: boolean = existsSync(executablePath);

/** What to do about it. */
export const whyNoBrowser: string = `no browser at ${executablePath}: apt-get install chromium, or name one in CHROMIUM`;

const args = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts the browser. @param more arguments besides the usual ones */
export function startBrowser(...more: string[]): Promise<Browser> {
  return chromium.launch({ executablePath, args: [...args, ...more] });
}

/** A page and the complaints of its console. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors and warnings that nobody expects, as they came. */
  readonly complaints: string[];
}

/** Opens a page in a profile of its own, or beside another page. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions & { beside?: Page } = {},
): Promise<WatchedPage> {
  const { beside, ...rest } = options;
  const context =
    beside?.context() ?? (await browser.newContext({ viewport: { width: 1280, height: 800 }, ...rest }));
  context.setDefaultTimeout(60_000);
  // tsx names functions with a helper that the page does not have.
  await context.addInitScript("globalThis.__name = (one) => one");
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error.stack)));
  return { page, complaints };
}
