// What an address may be in the options of the plugins around CPIM.
// Options as a whole are tested with each plugin.
import { expect, test } from "#test";
import { addressSchema } from "../../../plugins/_cpim_options.ts";

test("an address is a URI, or one with a name, and nothing else", () => {
  const good = ["sip:a@b.example", { uri: "sip:a@b.example" }, { display: "Ana", uri: "sip:a@b.example" }];
  expect(good.map((one) => addressSchema.safeParse(one).success)).toEqual([true, true, true]);
  const bad = [1, {}, { display: "Ana" }, { uri: "sip:a@b.example", tag: 1 }];
  expect(bad.map((one) => addressSchema.safeParse(one).success)).toEqual([false, false, false, false]);
});
