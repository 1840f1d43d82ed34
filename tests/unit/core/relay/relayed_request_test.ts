// What becomes of a request that was passed on: one report at most, or the response carried back.
// The way that is told is a plain object here.
import { describe, expect, test } from "#test";
import type { Transaction } from "../../../../core/connection/transaction.ts";
import type { Flow } from "../../../../core/relay/flow.ts";
import { RelayedRequest, RelayedSend, SourceChunk } from "../../../../core/relay/relayed_request.ts";

const transaction = {} as Transaction;

describe("a SEND that was passed on", () => {
  test("RFC 4976 §6.4.3: every 2xx is a success, whatever else is not [4976-6.4.3-09]", () => {
    const told: number[] = [];
    const flow = { report: (_sent: unknown, status: number) => told.push(status) } as unknown as Flow;
    const sent = (): RelayedSend => new RelayedSend(flow, "m", 1, 5, 5, undefined);
    for (const status of [200, 202, 299, 300, 199, 413, 599]) sent().responded(transaction, status);
    sent().timedOut();
    sent().lost();
    expect(told).toEqual([300, 199, 413, 599, 408, 408]);
  });

  test("RFC 4976 §6.4.1: pieces of one SEND are reported once [4976-6.4.1-24]", () => {
    const told: number[] = [];
    const flow = { report: (sent: RelayedSend) => told.push(sent.start) } as unknown as Flow;
    const chunk = new SourceChunk();
    const pieces = [1, 6, 11].map((start) => new RelayedSend(flow, "m", start, 5, 15, chunk));
    pieces[1]?.failed(413);
    pieces[0]?.failed(408);
    pieces[2]?.lost();
    expect(told).toEqual([6]);
  });
});

describe("another request that was passed on", () => {
  test("RFC 4976 §6.4.2: is forgotten when nobody answers, and refused when it is lost [4976-6.4.2-11]", () => {
    const told: unknown[] = [];
    const flow = {
      refuseLate: (id: string, status: number) => told.push([id, status]),
      answer: (id: string, _frame: unknown, credentials: boolean) => told.push([id, credentials]),
    } as unknown as Flow;
    const request = new RelayedRequest(flow, "tid1", true);
    request.responded();
    request.timedOut();
    expect(told).toEqual([]);
    request.answered({} as Parameters<RelayedRequest["answered"]>[0]);
    request.lost();
    expect(told).toEqual([
      ["tid1", true],
      ["tid1", 408],
    ]);
  });
});
