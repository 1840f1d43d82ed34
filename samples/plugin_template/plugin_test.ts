// The tests of the template: the suite that every plugin should pass, and what is special about this one.
// They run with `node --test`, with `bun test` and with `deno test`.
import assert from "node:assert/strict";
import * as runner from "node:test";
import { NodePair, nodeFramework, testPlugin } from "msrpkit/testing";
import { textQuota } from "./plugin.ts";

testPlugin(() => textQuota({ maxTexts: 100 }), nodeFramework(runner, assert), {
  refuses: [{ name: "a long text", body: "x".repeat(1_001), status: 413 }],
});

runner.test("the third of two texts is refused, and only of that session", async () => {
  const pair = new NodePair({ serverPlugins: [textQuota({ maxTexts: 2 })] });
  const [alice] = await pair.sessions();
  const [bob] = await pair.sessions();
  await alice.send("one").accepted;
  await alice.send("two").accepted;
  assert.equal(await alice.send("three").accepted.catch(({ status }) => status), 403);
  await bob.send("one").accepted;
  await pair.close();
});
