// Starts a clamd of its own for one test: a configuration and a signature database in a temporary folder, a Unix socket and
// a port. The database knows the EICAR test string and nothing else, so nothing is downloaded.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { freePort, untilListening } from "../harness/poll.ts";

/** A running clamd. */
export interface Clamd {
  readonly path: string;
  readonly port: number;
  /** Stops it in its tracks: it takes connections, and answers nothing. */
  freeze(): void;
  /** It goes on. */
  thaw(): void;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

/** Whether it can be started here. */
export const clamdInstalled: boolean = existsSync("/usr/sbin/clamd");

/** The string that every scanner knows, in two pieces so that none finds it in this file. */
export const eicar: string = [
  "X5O!P%@AP[4\\PZX54(P^)7CC)7}$",
  "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*",
].join("");

/** Octets that it scans of a message. */
export const streamMaxLength = 2_000_000;

/** Starts it. @throws with its own words when it does not come up */
export async function startClamd(): Promise<Clamd> {
  const home = await mkdtemp(join(tmpdir(), "msrpkit-clamd-"));
  const path = join(home, "clamd.sock");
  const port = await freePort();
  const hex = Buffer.from(eicar, "latin1").toString("hex");
  await writeFile(join(home, "test.ndb"), `Msrpkit.Test.EICAR:0:*:${hex}\n`);
  const settings = [
    "Foreground yes",
    `DatabaseDirectory ${home}`,
    `LocalSocket ${path}`,
    `TCPSocket ${port}`,
    "TCPAddr 127.0.0.1",
    `TemporaryDirectory ${home}`,
    `StreamMaxLength ${streamMaxLength}`,
    "DisableCache yes",
    "Bytecode no",
  ];
  await writeFile(join(home, "clamd.conf"), `${settings.join("\n")}\n`);
  const child = spawn("/usr/sbin/clamd", ["--config-file", join(home, "clamd.conf")], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      log += text;
    });
  }
  process.once("exit", () => child.kill("SIGKILL"));
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const failed = ended.then(() => {
    throw new Error(`clamd ended: ${log}`);
  });
  await Promise.race([untilListening(port), failed]);
  failed.catch(() => undefined);
  return {
    path,
    port,
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    stop: async () => {
      child.kill("SIGKILL");
      await ended;
      await rm(home, { recursive: true, force: true });
    },
  };
}
