// Much through the relay's command on each runtime, and little memory: one chunk and many, one relay and two with mutual TLS,
// a receiver that is slow and one that does not read at all. RELAY_GIGABYTES=1 moves 1 GiB at a time, otherwise it is 256 MiB.
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "#test";
import { RelayClient } from "../../bench/relay_clients.ts";
import { installed } from "../support/command.ts";
import { launchRelays, type TestRelay } from "../support/relays.ts";

const MIB = 1_048_576;
const limitBytes = 150 * MIB;
const size = (Number(process.env["RELAY_GIGABYTES"]) || 0.25) * 1024 * MIB;

/** Octets that come until the message has ended; at most so many a second. */
function drink(
  { socket }: RelayClient,
  least: number,
  perSecond = Number.POSITIVE_INFINITY,
): Promise<number> {
  socket.removeAllListeners("data");
  let octets = 0;
  let tail = "";
  return new Promise((resolve) => {
    socket.on("close", () => resolve(octets));
    socket.on("data", (bytes: Buffer) => {
      octets += bytes.length;
      tail = (tail + bytes.subarray(-64).toString("latin1")).slice(-64);
      if (octets >= least && /-------\S+\$\r\n$/.test(tail)) resolve(octets);
      else if (perSecond < Number.POSITIVE_INFINITY) {
        socket.pause();
        setTimeout(() => socket.resume(), (bytes.length / perSecond) * 1000);
      }
    });
  });
}

/** Sends a message of so many octets, in chunks of one length. */
async function pour(sender: RelayClient, to: string, total: number, chunk: number): Promise<void> {
  const piece = Buffer.alloc(Math.min(chunk, MIB), "0123456789abcdef");
  const write = async (bytes: string | Buffer): Promise<void> => {
    if (!sender.socket.write(bytes, "latin1"))
      await new Promise((resolve) => sender.socket.once("drain", resolve));
  };
  for (let at = 0; at < total; at += chunk) {
    const id = `g${at.toString(36).padStart(8, "0")}`;
    await write(
      `MSRP ${id} SEND\r\nTo-Path: ${to}\r\nFrom-Path: ${sender.uri}\r\nMessage-ID: gigabyte1\r\nByte-Range: ${at + 1}-*/${total}\r\nFailure-Report: no\r\nContent-Type: application/octet-stream\r\n\r\n`,
    );
    for (let sent = 0; sent < chunk; sent += piece.length) await write(piece);
    await write(`\r\n-------${id}${at + chunk >= total ? "$" : "+"}\r\n`);
  }
}

for (const runtime of installed) {
  describe(`much through relays on ${runtime}`, () => {
    let relays: TestRelay[] = [];
    beforeAll(async () => {
      relays = await launchRelays(runtime);
    });
    afterAll(async () => {
      for (const { command } of relays) await command.stop("SIGKILL");
    });

    const client = (index: 0 | 1): Promise<RelayClient> => {
      const { port, domain } = relays[index] as TestRelay;
      return RelayClient.open({ port, tls: true, domain });
    };

    /** A receiver at the second relay and a way to it, through the first one or not. */
    async function way(chained: boolean): Promise<[receiver: RelayClient, sender: RelayClient, to: string]> {
      const receiver = await client(1);
      await receiver.login(3600);
      const sender = await client(chained ? 0 : 1);
      const first = chained ? `${await sender.login(3600)} ` : "";
      return [receiver, sender, `${first}${receiver.token} ${receiver.uri}`];
    }

    const peaks = (): number[] => relays.map(({ command }) => command.peakMemoryBytes() ?? Number.NaN);

    for (const chained of [false, true]) {
      for (const chunk of [size, 65_536]) {
        const through = `${chained ? "two relays with mutual TLS" : "one relay"}, ${chunk === size ? "one chunk" : "64 KiB chunks"}`;
        test(`${size / MIB} MiB through ${through}: below 150 MiB`, async () => {
          const [receiver, sender, to] = await way(chained);
          const arrived = drink(receiver, size);
          const begun = performance.now();
          await pour(sender, to, size, chunk);
          expect(await arrived).toBeGreaterThan(size);
          const rate = size / 1000 / (performance.now() - begun);
          const most = peaks().map((peak) => (peak / MIB).toFixed(0));
          process.stderr.write(
            `${runtime}: ${through}: ${rate.toFixed(0)} MB/s, peaks ${most.join(" and ")} MiB\n`,
          );
          for (const peak of peaks()) expect(peak).toBeLessThan(limitBytes);
          receiver.close();
          sender.close();
        }, 300_000);
      }
    }

    for (const chained of [false, true]) {
      const through = chained ? "two relays" : "one relay";
      test(`a receiver slowed to 1 MB/s behind ${through} slows its sender, and fills no memory`, async () => {
        const [receiver, sender, to] = await way(chained);
        const arrived = drink(receiver, 12 * MIB, 1_000_000);
        await pour(sender, to, 12 * MIB, 65_536);
        expect(await arrived).toBeGreaterThan(12 * MIB);
        for (const peak of peaks()) expect(peak).toBeLessThan(limitBytes);
        receiver.close();
        sender.close();
      }, 120_000);
    }

    test("1,500 messages of 8 KB to a receiver that stops reading: none gets a 200 and silence [4976-T37]", async () => {
      const [receiver, sender, to] = await way(false);
      receiver.socket.pause();
      const unsettled = new Set<string>();
      const failed = new Set<string>();
      let wake = (): void => {};
      sender.onFrame = (frame) => {
        const [, id = "", what = ""] = /^MSRP (\S+) (\S+)/.exec(frame) ?? [];
        if (what === "REPORT") failed.add(/^Message-ID: m(\S+)/m.exec(frame)?.[1] ?? "");
        else if (what !== "200") failed.add(id);
        unsettled.delete(id);
        wake();
      };
      for (let count = 0; count < 1500; count++) {
        const id = `s${count.toString().padStart(6, "0")}`;
        unsettled.add(id);
        sender.send(to, id, "s".repeat(8000));
      }
      // The relay has taken some of them; then the receiver goes.
      while (unsettled.size > 1400) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      receiver.close();
      sender.socket.once("close", () => wake());
      // The test's own time limit ends it when some are never told.
      while (failed.size < 1500 && !sender.closed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      expect([failed.size, unsettled.size, sender.closed]).toEqual([1500, 0, false]);
      sender.close();
    }, 120_000);
  });
}
