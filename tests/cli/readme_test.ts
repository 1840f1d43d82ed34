// The first screen of the README: the server says what to type in a second terminal, and that command works as it stands.
// The README's own line is tried with the server's port in the place of 2855.
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "#test";
import { ownRuntime, root, run, start } from "../support/command.ts";

/** What the README says, word for word; a rules test looks for this line here. */
const line =
  'npx bun server/bin.ts send --to "msrp://127.0.0.1:2855/hello;tcp" --echo "Hello, MSRP" --file LICENSE';

/** The arguments after the program, with another port; quotes as in a shell. */
function argumentsOf(command: string, port: string): string[] {
  const words = command.replace("2855", port).matchAll(/"([^"]*)"|(\S+)/g);
  const all = [...words].map(([, quoted, plain]) => quoted ?? plain ?? "");
  return all.slice(all.indexOf("send"));
}

describe("the README", () => {
  test("shows the second command that `npm start` prints, and it brings the message and the file back", async () => {
    const echo = start(ownRuntime, ["echo", "--listen", "msrp://127.0.0.1:0;tcp"]);
    const port = (await echo.waitFor(/listening on msrp:\/\/127\.0\.0\.1:(\d+);tcp/))[1]!;
    const hint = (await echo.waitFor(/^ {2}(.* send .*)$/m))[1]!;
    expect(argumentsOf(hint, port)).toEqual(argumentsOf(line, port));
    for (const command of [line, hint]) {
      const sent = await run(ownRuntime, argumentsOf(command, port), { cwd: root });
      const license = (await readFile(`${root}LICENSE`)).length;
      expect([sent.code, sent.stdout]).toEqual([0, "Hello, MSRP\n"]);
      expect(
        sent.stderr.includes(
          `echo: ${(license / 1000).toFixed(1)} kB of application/octet-stream, identical`,
        ),
      ).toBe(true);
    }
    expect((await echo.stop()).code).toBe(0);
  });
});
