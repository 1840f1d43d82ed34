// Runs every code block of the README and the docs, in order, document by document.
// What a reader copies works, on each runtime that the block is meant for.
import { afterAll, beforeAll, describe, expect, test } from "#test";
import { blocksOf, documents } from "../../scripts/doc_blocks.ts";
import { DocumentRun, runtime } from "./_runner.ts";

describe("code in the docs", () => {
  for (const doc of documents()) {
    const blocks = blocksOf(doc).filter(
      ({ how, runtimes }) =>
        (how === "run" || how === "serve") && (runtimes.length === 0 || runtimes.includes(runtime)),
    );
    if (blocks.length === 0) continue;
    describe(doc, () => {
      let place: DocumentRun;
      beforeAll(() => {
        place = new DocumentRun();
      });
      afterAll(() => place.close());
      for (const block of blocks) {
        test(`line ${block.line}: the ${block.language} block ${block.how}s`, async () => {
          const { status, output } = await place.play(block);
          expect({ status, output: status === 0 ? "" : output }).toEqual({ status: 0, output: "" });
        }, 150_000);
      }
    });
  }

  test("some document is found", () => {
    expect(documents().length).toBeGreaterThan(0);
  });
});
