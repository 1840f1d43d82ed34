// The first screen of the README: the demo says what to type in a second terminal, and that command works as it stands.
// The README's own line is tried with the demo's ports and folder in the place of the usual ones.
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "#test";
import { ownRuntime, root, run, start } from "../support/command.ts";

/** What the README says, word for word; a rules test looks for this line here. */
const line =
  'MSRPKIT_PASSWORD=wonderland npx bun server/bin.ts send --relay "msrps://localhost:2856;tcp" --user alice --ca .msrpkit/cert.pem --to "msrp://127.0.0.1:2855/hello;tcp" --echo "Hello, MSRP" --file LICENSE';

const folder = mkdtempSync(join(tmpdir(), "msrpkit-start-"));
const any = [
  "--listen",
  "msrp://127.0.0.1:0;tcp",
  "--relay-listen",
  "msrps://127.0.0.1:0;tcp",
  "--http",
  "0",
];

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Words {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The arguments after the program and the variable before it; quotes as in a shell. */
function wordsOf(command: string): Words {
  const words = command.matchAll(/"([^"]*)"|(\S+)/g);
  const all = [...words].map(([, quoted, plain]) => quoted ?? plain ?? "");
  const [name, value] = (all[0] as string).split("=") as [string, string];
  return { args: all.slice(all.indexOf("send")), env: { [name]: value } };
}

describe("the README", () => {
  test("shows the second command that `npm start` prints, and it brings the message and the file back through the relay", async () => {
    const demo = start(ownRuntime, ["start", ...any, "--folder", folder]);
    const echoPort = (await demo.waitFor(/^echo: +msrp:\/\/127\.0\.0\.1:(\d+);tcp/m))[1]!;
    const relayPort = (await demo.waitFor(/^relay: +msrps:\/\/127\.0\.0\.1:(\d+);tcp/m))[1]!;
    const hint = (await demo.waitFor(/^ {2}(.* send .*)$/m))[1]!;
    const here = line
      .replace("2855", echoPort)
      .replace("2856", relayPort)
      .replace(".msrpkit/cert.pem", join(folder, "cert.pem"));
    expect(wordsOf(hint)).toEqual(wordsOf(here));
    const { args, env } = wordsOf(hint);
    const sent = await run(ownRuntime, args, { cwd: root, env });
    const license = (await readFile(`${root}LICENSE`)).length;
    expect([sent.code, sent.stdout]).toEqual([0, "Hello, MSRP\n"]);
    // Once more, and without the relay, while the relay still has its connection to the echo endpoint.
    const again = await run(ownRuntime, args, { cwd: root, env });
    expect([again.code, again.stdout]).toEqual([0, "Hello, MSRP\n"]);
    const straight = args.filter((word, at) => {
      return ![word, args[at - 1]].some((name) => ["--relay", "--user", "--ca"].includes(name ?? ""));
    });
    const direct = await run(ownRuntime, straight, { cwd: root });
    expect([direct.code, direct.stdout]).toEqual([0, "Hello, MSRP\n"]);
    expect(sent.stderr).toContain("logged in at localhost as alice");
    expect(sent.stderr).toContain(
      `echo: ${(license / 1000).toFixed(1)} kB of application/octet-stream, identical`,
    );
    expect((await demo.stop()).code).toBe(0);
  });

  test("the link that it prints leads to the web chat, with its script, for pages of its own origin alone", async () => {
    const demo = start(ownRuntime, ["start", ...any, "--folder", folder, "--json"]);
    const url = String((await demo.event("listening", 3))["url"]);
    const page = await (await fetch(url)).text();
    expect(page).toContain("<script");
    const script = await fetch(new URL("/web_chat.js", url));
    expect([script.status, (await script.text()).length > 10_000]).toEqual([200, true]);
    const handshake = (origin: string): Promise<Response> =>
      fetch(new URL("/msrp", url), { headers: { origin, "sec-websocket-protocol": "msrp" } });
    expect((await handshake("https://elsewhere.example")).status).not.toBe(101);
    expect((await demo.stop()).code).toBe(0);
  });

  test("the demo is for this machine alone, and its relay reaches nothing but the echo endpoint", async () => {
    const open = await run(ownRuntime, ["start", "--listen", "msrp://0.0.0.0:0;tcp", "--folder", folder]);
    expect([open.code, open.stderr]).toEqual([2, expect.stringContaining("this machine alone")]);
    const demo = start(ownRuntime, ["start", ...any, "--folder", folder, "--json"]);
    const { uri: echo } = await demo.event("listening", 1);
    const { uri: relay } = await demo.event("listening", 2);
    const port = /:(\d+);/.exec(String(relay))?.[1];
    const through = ["--relay", `msrps://localhost:${port};tcp`, "--ca", join(folder, "cert.pem"), "--json"];
    const wrong = await run(
      ownRuntime,
      ["send", ...through, "--user", "alice", "--to", String(echo).replace(";tcp", "/x;tcp"), "hello"],
      { env: { MSRPKIT_PASSWORD: "guessed" } },
    );
    expect([wrong.code, wrong.stdout]).toEqual([3, expect.stringContaining("refused the credentials")]);
    const elsewhere = await run(
      ownRuntime,
      ["send", ...through, "--user", "bob", "--to", `msrp://127.0.0.1:${port}/x;tcp`, "hello"],
      { env: { MSRPKIT_PASSWORD: "builder" } },
    );
    expect(elsewhere.code).not.toBe(0);
    expect((await demo.stop()).code).toBe(0);
  });
});
