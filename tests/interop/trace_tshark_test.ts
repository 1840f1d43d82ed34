// tshark opens the trace of a TLS session and shows its MSRP frames: both directions, with method, ids and paths.
// What was sent is known from the other side's octets, through a decoder of its own.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "#test";
import { connect, listen } from "../../adapters/node.ts";
import { traceFiles } from "../../adapters/trace_files.ts";
import { Decoder, Msrp } from "../../core/mod.ts";
import { trace } from "../../plugins/trace.ts";
import { loadCertificate } from "../../server/certificate.ts";

const present = spawnSync("tshark", ["--version"]).status === 0;
const folder = mkdtempSync(join(tmpdir(), "msrpkit-trace-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Fields of the packets that a filter leaves, one line each. */
function tshark(file: string, filter: string, fields: readonly string[], ...more: string[]): string[] {
  const checks = ["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", ...more];
  const shown = fields.flatMap((field) => ["-e", field]);
  const run = spawnSync(
    "tshark",
    ["-r", file, ...checks, "-Y", filter, "-T", "fields", "-E", "separator=|", ...shown],
    { encoding: "utf8" },
  );
  if (run.status !== 0) throw new Error(`tshark: ${run.stderr}`);
  return run.stdout.split("\n").filter((line) => line !== "");
}

if (!present) {
  test("tshark is not here: apt-get install tshark", () => {
    expect(process.env["CI"]).toBe(undefined);
  });
} else {
  describe("the trace of a TLS session", () => {
    /** Method or status, transaction id, first URIs of the paths, direction: what the client saw. */
    const expected: string[] = [];
    let file = "";
    let port = 0;
    let ladder = "";

    beforeAll(async () => {
      const { cert, key } = await loadCertificate({}, ["127.0.0.1"]);
      const server = new Msrp({ acceptUnknown: () => true }).use(trace({ open: traceFiles(folder) }));
      server.onMessage((message, session) => {
        session.send(message.body, { contentType: message.contentType });
      });
      const listener = await listen(server, "msrps://127.0.0.1:0;tcp", { tls: { cert, key } });
      port = listener.uri.port ?? 0;
      const client = new Msrp();
      const decoders = { received: new Decoder(), transmitted: new Decoder() };
      client.tap("wire", ({ bytes, direction, connection }) => {
        if (!connection.secure) throw new Error("the session is to be encrypted");
        decoders[direction].receive(bytes, (frame) => {
          if (frame.kind === "request" && !frame.first) return;
          const what = frame.kind === "request" ? `${frame.method}|` : `|${frame.status}`;
          const ports =
            direction === "received" ? `${port}|${connection.localPort}` : `${connection.localPort}|${port}`;
          expected.push(
            `${what}|${frame.transactionId}|${frame.toPath[0]?.text}|${frame.fromPath[0]?.text}|${ports}`,
          );
        });
      });
      const session = await connect(client, {
        local: "msrps://alice.example:9/aliceSession;tcp",
        remote: `msrps://127.0.0.1:${port}/bobSession;tcp`,
        tls: { rejectUnauthorized: false },
      });
      const echoed = session[Symbol.asyncIterator]();
      for (const body of ["Hello, Wireshark", "x".repeat(5_000)]) {
        await session.send(body).delivered;
        await echoed.next();
      }
      await session.close();
      await client.close();
      await listener.close();
      await server.close();
      const names = readdirSync(folder).sort();
      file = join(folder, names.find((name) => name.endsWith(".pcapng")) ?? "");
      ladder = readFileSync(join(folder, names.find((name) => name.endsWith(".txt")) ?? ""), "utf8");
    });

    test("shows every frame, both ways, with method, transaction id and paths", () => {
      const fields = [
        "msrp.method",
        "msrp.status.code",
        "msrp.transaction.id",
        "msrp.to.path",
        "msrp.from.path",
      ];
      const seen = tshark(file, "msrp", [...fields, "tcp.srcport", "tcp.dstport"])
        // It finds the transaction id in the start line and in the end-line.
        .map((line) => line.replace(/\|(\w+),\1\|/, "|$1|"));
      expect(seen.length).toBeGreaterThan(9);
      expect([...seen].sort()).toEqual([...expected].sort());
      expect(new Set(seen.map((line) => line.split("|")[0]))).toEqual(new Set(["SEND", "REPORT", ""]));
    });

    test("shows the content, in the clear", () => {
      expect(tshark(file, 'frame contains "Hello, Wireshark"', ["msrp.method"])).toEqual(["SEND", "SEND"]);
    });

    test("is a sound TCP connection with the real addresses", () => {
      expect(
        tshark(file, "tcp.analysis.flags || ip.checksum.status == 0 || tcp.checksum.status == 0", [
          "frame.number",
        ]),
      ).toEqual([]);
      expect(new Set(tshark(file, "tcp", ["ip.src", "ip.dst"]))).toEqual(new Set(["127.0.0.1|127.0.0.1"]));
      expect(tshark(file, "tcp.flags.syn == 1 && tcp.flags.ack == 0", ["tcp.dstport"])).toEqual([
        String(port),
      ]);
      expect(
        tshark(file, "tcp.flags.fin == 1 || tcp.flags.reset == 1", ["tcp.srcport"]).length,
      ).toBeGreaterThan(0);
      const times = tshark(file, "tcp", ["frame.time_epoch"]).map(Number);
      expect(Math.abs((times[0] ?? 0) - Date.now() / 1000)).toBeLessThan(120);
    });

    test("has a ladder beside it, which names no session", () => {
      expect(ladder).toContain("SEND");
      expect(ladder.split("\n").filter((line) => line.includes("|")).length).toBeGreaterThan(9);
      expect(ladder).not.toContain("Session");
    });
  });
}
