// One trace being written: one write for each turn, both sinks closed once, the end of a connection in both of them.
// What goes into it is the matter of trace().
import { describe, expect, test } from "#test";
import type { ConnectionHandle } from "../../../core/mod.ts";
import type { FramePiece } from "../../../plugins/_frame_cutter.ts";
import { TraceRun } from "../../../plugins/_trace_run.ts";
import { readCapture } from "../../support/pcapng.ts";

const connection = {
  remoteAddress: "192.0.2.9",
  remotePort: 40_000,
  localAddress: "192.0.2.1",
  localPort: 443,
  direction: "inbound",
  secure: true,
} as ConnectionHandle;

const piece: FramePiece = {
  bytes: new TextEncoder().encode("MSRP x"),
  head: undefined,
  first: true,
  flag: "$",
  bodyBytes: 0,
  leftOut: 0,
};

function setup(maxBytes: number, left: number) {
  const log: string[] = [];
  const writes: Uint8Array[] = [];
  const budget = { left };
  const run = new TraceRun(
    { id: 7, uri: "", connection, startedAt: 5_000 },
    {
      capture: { write: (bytes) => void writes.push(bytes), close: () => void log.push("capture closed") },
      ladder: {
        write: (bytes) => void log.push(new TextDecoder().decode(bytes)),
        close: () => void log.push("ladder closed"),
      },
    },
    maxBytes,
    budget,
    (error) => void log.push(`failed: ${(error as Error).message}`),
  );
  return { run, log, writes, budget };
}

describe("TraceRun", () => {
  test("writes once for each turn, and closes both sinks once", async () => {
    const { run, log, writes } = setup(100_000, 100_000);
    run.frame(5_000, connection, "received", piece);
    run.frame(5_001, connection, "transmitted", piece);
    expect(writes.length).toBe(0);
    await Promise.resolve();
    expect(writes.length).toBe(1);
    run.disconnect(5_002, connection, true);
    run.disconnect(5_002, connection, true);
    run.close();
    run.close();
    run.frame(5_003, connection, "received", piece);
    await Promise.resolve();
    expect(writes.length).toBe(2);
    expect(log.slice(-2)).toEqual(["capture closed", "ladder closed"]);
    const { comment, packets } = readCapture(new Uint8Array(writes.flatMap((bytes) => [...bytes])));
    expect(comment).toContain("after TLS");
    expect(comment).toContain("tshark -d tcp.port==443,msrp");
    expect(packets.map(({ flags, at }) => `${flags} ${at}`)).toEqual([
      "S 5000",
      "SA 5000",
      "A 5000",
      "PA 5000",
      "PA 5001",
      "RA 5002",
    ]);
    expect(log.join("")).toContain("connection lost");
  });

  test("counts what it writes, for itself and for all", async () => {
    const own = setup(600, 100_000);
    for (let index = 0; index < 20; index++) own.run.frame(5_000, connection, "received", piece);
    await Promise.resolve();
    expect(own.log.filter((line) => line.endsWith("closed"))).toEqual(["capture closed", "ladder closed"]);
    expect(own.budget.left).toBeLessThan(100_000 - 600);
    expect(own.budget.left).toBeGreaterThan(100_000 - 1_200);
    const shared = setup(100_000, 0);
    shared.run.frame(5_000, connection, "received", piece);
    expect(shared.log.at(-1)).toBe("ladder closed");
  });
});
