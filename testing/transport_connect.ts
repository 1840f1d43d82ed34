/**
 * Transport suite, part 3: addresses tried in order, time limits and signals. Also the limits of a listener, and the way from
 * an MSRP URI to a socket.
 */
import type { ServiceRecord } from "../adapters/node.ts";
import { ConnectionError } from "../core/errors.ts";
import type { Accept, Connector } from "../core/node/transport.ts";
import { makeCertificates } from "./certificates.ts";
import type { TestFramework } from "./framework.ts";
import { latch, Probe, Probes } from "./probe.ts";
import { rawServer, startHarness, turns } from "./transport_pair.ts";
import type { TransportSubject } from "./transport_suite.ts";

/** The error that `work` rejects with. */
async function failure(work: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it should have been refused");
}

async function freePort(): Promise<number> {
  const server = await rawServer(() => {});
  server.close();
  return server.port;
}

const refuse: Accept = () => {
  throw new Error("accept must not be called");
};

/** Declares the tests of this part. */
export function connectTests(subject: TransportSubject, { expect, test }: TestFramework): void {
  test("RFC 4975 §6.2: a numeric address is used as written, without a query [4975-6.2-01]", async () => {
    const harness = await startHarness(subject);
    const resolver = {
      addresses: () => Promise.reject(new Error("no query expected")),
      services: () => Promise.reject(new Error("no query expected")),
    };
    const clients = new Probes();
    const connector = subject.createConnector({ resolver });
    const transport = await connector(
      { host: "127.0.0.1", port: harness.port, secure: false },
      clients.accept,
    );
    expect(transport.remoteAddress).toBe("127.0.0.1");
    expect(transport.remotePort).toBe(harness.port);
    expect(transport.localAddress).toBe("127.0.0.1");
    expect(transport.secure).toBe(false);
    expect(transport.framing).toBe("stream");
    const server = await harness.servers.next();
    expect(server.transport.remotePort).toBe(transport.localPort);
    expect(server.transport.localPort).toBe(harness.port);
    await harness.close();
  });

  test("RFC 4975 §6.2: a name with a port is an address query, never SRV [4975-6.2-02]", async () => {
    const harness = await startHarness(subject);
    const asked: string[] = [];
    const resolver = {
      addresses: (host: string) => {
        asked.push(host);
        return Promise.resolve(["127.0.0.1"]);
      },
      services: (): Promise<ServiceRecord[]> => Promise.reject(new Error("no SRV query expected")),
    };
    const connector = subject.createConnector({ resolver });
    const clients = new Probes();
    await connector({ host: "alice.test", port: harness.port, secure: false }, clients.accept);
    expect(asked).toEqual(["alice.test"]);
    await harness.close();
  });

  test("RFC 4975 §6.2: the first address refuses, the second is used [4975-6.2-03]", async () => {
    const harness = await startHarness(subject);
    const resolver = {
      addresses: () => Promise.resolve(["::1", "127.0.0.1"]),
      services: () => Promise.resolve([]),
    };
    const connector = subject.createConnector({ resolver });
    const clients = new Probes();
    const transport = await connector(
      { host: "two.test", port: harness.port, secure: false },
      clients.accept,
    );
    expect(transport.remoteAddress).toBe("127.0.0.1");
    await harness.close();
  });

  test("RFC 4976 §8: a failing SRV target gives way to the next one", async () => {
    const harness = await startHarness(subject, { listen: { tls: await serverTls() } });
    const dead = await freePort();
    const asked: string[] = [];
    const resolver = {
      addresses: (host: string) => {
        asked.push(host);
        return Promise.resolve(["127.0.0.1"]);
      },
      services: (name: string) => {
        asked.push(name);
        return Promise.resolve([
          { priority: 2, weight: 0, port: harness.port, target: "second.test" },
          { priority: 1, weight: 0, port: dead, target: "first.test" },
        ]);
      },
    };
    const { ca } = await certificates();
    const connector = subject.createConnector({ resolver });
    const clients = new Probes();
    // The certificate names msrp.test, the name asked for, and not the SRV target.
    await connector({ host: "msrp.test", port: 0, secure: true, tls: { ca } }, clients.accept);
    expect(asked).toEqual(["_msrps._tcp.msrp.test", "first.test", "second.test"]);
    await harness.close();
  });

  test("a name of the hosts file resolves through the system's resolver", async () => {
    const harness = await startHarness(subject);
    const clients = new Probes();
    await subject.transportConnect({ host: "localhost", port: harness.port, secure: false }, clients.accept);
    expect(clients.all.length).toBe(1);
    await harness.close();
  });

  test("IPv6: listen and connect on ::1", async () => {
    const harness = await startHarness(subject, { listen: { host: "::1" } });
    const { client, server } = await harness.pair({}, { host: "::1" });
    client.transport.write(new Uint8Array(3));
    await server.bytes(3);
    expect(client.transport.remoteAddress).toBe("::1");
    await harness.close();
  });

  test("refused: ConnectionError connect-failed with a cause", async () => {
    const port = await freePort();
    const error = await failure(subject.transportConnect({ host: "127.0.0.1", port, secure: false }, refuse));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error.code).toBe("connect-failed");
    expect(error.cause).toBeInstanceOf(Error);
  });

  test("a name without addresses: connect-failed", async () => {
    const resolver = { addresses: () => Promise.resolve([]), services: () => Promise.resolve([]) };
    const connector = subject.createConnector({ resolver });
    const error = await failure(connector({ host: "nobody.test", port: 1, secure: false }, refuse));
    expect(error.code).toBe("connect-failed");
  });

  test("permit: an address that may not be dialled is not dialled", async () => {
    const harness = await startHarness(subject);
    const connector = subject.createConnector({ permit: (address) => address !== "127.0.0.1" });
    const error = await failure(connector({ host: "127.0.0.1", port: harness.port, secure: false }, refuse));
    expect(error.code).toBe("connect-failed");
    await turns(subject, 2);
    expect(harness.servers.all.length).toBe(0);
    await harness.close();
  });

  test("timeout: a resolver that never answers, connect-timeout", async () => {
    const resolver = {
      addresses: () => new Promise<string[]>(() => {}),
      services: () => Promise.resolve([]),
    };
    const connector = subject.createConnector({ resolver });
    const work = connector({ host: "slow.test", port: 1, secure: false }, refuse, { timeoutMs: 50 });
    expect((await failure(work)).code).toBe("connect-timeout");
  });

  test("timeout: a server that never answers the TLS handshake, connect-timeout and closed", async () => {
    const closed = latch<void>();
    const server = await rawServer((socket) => {
      socket.resume();
      socket.once("close", () => closed.resolve());
      socket.once("end", () => socket.end());
    });
    const target = { host: "127.0.0.1", port: server.port, secure: true };
    expect((await failure(subject.transportConnect(target, refuse, { timeoutMs: 100 }))).code).toBe(
      "connect-timeout",
    );
    await closed.promise;
    server.close();
  });

  test("AbortSignal: fired before, during the handshake, and without effect afterwards", async () => {
    const before = AbortSignal.abort(new Error("no longer wanted"));
    const nowhere = { host: "127.0.0.1", port: 1, secure: false };
    expect((await failure(subject.transportConnect(nowhere, refuse, { signal: before }))).code).toBe(
      "aborted",
    );

    const stop = new AbortController();
    const closed = latch<void>();
    const server = await rawServer((socket) => {
      socket.once("data", () => stop.abort());
      socket.once("close", () => closed.resolve());
      socket.once("end", () => socket.end());
    });
    const target = { host: "127.0.0.1", port: server.port, secure: true };
    expect((await failure(subject.transportConnect(target, refuse, { signal: stop.signal }))).code).toBe(
      "aborted",
    );
    await closed.promise;
    server.close();

    const harness = await startHarness(subject);
    const after = new AbortController();
    const clients = new Probes();
    const open = { host: "127.0.0.1", port: harness.port, secure: false };
    const transport = await subject.transportConnect(open, clients.accept, { signal: after.signal });
    after.abort();
    transport.write(new Uint8Array(4));
    await (await harness.servers.next()).bytes(4);
    await harness.close();
  });

  test("maxConnections: the limit is served, one more is dropped, a place that is left can be taken", async () => {
    const harness = await startHarness(subject, { echo: true, listen: { maxConnections: 3 } });
    const pairs = [await harness.pair(), await harness.pair(), await harness.pair()];
    for (const { client } of pairs) {
      client.transport.write(new Uint8Array(1));
      await client.bytes(1);
    }
    const extra = await harness.raw();
    await new Promise<void>((resolve) => {
      extra.on("error", () => {});
      extra.once("end", () => extra.end());
      extra.once("close", () => resolve());
      extra.resume();
    });
    expect(harness.errors.map((error) => (error as { code?: string }).code)).toEqual([
      "too-many-connections",
    ]);
    expect(harness.servers.all.length).toBe(3);
    const { client, server } = pairs[0]!;
    client.transport.close();
    await Promise.all([client.ended_, server.ended_]);
    const again = await harness.pair();
    again.client.transport.write(new Uint8Array(2));
    await again.client.bytes(2);
    await harness.close();
  });

  test("a port in use: listen-failed", async () => {
    const harness = await startHarness(subject);
    const again = subject.transportListen(refuse, { host: "127.0.0.1", port: harness.port });
    const error = await failure(again);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error.code).toBe("listen-failed");
    await harness.close();
  });

  test("closing a listener: close flushes and ends its connections, keep leaves them, none comes in", async () => {
    const servers = new Probes();
    const listener = await subject.transportListen(servers.accept, { host: "127.0.0.1", port: 0 });
    const clients = new Probes();
    const target = { host: "127.0.0.1", port: listener.port, secure: false };
    await subject.transportConnect(target, clients.accept);
    const server = await servers.next();
    await listener.close({ connections: "keep" });
    server.transport.write(new Uint8Array(6));
    await clients.all[0]!.bytes(6);
    expect((await failure(subject.transportConnect(target, refuse))).code).toBe("connect-failed");
    server.transport.close();
    await Promise.all([server.ended_, clients.all[0]!.ended_]);

    const second = await subject.transportListen(servers.accept, { host: "127.0.0.1", port: 0 });
    await subject.transportConnect({ ...target, port: second.port }, clients.accept);
    const other = await servers.next();
    other.transport.write(new Uint8Array(1_000_000));
    await second.close();
    expect(other.endings).toBe(1);
    await clients.all[1]!.ended_;
    expect(clients.all[1]!.received_).toBe(1_000_000);
    expect(second.connections).toBe(0);
  });

  test("listen: an MSRP URI with port 0 gives a URI with the real port [4975-6-12]", async () => {
    const servers = new Probes();
    const listener = await subject.listen({ accept: servers.accept }, "msrp://127.0.0.1:0;tcp");
    expect(listener.uri.port).toBeGreaterThan(0);
    expect(listener.uri.text).toBe(`msrp://127.0.0.1:${listener.uri.port};tcp`);
    const clients = new Probes();
    await subject.transportConnect(
      { host: "127.0.0.1", port: listener.uri.port!, secure: false },
      clients.accept,
    );
    await servers.next();
    expect(listener.connections).toBe(1);
    await listener.close();
    expect(listener.connections).toBe(0);
  });

  test("RFC 4975 §5.4: msrps means TLS, and msrp means none: certificates must fit the scheme [4975-5.4-07]", async () => {
    const app = { accept: refuse };
    const tls = await serverTls();
    expect((await failure(subject.listen(app, "msrps://127.0.0.1:0;tcp"))).code).toBe(
      "tls-certificate-missing",
    );
    expect((await failure(subject.listen(app, "msrp://127.0.0.1:0;tcp", { tls }))).code).toBe("tls-not-used");
    expect((await failure(subject.listen(app, "msrp://127.0.0.1:0;quic"))).code).toBe(
      "transport-unsupported",
    );
  });

  test("connect hands the runtime's connector to the application", async () => {
    const harness = await startHarness(subject);
    const app = {
      connect: async (port: number, connector: Connector): Promise<Probe> => {
        let probe: Probe | undefined;
        await connector(
          { host: "127.0.0.1", port, secure: false },
          (transport) => (probe = new Probe(transport)),
        );
        return probe!;
      },
    };
    const session = await subject.connect(app, harness.port);
    session.transport.write(Uint8Array.of(7, 9));
    const server = await harness.servers.next();
    await server.bytes(2);
    expect([...server.content]).toEqual([7, 9]);
    await harness.close();
  });

  test("a limit that is no limit is refused at once", async () => {
    const options = { host: "127.0.0.1", port: 0, maxConnections: 0 };
    expect(await failure((async () => subject.transportListen(refuse, options))())).toBeInstanceOf(
      RangeError,
    );
    expect(() => subject.createConnector({ lingerMs: -1 })).toThrow(RangeError);
  });
}

let made: ReturnType<typeof makeCertificates> | undefined;

/** One set for this part; making keys takes time. */
function certificates(): ReturnType<typeof makeCertificates> {
  made ??= makeCertificates();
  return made;
}

async function serverTls(): Promise<{ cert: string; key: string }> {
  const { server } = await certificates();
  return { cert: server.cert, key: server.key };
}
