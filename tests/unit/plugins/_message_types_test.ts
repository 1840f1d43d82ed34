// Names for what peers write: a fixed set, whatever they write.
// A metric's labels are made of them.
import { expect, test } from "#test";
import { MessageTypes, methodName, statusName } from "../../../plugins/_message_types.ts";

test("content types: the usual ones, those of the options, families, and other", () => {
  const types = new MessageTypes(["application/vnd.Example+json"]);
  const given = [
    "text/plain; charset=utf-8",
    "Text/HTML",
    "application/vnd.example+json;v=1",
    "image/png",
    "image/x-made-up-by-a-stranger",
    "made/up",
    "nonsense",
    "",
    undefined,
    "image/png",
    `text/${"x".repeat(10_000)}`,
  ];
  expect(given.map((type) => types.name(type))).toEqual([
    "text/plain",
    "text/html",
    "application/vnd.example+json",
    "image/*",
    "image/*",
    "other",
    "other",
    "other",
    "none",
    "image/*",
    "text/*",
  ]);
});

test("methods and status codes", () => {
  expect(["SEND", "REPORT", "AUTH", "NICKNAME", "XYZZY"].map(methodName)).toEqual([
    "SEND",
    "REPORT",
    "AUTH",
    "NICKNAME",
    "other",
  ]);
  expect([200, 403, 481, 299, 999].map(statusName)).toEqual(["200", "403", "481", "other", "other"]);
});
