/**
 * `npm run bench:abuse [-- bun deno node]`: what each kind of abuse does to others. An honest pair exchanges 400 messages a second
 * through the relay, first alone and then beside each attack; what it loses and how long it waits is compared, and memory noted.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { freePort, untilListening } from "../tests/harness/poll.ts";
import { RelayClient } from "./relay_clients.ts";
import { domain, relayCore, startRelay } from "./relay_tools.ts";
import { installed, type Runtime } from "./runtimes.ts";

const perSecond = 400;
const seconds = Number(process.env["ABUSE_SECONDS"] ?? 6);
const [own, ...words] = process.argv.slice(2);

type Attack = (port: number, victim: string) => Promise<void>;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const place = (port: number) => ({ port, tls: false, domain });
const until = (): boolean => true;

/** Writes as fast as the relay reads; begins anew when it is thrown out. */
async function pour(port: number, piece: (count: number) => string, first = ""): Promise<void> {
  while (until()) {
    await new Promise<void>((resolve) => {
      const socket = connect({ host: "127.0.0.1", port });
      socket.on("error", () => {});
      socket.once("close", resolve);
      socket.resume();
      let count = 0;
      const more = (): void => {
        while (!socket.destroyed && socket.write(piece(count++), "latin1"));
      };
      socket.on("drain", more);
      socket.once("connect", () => {
        socket.write(first);
        more();
      });
    });
    await pause(5);
  }
}

const send = (
  to: string,
  id: string,
  body: string,
  flag = "$",
  range = `1-${body.length}/${body.length}`,
): string =>
  `MSRP ${id} SEND\r\nTo-Path: ${to}\r\nFrom-Path: msrp://foe.invalid:9/x1234567890;tcp\r\nMessage-ID: foe1\r\nByte-Range: ${range}\r\nContent-Type: text/plain\r\n\r\n${body}\r\n-------${id}${flag}\r\n`;
const idOf = (count: number): string => `f${count.toString(36).padStart(7, "0")}`;

const attacks: Readonly<Record<string, Attack>> = {
  "floods of connections": async (port) => {
    const one = async (): Promise<void> => {
      while (until()) {
        await new Promise<void>((resolve) => {
          const socket = connect({
            host: "127.0.0.1",
            port,
            localAddress: `127.0.0.${2 + Math.floor(Math.random() * 200)}`,
          });
          socket.on("error", () => resolve());
          socket.once("connect", () => setTimeout(() => socket.resetAndDestroy(), 20));
          socket.once("close", () => resolve());
        });
      }
    };
    await Promise.all(Array.from({ length: 20 }, one));
  },
  "connections that say nothing": async (port) => {
    for (let count = 0; count < 3000; count++) {
      const socket = connect({ host: "127.0.0.1", port, localAddress: `127.0.1.${1 + (count % 200)}` });
      socket.on("error", () => {});
      if (count % 50 === 0) await pause(20);
    }
    await pause(1e6);
  },
  "logins with wrong passwords": async (port) => {
    const to = `msrps://${domain}:${port};tcp`;
    const one = async (index: number): Promise<void> => {
      while (until()) {
        try {
          const client = await RelayClient.open(place(port), `127.0.2.${1 + index}`);
          for (;;) {
            const challenge = await client.ask("AUTH", to);
            await client.ask("AUTH", to, `Authorization: ${client.answer(challenge, to, "guess")}\r\n`);
          }
        } catch {
          await pause(5);
        }
      }
    };
    await Promise.all(Array.from({ length: 10 }, (_, index) => one(index)));
  },
  "challenges that nobody answers": (port) =>
    pour(
      port,
      (count) =>
        `MSRP ${idOf(count)} AUTH\r\nTo-Path: msrps://${domain}:${port};tcp\r\nFrom-Path: msrp://foe.invalid:9/x1;tcp\r\n-------${idOf(count)}$\r\n`,
    ),
  "guessed addresses": (port) =>
    pour(port, (count) =>
      send(
        `msrps://${domain}:${port}/${Math.random().toString(36)};tcp msrp://a.invalid:9/b;tcp`,
        idOf(count),
        "x",
      ),
    ),
  "chunks of an octet": (port, victim) =>
    pour(port, (count) => send(victim, idOf(count), "x", "+", `${count + 1}-${count + 1}/900000000`)),
  "heads that drip": async (port) => {
    const one = async (): Promise<void> => {
      while (until()) {
        const socket = connect({ host: "127.0.0.1", port });
        socket.on("error", () => {});
        socket.write("MSRP abcdefgh SEND\r\nTo-Path: ");
        for (let count = 0; count < 100 && !socket.destroyed; count++) {
          socket.write("m");
          await pause(50);
        }
        socket.destroy();
      }
    };
    await Promise.all(Array.from({ length: 300 }, one));
  },
  "huge heads": (port) =>
    pour(
      port,
      (count) => `X-${count}: ${"y".repeat(7000)}\r\n`,
      `MSRP abcdefgh SEND\r\nTo-Path: msrps://${domain}:${port}/x;tcp\r\n`,
    ),
  "bodies without end to nowhere": (port) =>
    pour(
      port,
      () => "z".repeat(65_536),
      `MSRP abcdefgh SEND\r\nTo-Path: msrps://${domain}:${port}/x;tcp\r\nFrom-Path: msrp://foe.invalid:9/x;tcp\r\nMessage-ID: foe1\r\nByte-Range: 1-*/*\r\nContent-Type: text/plain\r\n\r\n`,
    ),
  "receivers that do not read": async (port) => {
    const one = async (): Promise<void> => {
      const receiver = await RelayClient.open(place(port));
      await receiver.login(3600);
      receiver.socket.pause();
      const path = `${receiver.token} ${receiver.uri}`;
      await pour(port, (count) => send(path, idOf(count), "w".repeat(2000)));
    };
    await Promise.all(Array.from({ length: 5 }, one));
  },
  noise: (port) =>
    pour(port, () =>
      String.fromCharCode(...Array.from({ length: 2000 }, () => Math.floor(Math.random() * 256))),
    ),
};

/** The honest pair. */
async function honest(port: number): Promise<{ lost: number; p50: number; p99: number; rate: number }> {
  const receiver = await RelayClient.open(place(port));
  await receiver.login(3600);
  const sender = await RelayClient.open(place(port));
  const waits: number[] = [];
  const sentAt = new Map<string, number>();
  receiver.onFrame = (frame) => {
    if (!/^MSRP \S+ SEND/.test(frame)) return;
    const id = /^Message-ID: m(\S+)/m.exec(frame)?.[1] ?? "";
    waits.push(performance.now() - (sentAt.get(id) ?? 0));
    receiver.accept(frame);
  };
  const begun = performance.now();
  let sent = 0;
  while (performance.now() - begun < seconds * 1000) {
    for (const due = Math.floor(((performance.now() - begun) / 1000) * perSecond); sent < due; sent++) {
      const id = `h${sent.toString(36).padStart(7, "0")}`;
      sentAt.set(id, performance.now());
      sender.send(`${receiver.token} ${receiver.uri}`, id, "honest work".repeat(10));
    }
    await pause(2);
  }
  const elapsed = (performance.now() - begun) / 1000;
  for (let tries = 0; tries < 100 && waits.length < sent; tries++) await pause(50);
  waits.sort((a, b) => a - b);
  const at = (share: number): number => waits[Math.floor((waits.length - 1) * share)] ?? Number.NaN;
  const result = { lost: sent - waits.length, p50: at(0.5), p99: at(0.99), rate: waits.length / elapsed };
  sender.close();
  receiver.close();
  return result;
}

if (own === "--attack") {
  const [name = "", port, victim = ""] = words;
  await attacks[name]?.(Number(port), victim);
} else {
  const chosen = [own, ...words].filter((word): word is Runtime => installed.includes(word as Runtime));
  const rows: string[] = [];
  for (const runtime of chosen.length > 0 ? chosen : installed) {
    const port = await freePort();
    const relay = startRelay(runtime, port, false);
    await untilListening(port);
    await honest(port);
    for (const name of ["nothing", ...Object.keys(attacks), "nothing"]) {
      const victim = await RelayClient.open(place(port));
      await victim.login(3600);
      victim.onFrame = (frame) => victim.accept(frame);
      const script = fileURLToPath(import.meta.url);
      const line = [
        "--import",
        "tsx",
        script,
        "--attack",
        name,
        String(port),
        `${victim.token} ${victim.uri}`,
      ];
      const attacker =
        name === "nothing"
          ? undefined
          : spawn(
              "nice",
              ["-n", "5", "taskset", "-c", relayCore.length > 0 ? "1" : "0-63", process.execPath, ...line],
              { stdio: "ignore" },
            );
      await pause(attacker === undefined ? 0 : 1500);
      const { lost, p50, p99, rate } = await honest(port);
      const peak =
        Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${relay.pid}/status`, "utf8"))?.[1]) / 1024;
      attacker?.kill("SIGKILL");
      victim.close();
      await pause(500);
      const row = `| ${runtime} | ${name} | ${rate.toFixed(0)} | ${lost} | ${p50.toFixed(2)} | ${p99.toFixed(1)} | ${peak.toFixed(0)} |`;
      console.log(row);
      rows.push(row);
    }
    await relay.stop();
  }
  console.log(
    `\n| relay | beside | messages/s | lost | p50 ms | p99 ms | peak MiB |\n|---|---|--:|--:|--:|--:|--:|\n${rows.join("\n")}`,
  );
  process.exit(0);
}
