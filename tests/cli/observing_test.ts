// What an operator sees of `msrpkit echo` and `msrpkit relay`: metrics and health over HTTP, traces in files, log lines.
// The command runs as a process of its own, on the runtime that runs the tests.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "#test";
import { testFolder } from "../harness/folder.ts";
import { ownRuntime, run, start } from "../support/command.ts";
import { readCapture } from "../support/pcapng.ts";

const folder = testFolder();

const get = async (url: string): Promise<[number, string]> => {
  const response = await fetch(url, { headers: { connection: "close" } });
  return [response.status, await response.text()];
};

describe("msrpkit echo", () => {
  test("--metrics, --trace and --log show a session", async () => {
    const traces = join(folder, "traces");
    const watching = ["--metrics", "127.0.0.1:0", "--trace", traces, "--log", "info"];
    const echo = start(ownRuntime, ["echo", "--listen", "msrp://127.0.0.1:0;tcp", "--json", ...watching]);
    const url = String((await echo.event("metrics"))["url"]);
    const uri = String((await echo.event("listening"))["uri"]).replace(";tcp", "/secretSession;tcp");
    expect(await get(url)).toMatchObject([200, expect.stringContaining("\nmsrp_sessions 0\n")]);
    const sent = await run(ownRuntime, ["send", "--to", uri, "--echo", "Hello, observers"]);
    expect(sent.code).toBe(0);
    const [status, text] = await get(url);
    expect(status).toBe(200);
    expect(text).toContain('msrp_messages_total{direction="received",type="text/plain"} 1');
    expect(text).toContain("msrp_sessions_total");
    expect(await get(url.replace("/metrics", "/health"))).toMatchObject([
      200,
      expect.stringContaining('"ok"'),
    ]);
    const { code, stderr } = await echo.stop();
    expect(code).toBe(0);
    const records = stderr
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as { event: string });
    expect(records.map(({ event }) => event)).toContain("session-bound");
    expect(records.map(({ event }) => event)).toContain("message-delivered");
    expect(stderr).not.toContain("secretSession");
    const names = (await readdir(traces)).sort();
    expect(names.map((name) => name.split(".")[1])).toEqual(["pcapng", "txt"]);
    const { packets } = readCapture(new Uint8Array(await readFile(join(traces, names[0] ?? ""))));
    expect(packets.filter(({ text: octets }) => octets.includes("Hello, observers")).length).toBe(2);
    expect(await readFile(join(traces, names[1] ?? ""), "utf8")).toContain("SEND");
  });

  test("addresses and directories that cannot be used are said at the start", async () => {
    const listen = ["echo", "--listen", "msrp://127.0.0.1:0;tcp"];
    const wrong = await run(ownRuntime, [...listen, "--metrics", "nowhere"]);
    expect([wrong.code, wrong.stderr]).toMatchObject([2, expect.stringContaining("write HOST:PORT")]);
    await writeFile(join(folder, "file"), "");
    const file = await run(ownRuntime, [...listen, "--trace", join(folder, "file", "below")]);
    expect([file.code, file.stderr]).toMatchObject([4, expect.stringContaining("Cannot write traces")]);
  });
});

describe("msrpkit relay", () => {
  test("--metrics shows the relay's numbers", async () => {
    await writeFile(join(folder, "users"), "");
    const relay = start(ownRuntime, [
      ...["relay", "--domain", "relay.test", "--listen", "msrp://127.0.0.1:0;tcp", "--allow-plain-auth"],
      ...["--users", join(folder, "users"), "--metrics", "0", "--json"],
    ]);
    const url = String((await relay.event("metrics"))["url"]);
    await relay.event("listening");
    expect(await get(url)).toMatchObject([200, expect.stringContaining("\nmsrp_relay_bindings 0\n")]);
    expect(await get(url.replace("/metrics", "/health"))).toMatchObject([
      200,
      expect.stringContaining('"ok"'),
    ]);
    expect((await relay.stop()).code).toBe(0);
  });
});
