// The set of a listener's transports: closing it tells each of them and waits for the last.
import { describe, expect, test } from "#test";
import { OpenTransports } from "../../../adapters/_open_transports.ts";

function make(open: OpenTransports, told: string[], name: string): { close(): void; abort(): void } {
  const end = (how: string) => (): void => {
    told.push(`${how} ${name}`);
    queueMicrotask(() => open.delete(transport));
  };
  const transport = { close: end("close"), abort: end("abort") };
  open.add(transport);
  return transport;
}

describe("OpenTransports", () => {
  test("close and abort tell each and wait; keep and an empty set do neither", async () => {
    const open = new OpenTransports();
    const told: string[] = [];
    await open.close("close");
    make(open, told, "a");
    make(open, told, "b");
    await open.close("keep");
    expect([told, open.size]).toEqual([[], 2]);
    await open.close("close");
    expect([told, open.size]).toEqual([["close a", "close b"], 0]);
    make(open, told, "c");
    await open.close("abort");
    expect(told.at(-1)).toBe("abort c");
  });
});
