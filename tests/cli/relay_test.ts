// `msrpkit relay`: what it wants to be told, what it reads again on SIGHUP, and how it ends.
// The ways through it are played by tests/flows.
import { copyFile, readFile, writeFile } from "node:fs/promises";
import net from "node:net";
import { join } from "node:path";
import { type TLSSocket, connect as tlsConnect } from "node:tls";
import { beforeAll, describe, expect, test } from "#test";
import { connectThroughRelay, definePlugin, hashPassword, Msrp } from "../../core/mod.ts";
import { EXIT_FILE, EXIT_USAGE } from "../../server/exit_codes.ts";
import { makeNamedCertificates, type NamedCertificates } from "../../testing/certificates.ts";
import { testFolder } from "../harness/folder.ts";
import { ownRuntime, type RunningCommand, run, start } from "../support/command.ts";
import { rejection } from "../support/nodes.ts";
import { ownAdapter } from "../support/own_adapter.ts";

const users = (password: string): string =>
  `${Object.values(hashPassword("alice", "relay.test", password))
    .map((ha1) => `alice:relay.test:${ha1}`)
    .join("\n")}\n`;

describe("msrpkit relay", () => {
  const folder = testFolder();
  let certificates: NamedCertificates;
  beforeAll(async () => {
    certificates = await makeNamedCertificates(["relay.test", "other.test"]);
    for (const name of ["relay.test", "other.test"]) {
      await writeFile(join(folder, `${name}.pem`), certificates.of(name).cert);
      await writeFile(join(folder, `${name}.key`), certificates.of(name).key);
    }
    await writeFile(join(folder, "users"), users("one"));
  });

  const file = (name: string): string => join(folder, name);

  async function writeConfig(extra: object = {}): Promise<void> {
    const config = {
      domains: ["relay.test"],
      listen: ["msrps://127.0.0.1:0;tcp"],
      users: file("users"),
      cert: file("cert.pem"),
      key: file("key.pem"),
      drainSeconds: 2,
      ...extra,
    };
    await writeFile(file("relay.json"), JSON.stringify(config));
  }

  async function launch(extra: object = {}): Promise<[RunningCommand, number]> {
    await copyFile(file("relay.test.pem"), file("cert.pem"));
    await copyFile(file("relay.test.key"), file("key.pem"));
    await writeConfig(extra);
    const relay = start(ownRuntime, ["relay", "--config", file("relay.json"), "--json"]);
    const { uri } = await relay.event("listening");
    return [relay, Number(/:(\d+);tcp$/.exec(String(uri))?.[1])];
  }

  /** A TLS connection to the relay, and the names in its certificate. */
  function open(port: number): Promise<[TLSSocket, string]> {
    return new Promise((resolve, reject) => {
      const socket = tlsConnect({
        host: "127.0.0.1",
        port,
        servername: "relay.test",
        ca: certificates.ca,
        rejectUnauthorized: false,
      });
      socket.once("error", reject);
      socket.once("secureConnect", () => resolve([socket, socket.getPeerCertificate().subjectaltname ?? ""]));
    });
  }

  function ask(socket: TLSSocket, id: string): Promise<string> {
    return new Promise((resolve, reject) => {
      socket.once("data", (bytes: Uint8Array) => resolve(new TextDecoder().decode(bytes)));
      socket.once("close", () => reject(new Error("closed")));
      socket.write(
        `MSRP ${id} AUTH\r\nTo-Path: msrps://relay.test:${socket.remotePort};tcp\r\nFrom-Path: msrps://a.invalid:1/a;tcp\r\n-------${id}$\r\n`,
      );
    });
  }

  test("says what is missing, and which field of its file is wrong", async () => {
    const cases: readonly (readonly [args: readonly string[], said: string])[] = [
      [["relay"], "--domain"],
      [["relay", "--domain", "relay.test", "--listen", "msrp://127.0.0.1:0;tcp"], "--users"],
      [["relay", "--config", file("none.json")], "none.json"],
      [
        ["relay", "--domain", "192.0.2.1", "--listen", "msrp://127.0.0.1:0;tcp", "--users", file("users")],
        "not an address",
      ],
    ];
    for (const [args, said] of cases) {
      const ended = await run(ownRuntime, args);
      expect([args, ended.code === 0, ended.stderr.includes(said)]).toEqual([args, false, true]);
    }
    await writeFile(file("bad.json"), JSON.stringify({ domains: ["a"], limits: { maxDials: 0 }, oops: 1 }));
    const { stderr } = await run(ownRuntime, ["relay", "--config", file("bad.json")]);
    expect([stderr.includes("limits.maxDials"), stderr.includes("oops")]).toEqual([true, true]);
    for (const [extra, code] of [
      [{ dial: { allow: ["10.0.0.0/99"] } }, EXIT_USAGE],
      [{ domains: ["::1"] }, EXIT_USAGE],
      [{ ca: file("users"), cert: undefined, key: undefined }, EXIT_FILE],
    ] as const) {
      await writeConfig(extra);
      expect((await run(ownRuntime, ["relay", "--config", file("relay.json")])).code).toBe(code);
    }
  });

  test("RFC 4976 §9.2: asks for a certificate and goes on without one; its own has the domain in subjectAltName [4976-6.1-01] [4976-9.2-04]", async () => {
    const [relay, port] = await launch();
    const [socket, names] = await open(port);
    expect(names).toBe("DNS:relay.test");
    expect(await ask(socket, "tid1234567")).toMatch(
      /^MSRP tid1234567 401 [\s\S]*WWW-Authenticate: Digest realm="relay.test"/,
    );
    socket.destroy();
    await relay.stop("SIGKILL");
  });

  test("SIGHUP reads users, certificate and limits again, and drops no connection", async () => {
    const [relay, port] = await launch();
    const [socket] = await open(port);
    await ask(socket, "tid1234567");
    await copyFile(file("other.test.pem"), file("cert.pem"));
    await copyFile(file("other.test.key"), file("key.pem"));
    await writeFile(file("users"), users("two"));
    relay.signal("SIGHUP");
    await relay.event("reloaded");
    const [later, names] = await open(port);
    expect(names).toBe("DNS:other.test");
    expect(await ask(socket, "tid2345678")).toMatch(/^MSRP tid2345678 401 /);
    await writeFile(file("relay.json"), "{");
    relay.signal("SIGHUP");
    await relay.event("reload-failed");
    expect(await ask(later, "tid3456789")).toMatch(/^MSRP tid3456789 401 /);
    await writeConfig();
    await writeFile(file("users"), "no users\n");
    relay.signal("SIGHUP");
    expect((await relay.event("reload-failed", 2))["message"]).toContain("users:1: no line");
    await writeFile(file("users"), `${users("two")}no user\n`);
    relay.signal("SIGHUP");
    expect((await relay.event("problem"))["message"]).toContain("users:3: no line");
    await relay.event("reloaded", 2);
    socket.destroy();
    later.destroy();
    await relay.stop("SIGKILL");
  });

  test("SIGHUP reads again who may log in and where to connect to; the hash functions of challenges are the file's", async () => {
    await writeFile(file("users"), users("one"));
    const [relay, port] = await launch({ algorithms: ["MD5", "SHA-256"] });
    const adapter = await ownAdapter();
    const connector = adapter.createConnector({
      resolver: { addresses: async () => ["127.0.0.1"], services: async () => [] },
    });
    const [socket] = await open(port);
    const challenge = await ask(socket, "tid1234567");
    expect([...challenge.matchAll(/algorithm=([\w-]+)/g)].map(([, name]) => name)).toEqual([
      "MD5",
      "SHA-256",
    ]);
    socket.destroy();
    const far = new Msrp();
    const listener = await adapter.listen(far, "msrp://127.0.0.1:0;tcp");
    const session = far.session({
      role: "passive",
      local: `msrp://127.0.0.1:${listener.uri.port}/far12345;tcp`,
    });
    const login = () =>
      connectThroughRelay(
        new Msrp(),
        {
          relay: `msrps://relay.test:${port};tcp`,
          credentials: { username: "alice", password: "one" },
          tls: { ca: certificates.ca },
        },
        connector,
      );
    const alice = await login();
    const remote = session.local;
    expect((await rejection<Error>(alice.connect({ remote }))).message).toContain("403");
    const config = JSON.parse(await readFile(file("relay.json"), "utf8"));
    const reload = async (changed: object, nth: number): Promise<void> => {
      await writeFile(file("relay.json"), JSON.stringify({ ...config, ...changed }));
      relay.signal("SIGHUP");
      await relay.event("reloaded", nth);
    };
    await reload({ dial: { allow: ["127.0.0.1"] } }, 1);
    const permitted = await alice.connect({ remote });
    await permitted.send("after the reload").accepted;
    expect(
      await session[Symbol.asyncIterator]()
        .next()
        .then(({ value }) => value?.text()),
    ).toBe("after the reload");
    await reload({ denyUsers: ["alice"] }, 2);
    expect((await rejection<{ code: string }>(alice.path())).code).toBe("auth-forbidden");
    expect((await rejection<{ code: string }>(login())).code).toBe("auth-forbidden");
    alice.close();
    await far.close({ drainMs: 0 });
    await listener.close();
    await relay.stop("SIGKILL");
  });

  test("SIGTERM ends it in good order, in bounded time [SEC-32]", async () => {
    const [relay, port] = await launch();
    const [socket] = await open(port);
    await ask(socket, "tid1234567");
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    const ended = await relay.stop("SIGTERM");
    await closed;
    expect(ended.code).toBe(0);
  });

  test("SIGTERM in the middle of a message: it arrives whole, no other begins, and nobody comes in [SEC-32]", async () => {
    await writeFile(file("users"), users("one"));
    const [relay, port] = await launch({ drainSeconds: 20 });
    const adapter = await ownAdapter();
    const connector = adapter.createConnector({
      resolver: { addresses: async () => ["127.0.0.1"], services: async () => [] },
    });
    const tls = { ca: certificates.ca };
    let begun: () => void = () => undefined;
    const half = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const watch = definePlugin("watch", () => ({
      name: "watch",
      chunk: (c, next) => {
        if (c.frame.bodyLength > 0) begun();
        return next();
      },
    }));
    const [alice, peer] = [new Msrp().use(watch), new Msrp()];
    const received = new Promise<number>((resolve) =>
      alice.onMessage((message) => resolve(message.body.length)),
    );
    const credentials = { username: "alice", password: "one" };
    const client = await connectThroughRelay(
      alice,
      { relay: `msrps://relay.test:${port};tcp`, credentials, tls },
      connector,
    );
    const path = await client.path();
    client.expect(path);
    const local = "msrps://peer.invalid:9/peer99;tcp";
    const session = await peer.connect({ local, remote: path.sdpPath, tls }, connector);
    let goOn: () => void = () => undefined;
    const ending = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    async function* content(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(300_000);
      await ending;
      yield new Uint8Array(300_000);
    }
    const sent = session.send(content(), { contentType: "application/octet-stream" });
    await half;
    relay.signal("SIGTERM");
    await relay.event("ending");
    const refused = await rejection<{ status?: number }>(session.send("too late").accepted);
    expect(refused.status).toBe(403);
    expect(
      await open(port).then(
        () => "open",
        () => "refused",
      ),
    ).toBe("refused");
    goOn();
    await sent.accepted;
    expect(await received).toBe(600_000);
    expect((await relay.ended).code).toBe(0);
    await alice.close({ drainMs: 0 });
    await peer.close({ drainMs: 0 });
    client.close();
  });

  test("RFC 4976 §6.5: with few descriptors whoever was quiet for longest makes room, and everybody is answered [4976-6.5-03] [4976-6.5-04] [SEC-18]", async () => {
    const relay = start(
      ownRuntime,
      [
        "relay",
        "--domain",
        "relay.test",
        "--listen",
        "msrp://127.0.0.1:0;tcp",
        "--users",
        file("users"),
        "--allow-plain-auth",
        "--json",
      ],
      { openFiles: 256 },
    );
    const { uri } = await relay.event("listening");
    const port = Number(/:(\d+);tcp$/.exec(String(uri))?.[1]);
    const sockets: net.Socket[] = [];
    let closed = 0;
    for (let count = 1000; count < 1300; count++) {
      const socket = net.connect({ port, host: "127.0.0.1" });
      sockets.push(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => closed++);
      const answer = new Promise<string>((resolve) => {
        socket.once("data", (bytes: Uint8Array) => resolve(new TextDecoder().decode(bytes)));
        socket.once("close", () => resolve("closed"));
      });
      socket.write(
        `MSRP tid${count} AUTH\r\nTo-Path: msrp://relay.test:${port};tcp\r\nFrom-Path: msrp://a.invalid:1/a;tcp\r\n-------tid${count}$\r\n`,
      );
      expect((await answer).slice(0, 16)).toBe(`MSRP tid${count} 401`);
    }
    expect(closed).toBeGreaterThan(50);
    expect(sockets[0]?.destroyed).toBe(true);
    for (const socket of sockets) socket.destroy();
    await relay.stop("SIGKILL");
  });
});
