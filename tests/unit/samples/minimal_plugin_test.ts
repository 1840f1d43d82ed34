// The sample plugin does what its text says, between two nodes.
import { expect, test } from "#test";
import type { DeliveryError } from "../../../core/errors.ts";
import { politeness } from "../../../samples/minimal_plugin.ts";
import { NodePair, rejection } from "../../support/nodes.ts";

test("the sample plugin lets polite messages through and refuses the others", async () => {
  const pair = new NodePair({ serverPlugins: [politeness({ words: ["darn"] })] });
  const [here, there] = await pair.sessions();
  await here.send("Good morning").accepted;
  const error = await rejection<DeliveryError>(here.send("Darn it").accepted);
  expect([error.status, error.comment]).toEqual([403, "Be Polite"]);
  for await (const message of there) {
    expect(await message.text()).toBe("Good morning");
    break;
  }
  await pair.close();
});
