// Plugins by a file: the echo endpoint and the relay with what an operator has chosen, without code.
// Mistakes in the file end the command before it listens, and change nothing while it runs.
// The guide shows it as: msrpkit echo --plugins plugins.json
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "#test";
import { ownRuntime, run, start } from "../support/command.ts";

const folder = mkdtempSync(join(tmpdir(), "msrpkit-plugins-"));
const file = join(folder, "plugins.json");
const anyPort = ["--listen", "msrp://127.0.0.1:0;tcp"];

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(plugins: unknown): void {
  writeFileSync(file, typeof plugins === "string" ? plugins : JSON.stringify(plugins));
}

describe("--plugins", () => {
  test("an echo endpoint refuses types and words, and tells of it", async () => {
    write({
      contentFilter: { allow: ["text/*"], text: { rules: [{ name: "rude", words: ["blast"] }] } },
      rateLimit: { perSession: { messages: { perSecond: 1000 } } },
    });
    const echo = start(ownRuntime, ["echo", ...anyPort, "--plugins", file, "--json"]);
    const { uri } = await echo.event("listening");
    const to = ["send", "--to", String(uri).replace(";tcp", "/x;tcp")];
    expect((await run(ownRuntime, [...to, "--echo", "hello"])).stdout).toBe("hello\n");
    const picture = await run(ownRuntime, [...to, "--type", "image/png", "png"]);
    expect([picture.code, picture.stderr]).toEqual([1, expect.stringContaining("415")]);
    const rude = await run(ownRuntime, [...to, "blast it"]);
    expect([rude.code, rude.stderr]).toEqual([1, expect.stringContaining("403")]);
    const findings = [await echo.event("finding", 1), await echo.event("finding", 2)];
    expect(findings.map(({ rule, action, status, detail }) => [rule, action, status, detail])).toEqual([
      ["type", "refused", 415, "image/png"],
      ["text", "refused", 403, "rude"],
    ]);
    expect((await echo.stop()).code).toBe(0);
  });

  test("a relay reads other words on SIGHUP, and keeps the old ones when the file is wrong", async () => {
    const words = (...list: string[]): unknown => ({ contentFilter: { text: { rules: [{ words: list }] } } });
    write(words("blast"));
    const users = ["--users", join(folder, "users"), "--domain", "localhost"];
    await run(ownRuntime, ["user", "add", "alice", ...users], { input: "wonder\n" });
    const echo = start(ownRuntime, ["echo", ...anyPort, "--json"]);
    const { uri: far } = await echo.event("listening");
    const identity = ["--cert", join(folder, "cert.pem"), "--key", join(folder, "key.pem")];
    const relay = start(ownRuntime, [
      "relay",
      ...users,
      ...identity,
      "--listen",
      "msrps://localhost:0;tcp",
      "--allow-dial",
      "127.0.0.1",
      "--plugins",
      file,
      "--json",
    ]);
    const { uri } = await relay.event("listening");
    const send = async (text: string): Promise<number | null> => {
      const through = ["--relay", String(uri), "--user", "alice", "--ca", join(folder, "cert.pem")];
      const to = ["--to", String(far).replace(";tcp", "/x;tcp")];
      const env = { MSRPKIT_PASSWORD: "wonder" };
      return (await run(ownRuntime, ["send", ...through, ...to, text], { env })).code;
    };
    expect([await send("blast"), await send("drat")]).toEqual([1, 0]);
    write(words("drat"));
    relay.signal("SIGHUP");
    await relay.event("reloaded");
    expect([await send("blast"), await send("drat")]).toEqual([0, 1]);
    write("{");
    relay.signal("SIGHUP");
    expect(String((await relay.event("reload-failed"))["message"])).toContain("it is no JSON");
    // Rules that are right beside an option that is wrong: none of it is taken.
    write({ contentFilter: { text: { rules: [{ words: ["blast"] }] }, allowed: [] } });
    relay.signal("SIGHUP");
    expect(String((await relay.event("reload-failed", 2))["message"])).toContain("allowed");
    expect(await send("drat")).toBe(1);
    expect([(await relay.stop()).code, (await echo.stop()).code]).toEqual([0, 0]);
  });

  test("an archive and a webhook: what was echoed is found, and told to a service, when the server has ended", async () => {
    const store = `sqlite:${join(folder, "messages.db")}`;
    let told = "";
    const service = createServer((request, response) => {
      request.setEncoding("utf8").on("data", (text: string) => {
        told += text;
      });
      request.on("end", () => response.writeHead(204, { connection: "close" }).end());
    });
    await new Promise<void>((listening) => {
      service.listen(0, "127.0.0.1", listening);
    });
    const { port } = service.address() as AddressInfo;
    write({
      archive: { store, maxAgeMs: 86_400_000, batchMs: 60_000 },
      webhook: { url: `http://127.0.0.1:${port}/`, events: ["message-accepted"], batchMs: 60_000 },
    });
    const echo = start(ownRuntime, ["echo", ...anyPort, "--plugins", file, "--json"]);
    const { uri } = await echo.event("listening");
    const to = ["send", "--to", String(uri).replace(";tcp", "/x;tcp"), "--echo"];
    expect((await run(ownRuntime, [...to, "remember me"])).stdout).toBe("remember me\n");
    expect((await echo.stop()).code).toBe(0);
    expect(JSON.parse(told).events).toMatchObject([{ event: "message-accepted", size: 11 }]);
    await new Promise((closed) => service.close(closed));
    const search = ["archive", "search", "--store", store, "--text", "REMEMBER"];
    const found = (await run(ownRuntime, [...search, "--json"])).stdout.trim().split("\n");
    const events = found.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events.map(({ direction, text, fate }) => [direction, text, fate]).sort()).toEqual([
      ["in", "remember me", "accepted"],
      ["out", "remember me", expect.stringMatching(/accepted|delivered/)],
    ]);
    const lines = (await run(ownRuntime, [...search, "--direction", "in"])).stdout;
    expect(lines).toMatch(/^20.* in .* text\/plain +11 +accepted +remember me\n$/);
  });

  test("a file that cannot be used is told of, plugin and option by name", async () => {
    for (const [plugins, code, said] of [
      ["{", 2, "it is no JSON"],
      [{ contentFilters: {} }, 2, "contentFilters: it may hold"],
      [{ rateLimit: null }, 2, "rateLimit: it may hold"],
      [[], 2, "it may hold"],
      ['\uFEFF{ "rateLimits": {} }', 2, "rateLimits: it may hold"],
      [{ contentFilter: { virus: { clamd: { host: "localhost", port: 70000 } } } }, 2, "port"],
      [{ contentFilter: { allowed: [] } }, 2, 'contentFilter: Cannot make plugin "content_filter"'],
      [{ contentFilter: { virus: {} } }, 2, "virus.clamd"],
      [{ archive: {} }, 2, "archive: store"],
      [{ archive: { store: "mysql://x" } }, 2, "sqlite:FILE or postgres://"],
      [{ archive: { store: `sqlite:${join(folder, "none", "x.db")}` } }, 4, "x.db"],
      [{ webhook: {} }, 2, "url or policy is needed"],
      [{ rateLimit: { perSession: { messages: { perSecond: -1 } } } }, 2, "rateLimit"],
    ] as const) {
      write(plugins);
      const ended = await run(ownRuntime, ["echo", ...anyPort, "--plugins", file]);
      expect([ended.code, ended.stderr]).toEqual([code, expect.stringContaining(said)]);
    }
    const missing = await run(ownRuntime, ["echo", ...anyPort, "--plugins", join(folder, "none.json")]);
    expect([missing.code, missing.stderr]).toEqual([4, expect.stringContaining("none.json")]);
  });
});
