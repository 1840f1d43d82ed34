// Much through the relay's command on each runtime, and little memory: one chunk and many, one relay and two with mutual TLS,
// a receiver that is slow and one that does not read at all. RELAY_GIGABYTES=1 moves 1 GiB at a time, otherwise it is 256 MiB.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "#test";
import { RelayClient } from "../../bench/relay_clients.ts";
import { hashPassword } from "../../core/mod.ts";
import { makeNamedCertificates, type NamedCertificates } from "../../testing/certificates.ts";
import { installed, type RunningCommand, root, start } from "../support/command.ts";

const MIB = 1_048_576;
const limitBytes = 150 * MIB;
const size = (Number(process.env["RELAY_GIGABYTES"]) || 0.25) * 1024 * MIB;
const folder = mkdtempSync(join(tmpdir(), "msrpkit-gigabyte-"));
const dist = `${root}.tmp/gigabyte-dist-${process.pid}`;
const domains = ["a.test", "b.test"] as const;
let certificates: NamedCertificates;

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};

/** Starts the relay of a domain; it knows where the other domain's is. */
async function launch(
  runtime: (typeof installed)[number],
  domain: string,
): Promise<[RunningCommand, number]> {
  const hashes = Object.values(hashPassword("bob", domain, "1234"));
  const config = {
    domains: [domain],
    listen: ["msrps://127.0.0.1:0;tcp"],
    users: file(`${domain}.users`, `${hashes.map((ha1) => `bob:${domain}:${ha1}`).join("\n")}\n`),
    cert: file(`${domain}.pem`, certificates.of(domain).cert),
    key: file(`${domain}.key`, certificates.of(domain).key),
    ca: file("ca.pem", certificates.ca),
    relays: domains.filter((other) => other !== domain),
    hosts: Object.fromEntries(domains.map((name) => [name, ["127.0.0.1"]])),
  };
  const path = file(`${domain}.json`, JSON.stringify(config));
  const built = runtime === "node" ? { built: `${dist}/server/bin.js` } : {};
  const relay = start(runtime, ["relay", "--config", path, "--json"], built);
  const { uri } = await relay.event("listening");
  return [relay, Number(/:(\d+);/.exec(String(uri))?.[1])];
}

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

beforeAll(async () => {
  certificates = await makeNamedCertificates([...domains]);
  if (!installed.includes("node")) return;
  const tsc = `${root}node_modules/.bin/tsc`;
  const built = spawnSync(tsc, ["-p", "tsconfig.build.json", "--outDir", dist], { cwd: root });
  if (built.status !== 0) throw new Error(`the build failed: ${built.stdout}`);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(dist, { recursive: true, force: true });
});

for (const runtime of installed) {
  describe(`much through relays on ${runtime}`, () => {
    let relays: [RunningCommand, number][] = [];
    beforeAll(async () => {
      relays = [await launch(runtime, domains[0]), await launch(runtime, domains[1])];
    });
    afterAll(async () => {
      for (const [relay] of relays) await relay.stop("SIGKILL");
    });

    const client = (index: 0 | 1): Promise<RelayClient> =>
      RelayClient.open({ port: relays[index]?.[1] ?? 0, tls: true, domain: domains[index] });

    /** A receiver at the second relay and a way to it, through the first one or not. */
    async function way(chained: boolean): Promise<[receiver: RelayClient, sender: RelayClient, to: string]> {
      const receiver = await client(1);
      await receiver.login(3600);
      const sender = await client(chained ? 0 : 1);
      const first = chained ? `${await sender.login(3600)} ` : "";
      return [receiver, sender, `${first}${receiver.token} ${receiver.uri}`];
    }

    const peaks = (): number[] => relays.map(([relay]) => relay.peakMemoryBytes() ?? Number.NaN);

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
