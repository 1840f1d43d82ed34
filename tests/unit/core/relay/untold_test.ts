// Failures that wait until there is room to tell of them: in order, none lost, none told twice.
import { describe, expect, test } from "#test";
import type { ForwardLink } from "../../../../core/node/forwarding.ts";
import type { Flow } from "../../../../core/relay/flow.ts";
import type { RelayedSend } from "../../../../core/relay/relayed_request.ts";
import { Untold } from "../../../../core/relay/untold.ts";

function scene() {
  const told: number[] = [];
  const connection = { waitingBytes: 0 };
  const link = { open: true, state: { connection } };
  const untold = new Untold(link as unknown as ForwardLink);
  const flow = {
    tell: (_link: unknown, _sent: unknown, status: number) => {
      told.push(status);
      connection.waitingBytes += 1000;
    },
  };
  const add = (status: number): void =>
    untold.add({ flow: flow as unknown as Flow, sent: {} as RelayedSend, status });
  return { told, connection, link, untold, add };
}

describe("failures that are to be told", () => {
  test("are told at once while there is room, and wait in order when there is not [SEC-11]", () => {
    const { told, connection, untold, add } = scene();
    for (let status = 0; status < 2000; status++) add(status);
    expect(told.length).toBeLessThan(1000);
    expect(told.length + untold.size).toBe(2000);
    for (let round = 0; round < 10 && untold.size > 0; round++) {
      connection.waitingBytes = 0;
      untold.tell();
    }
    expect(told).toEqual(Array.from({ length: 2000 }, (_, index) => index));
    add(7);
    expect([told.at(-1), untold.size]).toEqual([7, 0]);
  });

  test("are dropped with their connection", () => {
    const { told, connection, link, untold, add } = scene();
    connection.waitingBytes = 10_000_000;
    add(408);
    expect(untold.size).toBe(1);
    link.open = false;
    connection.waitingBytes = 0;
    untold.tell();
    expect(told).toEqual([]);
    untold.clear();
    expect(untold.size).toBe(0);
  });
});
