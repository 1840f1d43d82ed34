// One `msrpkit echo` on one runtime, asked by `msrpkit send` on another: every kind of body must come back unchanged.
// A function over the two runtimes, so that the quick suite and the heavy one test the same things.
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "#test";
import { eventsOf, type RunningCommand, type RuntimeName, run, start } from "./command.ts";
import { writeLookAlikes } from "./look_alikes.ts";

/** Declares the tests of one pair over TCP or TLS; the large file has `fileBytes` octets. */
export function echoPair(server: RuntimeName, client: RuntimeName, secure: boolean, fileBytes: number): void {
  describe(`msrpkit echo on ${server}, msrpkit send on ${client}, ${secure ? "TLS" : "TCP"}`, () => {
    let echo: RunningCommand;
    let folder = "";
    let common: string[] = [];

    afterAll(() => rm(folder, { recursive: true, force: true }));

    test("the server says where it listens", async () => {
      folder = await mkdtemp(join(tmpdir(), "msrpkit-pair-"));
      const cert = join(folder, "cert.pem");
      const tls = secure ? ["--cert", cert, "--key", join(folder, "key.pem")] : [];
      const scheme = secure ? "msrps" : "msrp";
      echo = start(server, ["echo", "--listen", `${scheme}://127.0.0.1:0;tcp`, ...tls, "--json"]);
      const listening = await echo.event("listening");
      const uri = String(listening["uri"]);
      expect([uri.startsWith(`${scheme}://127.0.0.1:`), "fingerprint" in listening]).toEqual([true, secure]);
      common = ["--to", uri.replace(/;tcp$/, "/session;tcp"), ...(secure ? ["--ca", cert] : []), "--json"];
    });

    test("RFC 4975 §7.3: a text comes back, type and octets unchanged", async () => {
      const text = "Grüße, MSRP ☃";
      const ended = await run(client, ["send", ...common, "--type", "text/x-test;a=1", "--echo", text]);
      const echoed = eventsOf(ended.stdout).find(({ event }) => event === "echo");
      expect([
        ended.code,
        ended.stderr,
        echoed?.["text"],
        echoed?.["contentType"],
        echoed?.["identical"],
      ]).toEqual([0, "", text, "text/x-test;a=1", true]);
    });

    for (const bytes of [1, 0]) {
      test(`RFC 4975 §7.1: a body of ${bytes} octets comes back`, async () => {
        const [path, back] = [join(folder, `${bytes}.bin`), join(folder, `${bytes}.back`)];
        await writeFile(path, new Uint8Array(bytes).fill(45));
        const ended = await run(client, ["send", ...common, "--file", path, "--echo", "--out", back]);
        expect([ended.code, ended.stderr]).toEqual([0, ""]);
        expect((await readFile(back)).toString()).toBe("-".repeat(bytes));
      });
    }

    test("RFC 4975 §7.3: a SEND without a body is answered", async () => {
      const ended = await run(client, ["send", ...common, "--bodiless"]);
      expect([ended.code, ended.stderr, eventsOf(ended.stdout)[0]?.["event"]]).toEqual([0, "", "answered"]);
    });

    test(`RFC 4975 §7.1: ${fileBytes} octets full of look-alike end-lines come back`, async () => {
      const [path, back] = [join(folder, "large.bin"), join(folder, "large.back")];
      const written = await writeLookAlikes(path, fileBytes, fileBytes);
      const options = ["--file", path, "--success-report", "--echo", "--out", back];
      const ended = await run(client, ["send", ...common, ...options]);
      expect([ended.code, ended.stderr]).toEqual([0, ""]);
      const [sent, echoed] = ["sent", "echo"].map((name) =>
        eventsOf(ended.stdout).find(({ event }) => event === name),
      );
      expect([sent?.["bytes"], Number(sent?.["reports"]) >= 1]).toEqual([fileBytes, true]);
      expect([echoed?.["sha256"], echoed?.["identical"]]).toEqual([written.sha256, true]);
      expect(
        createHash("sha256")
          .update(await readFile(back))
          .digest("hex"),
      ).toBe(written.sha256);
      await Promise.all([rm(path), rm(back)]);
    }, 300_000);

    test("SIGTERM ends the server in good order", async () => {
      const ended = await echo.stop();
      expect([ended.code, ended.stderr]).toEqual([0, ""]);
    });
  });
}
