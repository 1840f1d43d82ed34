// Two of our endpoints on two runtimes talk through Kamailio 5.6 as a plain forwarder. It keeps transaction ids over
// both hops, answers for itself, puts a Message-ID into responses and buffers whole frames: none of it may matter.
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "#test";
import { testFolder } from "../harness/folder.ts";
import { eventsOf, installed, run, start } from "../support/command.ts";
import { type Kamailio, kamailioInstalled, startKamailio } from "./_kamailio.ts";

// Above about 11 KiB Kamailio's own buffer ends; the issue asks for 8 KB.
const SIZES = [0, 1, 2_047, 2_048, 2_049, 4_096, 8_000];

if (!kamailioInstalled) {
  test("Kamailio is not installed here: apt-get install kamailio kamailio-extra-modules", () => {
    expect(process.env["CI"]).toBe(undefined);
  });
} else {
  describe("through Kamailio as a plain forwarder", () => {
    let kamailio: Kamailio;
    const folder = testFolder();
    beforeAll(async () => {
      kamailio = await startKamailio();
    });
    afterAll(async () => {
      await kamailio.stop();
    });

    for (const [index, near] of installed.entries()) {
      const far = installed[(index + 1) % installed.length]!;
      test(`RFC 4976 §5: messages up to 8 KB pass from ${near} to ${far} and back, unchanged`, async () => {
        const echo = start(far, ["echo", "--listen", "msrp://127.0.0.1:0;tcp", "--json"]);
        const listening = await echo.event("listening");
        for (const size of SIZES) {
          // Kamailio keeps its connection to the far end, and there a URI stays the session that it was bound to.
          const to = `${kamailio.uri} ${String(listening["uri"]).replace(/;tcp$/, `/${near}${size};tcp`)}`;
          const bytes = Uint8Array.from({ length: size }, (_, at) => (at * 7 + size) % 256);
          const [sent, back] = [join(folder, `${near}-${size}.bin`), join(folder, `${near}-${size}.back`)];
          await writeFile(sent, bytes);
          const ended = await run(near, [
            "send",
            "--to",
            to,
            "--file",
            sent,
            "--echo",
            "--out",
            back,
            "--json",
            // Reports travel on their own: once with them, once without.
            ...(size % 2 === 0 ? ["--success-report"] : []),
          ]);
          expect([size, ended.code, ended.stderr]).toEqual([size, 0, ""]);
          const echoed = eventsOf(ended.stdout).find(({ event }) => event === "echo");
          expect(echoed?.["sha256"]).toBe(createHash("sha256").update(bytes).digest("hex"));
          expect(Buffer.compare(await readFile(back), bytes)).toBe(0);
        }
        await echo.stop();
        expect(/frame \[SEND\]/.test(kamailio.log())).toBe(true);
      }, 120_000);
    }
  });
}
