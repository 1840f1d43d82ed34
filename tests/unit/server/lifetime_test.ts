// Scopes of the server: listeners stop before the node drains, whichever way a program ends, and errors come out whole.
// The node and the adapter record what is done to them.
import * as Effect from "effect/Effect";
import { describe, expect, test } from "#test";
import type { Msrp } from "../../../core/mod.ts";
import { MsrpUri } from "../../../core/mod.ts";
import { attempt, runProgram, scopedListeners, scopedNode, untilSignal } from "../../../server/lifetime.ts";
import type { Adapter } from "../../../server/runtime.ts";

function recording(): { log: string[]; app: Msrp; adapter: Adapter } {
  const log: string[] = [];
  const app = {
    close: ({ drainMs }: { drainMs: number }) => Promise.resolve(void log.push(`node drained ${drainMs}`)),
  } as unknown as Msrp;
  const listen: Adapter["listen"] = (_app, uri) => {
    if (uri.includes("bad")) return Promise.reject(new Error("taken"));
    log.push(`listening ${uri}`);
    const close = (): Promise<void> => Promise.resolve(void log.push(`stopped ${uri}`));
    return Promise.resolve({ uri: MsrpUri.parse("msrp://h:1;tcp"), connections: 0, close });
  };
  return { log, app, adapter: { listen } as unknown as Adapter };
}

describe("lifetimes", () => {
  test("listeners stop in the reverse order of opening, then the node drains", async () => {
    const { log, app, adapter } = recording();
    const result = await runProgram(
      Effect.gen(function* () {
        const node = yield* scopedNode(() => app, 7);
        yield* scopedListeners(adapter, node, [
          { uri: "a", options: {} },
          { uri: "b", options: {} },
        ]);
        log.push("work");
        return 5;
      }),
    );
    expect([result, log]).toEqual([
      5,
      ["listening a", "listening b", "work", "stopped b", "stopped a", "node drained 7"],
    ]);
  });

  test("a listener that cannot be opened ends the others and gives its own error", async () => {
    const { log, app, adapter } = recording();
    const program = Effect.gen(function* () {
      const node = yield* scopedNode(() => app, 7);
      yield* scopedListeners(adapter, node, [
        { uri: "a", options: {} },
        { uri: "bad", options: {} },
      ]);
    });
    const error = await runProgram(program).then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    );
    expect([error?.message, log]).toEqual(["taken", ["listening a", "stopped a", "node drained 7"]]);
  });

  test("without a signal the work decides; what is thrown as no Error becomes one", async () => {
    expect(await runProgram(untilSignal(Effect.succeed(3), () => 9))).toBe(3);
    const error = await runProgram(attempt(() => Promise.reject("text"))).then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    );
    expect([error instanceof Error, error?.message]).toEqual([true, "text"]);
  });
});
