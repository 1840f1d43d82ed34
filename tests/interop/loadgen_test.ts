// The load generator in C against the relay's command on each runtime: every message arrives once, in order, octet for
// octet. All its modes meet each other in pairs; LOADGEN=all tries each with each, which takes hours.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "#test";
import { hashPassword } from "../../core/mod.ts";
import { makeSelfSigned } from "../../server/certificate.ts";
import { installed, type RunningCommand, root, start } from "../support/command.ts";

const folder = mkdtempSync(join(tmpdir(), "msrpkit-loadgen-"));
const generator = join(folder, "loadgen");
const domain = "relay.test";
const built = spawnSync("gcc", [
  "-O2",
  "-o",
  generator,
  join(root, "bench/loadgen/loadgen.c"),
  "-lssl",
  "-lcrypto",
]);
const limitMs = 600_000;
const idle = 60;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What is tried; of a run's settings each comes from one of these. */
const modes = {
  tls: ["0", "1"],
  auth: ["recv", "both"],
  "failure-report": ["yes", "no", "partial"],
  "success-report": ["0", "1"],
  size: ["0", "1", "100", "2048", "2049", "65536", "1048576"],
  chunk: ["2048", "65536", "1048576"],
  pairs: ["1", "10", "500"],
  coalesce: ["0", "1"],
} as const;
type Mode = keyof typeof modes;
type Settings = Readonly<Record<Mode, string>>;
const names = Object.keys(modes) as Mode[];

/** Messages of each pair: so many that a run moves some megabytes. */
function countOf({ size, pairs }: Settings): number {
  const octets = 16_000_000 / Math.max(1, Number(pairs));
  return Math.max(
    2,
    Math.min(Number(pairs) > 100 ? 10 : 200, Math.floor(octets / Math.max(1, Number(size)))),
  );
}

/** Every setting with every other. */
function product(rest: readonly Mode[] = names): Settings[] {
  const [name, ...others] = rest;
  if (name === undefined) return [{} as Settings];
  return product(others).flatMap((settings) => modes[name].map((value) => ({ ...settings, [name]: value })));
}

/** What the generator can do: its receiver reports no message without a body. */
function possible(settings: Settings): boolean {
  return settings.size !== "0" || settings["success-report"] === "0";
}

/** So few runs that each value of a mode meets each value of every other mode. */
function pairwise(): Settings[] {
  const left = new Set<string>();
  const pairsOf = (settings: Settings): string[] =>
    names.flatMap((one, index) =>
      names.slice(index + 1).map((other) => `${one}=${settings[one]} ${other}=${settings[other]}`),
    );
  const all = product().filter(possible);
  for (const settings of all) for (const pair of pairsOf(settings)) left.add(pair);
  const chosen: Settings[] = [];
  while (left.size > 0) {
    let best = all[0] as Settings;
    let most = -1;
    for (const settings of all) {
      const gain = pairsOf(settings).filter((pair) => left.has(pair)).length;
      if (gain > most) [best, most] = [settings, gain];
    }
    for (const pair of pairsOf(best)) left.delete(pair);
    chosen.push(best);
  }
  return chosen;
}

/** What the generator says; `stalled` when it says nothing at all. */
function generate(port: number, settings: Settings): Promise<{ ok: boolean; error: string | null }> {
  const flags = names.flatMap((name) => [`--${name}`, settings[name]]);
  const more = ["--port", String(port), "--domain", domain, "--count", String(countOf(settings))];
  const child = spawn(generator, ["msgs", ...more, ...flags, "--window", "16", "--timeout", String(idle)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (bytes: Buffer) => {
    said += String(bytes);
  });
  return new Promise((resolve) => {
    child.once("close", () => {
      try {
        resolve(JSON.parse(said));
      } catch {
        resolve({ ok: false, error: `it printed "${said}"` });
      }
    });
  });
}

if (built.status !== 0) {
  test("the load generator cannot be built here: apt-get install gcc libssl-dev", () => {
    expect(process.env["CI"]).toBe(undefined);
  });
} else {
  for (const runtime of installed) {
    describe(`loadgen through a relay on ${runtime}`, () => {
      let relay: RunningCommand;
      const ports: Record<string, number> = {};
      beforeAll(async () => {
        const { cert, key } = await makeSelfSigned([domain]);
        const file = (name: string, text: string): string => {
          const path = join(folder, `${runtime}-${name}`);
          writeFileSync(path, text, { mode: 0o600 });
          return path;
        };
        const hashes = Object.values(hashPassword("bob", domain, "1234"));
        const config = {
          domains: [domain],
          listen: ["msrp://127.0.0.1:0;tcp", "msrps://127.0.0.1:0;tcp"],
          users: file("users", `${hashes.map((ha1) => `bob:${domain}:${ha1}`).join("\n")}\n`),
          cert: file("cert.pem", cert),
          key: file("key.pem", key),
          limits: { maxConnectionsPerAddress: 10_000, maxBindingsPerUser: 10_000 },
          development: { plainAuth: true },
        };
        relay = start(runtime, ["relay", "--config", file("relay.json", JSON.stringify(config)), "--json"]);
        for (const tls of [0, 1]) {
          const { uri } = await relay.event("listening", tls + 1);
          ports[tls] = Number(/:(\d+);/.exec(String(uri))?.[1]);
        }
      });
      afterAll(async () => {
        await relay.stop();
      });

      for (const settings of process.env["LOADGEN"] === "all" ? product().filter(possible) : pairwise()) {
        const label = names.map((name) => `${name} ${settings[name]}`).join(", ");
        test(
          `nothing is lost: ${label}`,
          async () => {
            const { ok, error } = await generate(ports[settings.tls] as number, settings);
            expect([ok, error]).toEqual([true, null]);
          },
          limitMs,
        );
      }
    });
  }
}
