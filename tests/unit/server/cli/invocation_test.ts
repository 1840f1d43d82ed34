// Hints must name a command that works in a second terminal, as the first one did.
// Which runtime runs this test decides what is right, so each case asks for its own.
import { describe, expect, test } from "#test";
import { invocation } from "../../../../server/cli/invocation.ts";
import { ownRuntime } from "../../../support/command.ts";

describe("invocation", () => {
  test("of an installed command is its name", () => {
    expect(invocation({ argv: ["node", "/usr/local/bin/msrpkit"], env: {} })).toBe("msrpkit");
    expect(invocation({ argv: ["node"], env: {} })).toBe("msrpkit");
  });

  test("in a checkout is the runtime with the start file; npm's Bun is reached through npx", () => {
    const argv = ["x", "/somewhere/server/bin.ts"];
    const expected = {
      bun: "bun server/bin.ts",
      deno: "deno run -A server/bin.ts",
      node: "npx tsx server/bin.ts",
    };
    expect(invocation({ argv, env: {} })).toBe(expected[ownRuntime]);
    const npm = invocation({ argv, env: { npm_config_user_agent: "npm/11.0.0 node/v20" } });
    expect(npm).toBe(ownRuntime === "bun" ? "npx bun server/bin.ts" : expected[ownRuntime]);
  });
});
