// Starts a PostgreSQL server of its own for one test: a new cluster in a temporary folder, run by an unprivileged user.
// PostgreSQL refuses to run as root, so a test that does gives the folder and the processes to `nobody`.
import { spawn, spawnSync } from "node:child_process";
import { chownSync, existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll } from "#test";
import { freePort, untilListening } from "../harness/poll.ts";

/** A running server with one database, `accounts`, and one user, `msrpkit`. */
export interface Postgres {
  /** Its address, without the password. */
  readonly url: string;
  /** The password of its user. */
  readonly password: string;
  /** Ends the server, as a failure would. */
  halt(): Promise<void>;
  /** Starts it again on the same port. */
  restart(): Promise<void>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

const versions = "/usr/lib/postgresql";
const folder = existsSync(versions)
  ? readdirSync(versions)
      .map((version) => `${versions}/${version}/bin`)
      .filter((bin) => existsSync(`${bin}/initdb`) && existsSync(`${bin}/postgres`))
      .at(-1)
  : undefined;
const root = process.getuid?.() === 0;
const nobody = 65_534;

/** Why PostgreSQL cannot be started here, or `undefined` when it can. */
export const postgresMissing: string | undefined =
  folder === undefined
    ? "PostgreSQL is not installed here: apt-get install postgresql"
    : root && !existsSync("/usr/bin/setpriv")
      ? "PostgreSQL does not run as root, and there is no setpriv to become somebody else"
      : undefined;

/** Makes a cluster and starts it. @throws with the server's own words when it does not come up */
export async function startPostgres(): Promise<Postgres> {
  const home = await mkdtemp(join(tmpdir(), "msrpkit-postgres-"));
  const password = "a'b c";
  await writeFile(join(home, "password"), password);
  if (root) for (const path of [home, join(home, "password")]) chownSync(path, nobody, nobody);
  const data = join(home, "data");
  const made = spawnSync(
    ...command("initdb", [
      "-D",
      data,
      "-U",
      "msrpkit",
      "-A",
      "scram-sha-256",
      "-N",
      "--no-sync",
      "-E",
      "UTF8",
      "--locale=C",
      `--pwfile=${join(home, "password")}`,
    ]),
    { encoding: "utf8", cwd: home, timeout: 60_000 },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}${made.error?.message ?? ""}`);
  const port = await freePort();
  const run = async (): Promise<() => Promise<void>> => {
    let log = "";
    const server = spawn(
      ...command("postgres", [
        "-D",
        data,
        "-k",
        home,
        "-p",
        String(port),
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        "fsync=off",
      ]),
      { cwd: home, stdio: ["ignore", "ignore", "pipe"] },
    );
    process.once("exit", () => server.kill("SIGKILL"));
    const ended = new Promise<void>((resolve) => server.once("close", () => resolve()));
    const ready = new Promise<void>((resolve, reject) => {
      server.stderr.setEncoding("utf8").on("data", (text: string) => {
        log += text;
        if (log.includes("ready to accept connections")) resolve();
      });
      server.once("close", () => reject(new Error(`postgres ended: ${log}`)));
    });
    await ready;
    await untilListening(port);
    return async () => {
      // "Immediate": whoever is connected is dropped.
      server.kill("SIGQUIT");
      await ended;
    };
  };
  let end = await run();
  const url = `postgres://msrpkit@127.0.0.1:${port}/accounts`;
  const created = spawnSync(
    ...command("psql", [
      "-h",
      "127.0.0.1",
      "-p",
      String(port),
      "-U",
      "msrpkit",
      "-d",
      "postgres",
      "-c",
      "CREATE DATABASE accounts",
    ]),
    { encoding: "utf8", cwd: home, env: { ...process.env, PGPASSWORD: password }, timeout: 30_000 },
  );
  if (created.status !== 0) throw new Error(`psql failed: ${created.stderr}`);
  return {
    url,
    password,
    halt: () => end(),
    restart: async () => {
      end = await run();
    },
    stop: async () => {
      await end();
      await rm(home, { recursive: true });
    },
  };
}

/** While the tests around it run the password is in the environment, as an operator would have it; then the server ends. */
export function passwordInEnvironment(server: Postgres): void {
  const before = process.env["PGPASSWORD"];
  beforeAll(() => {
    process.env["PGPASSWORD"] = server.password;
  });
  afterAll(async () => {
    if (before === undefined) delete process.env["PGPASSWORD"];
    else process.env["PGPASSWORD"] = before;
    await server.stop();
  });
}

function command(name: string, args: readonly string[]): [string, string[]] {
  const program = `${folder}/${name}`;
  if (!root) return [program, [...args]];
  const become = [`--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"];
  return ["/usr/bin/setpriv", [...become, program, ...args]];
}
