/**
 * Transport suite, part 4: TLS. Each way of being refused has its own certificate, and no octet passes before the peer
 * has been judged.
 */
import tls from "node:tls";
import type { TransportListenOptions } from "../adapters/node.ts";
import { ConnectionError } from "../core/errors.ts";
import type { TlsOptions } from "../core/node/transport.ts";
import { type Certificates, type Identity, makeCertificates } from "./certificates.ts";
import type { TestFramework } from "./framework.ts";
import { latch, Probes } from "./probe.ts";
import { clientHello, serverNameOf, tls11ServerHello } from "./tls_records.ts";
import { type Harness, rawServer, startHarness } from "./transport_pair.ts";
import type { TransportSubject } from "./transport_suite.ts";

interface Tried {
  /** Error of the client: from connecting, or from the end of its connection. */
  readonly clientError: (Error & { code?: string }) | undefined;
  /** Octets that reached the server's sink. */
  readonly serverReceived: number;
}

/** Declares the tests of this part. */
export function tlsTests(subject: TransportSubject, { beforeAll, expect, test }: TestFramework): void {
  let certificates: Certificates;

  beforeAll(async () => {
    certificates = await makeCertificates();
  });

  const identity = ({ cert, key }: Identity): { cert: string; key: string } => ({ cert, key });
  const fingerprint = ({ fingerprint: value }: Identity): { hash: string; value: string } => ({
    hash: "sha-256",
    value,
  });
  const serve = (tls: TlsOptions, listen: Partial<TransportListenOptions> = {}): Promise<Harness> =>
    startHarness(subject, { echo: true, keep: false, listen: { tls, ...listen } });

  /** Connects, sends one octet, and waits for the echo or for the refusal. */
  async function attempt(server: TlsOptions, client: TlsOptions, host = "localhost"): Promise<Tried> {
    const harness = await serve(server);
    const clients = new Probes();
    const resolver = { addresses: () => Promise.resolve(["127.0.0.1"]), services: () => Promise.resolve([]) };
    const connector = subject.createConnector({ resolver });
    const total = (): number => harness.servers.all.reduce((sum, probe) => sum + probe.received_, 0);
    try {
      const transport = await connector(
        { host, port: harness.port, secure: true, tls: client },
        clients.accept,
      );
      transport.write(new Uint8Array([7]));
    } catch (error) {
      await harness.close();
      return { clientError: error as Error, serverReceived: total() };
    }
    const probe = await clients.next();
    await probe.bytes(1);
    const refused = probe.received_ === 0;
    const clientError = refused ? ((await probe.ended_) ?? new Error("ended without a reason")) : undefined;
    await harness.close();
    return { clientError, serverReceived: total() };
  }

  async function expectGood(server: TlsOptions, client: TlsOptions, host?: string): Promise<void> {
    const { clientError, serverReceived } = await attempt(server, client, host);
    expect(clientError).toBe(undefined);
    expect(serverReceived).toBe(1);
  }

  async function expectRefused(server: TlsOptions, client: TlsOptions, host?: string): Promise<void> {
    const { clientError, serverReceived } = await attempt(server, client, host);
    expect(clientError).toBeInstanceOf(ConnectionError);
    expect(clientError?.code).toBe("tls");
    expect(serverReceived).toBe(0);
  }

  test("RFC 4975 §5.4: right name, known authority, in date: connected [4975-5.4-08]", () =>
    expectGood(identity(certificates.server), { ca: certificates.ca }));

  test("a numeric host is checked against the addresses of the certificate", async () => {
    await expectGood(identity(certificates.server), { ca: certificates.ca }, "127.0.0.1");
    await expectRefused(identity(certificates.wrongName), { ca: certificates.ca }, "127.0.0.1");
  });

  test("RFC 4975 §5.4: wrong name, refused before an octet [4975-5.4-08]", async () => {
    await expectRefused(identity(certificates.wrongName), { ca: certificates.ca });
    await expectRefused(identity(certificates.server), { ca: certificates.ca }, "nobody.test");
  });

  test("RFC 4976 §9.2: a common name is no name, refused [4976-9.2-04]", () =>
    expectRefused(identity(certificates.commonName), { ca: certificates.ca }));

  test("RFC 4975 §5.4: out of date, refused [4975-5.4-08]", () =>
    expectRefused(identity(certificates.expired), { ca: certificates.ca }));

  test("RFC 4975 §5.4: unknown authority, refused [4975-5.4-08]", () =>
    expectRefused(identity(certificates.unknownServer), { ca: certificates.ca }));

  test("RFC 4975 §5.4: signed by itself and no fingerprint, refused [4975-5.4-09]", () =>
    expectRefused(identity(certificates.selfSigned), { ca: certificates.ca }));

  test("a certificate signed by itself can be trusted by naming it as the authority", () =>
    expectGood(identity(certificates.selfSigned), { ca: certificates.selfSigned.cert }));

  test("rejectUnauthorized false takes any certificate, and says that nobody vouches for it", async () => {
    await expectGood(identity(certificates.selfSigned), { rejectUnauthorized: false });
    await expectGood(identity(certificates.wrongName), { rejectUnauthorized: false });
  });

  test("serverName: another name than the host is sent and checked", async () => {
    await expectGood(
      identity(certificates.server),
      { ca: certificates.ca, serverName: "msrp.test" },
      "127.0.0.1",
    );
    await expectRefused(identity(certificates.server), { ca: certificates.ca, serverName: "nobody.test" });
  });

  test("RFC 4975 §14.2: SNI holds the name, and nothing for an address [4975-14.2-02]", async () => {
    const seen = async (host: string, tls: TlsOptions = {}): Promise<string | undefined> => {
      const hello = latch<Uint8Array>();
      const server = await rawServer((socket) =>
        socket.once("data", (bytes: Uint8Array) => {
          hello.resolve(new Uint8Array(bytes));
          socket.destroy();
        }),
      );
      const resolver = {
        addresses: () => Promise.resolve(["127.0.0.1"]),
        services: () => Promise.resolve([]),
      };
      const connector = subject.createConnector({ resolver });
      const target = { host, port: server.port, secure: true, tls };
      await connector(target, new Probes().accept).catch(() => {});
      const name = serverNameOf(await hello.promise);
      server.close();
      return name;
    };
    expect(await seen("msrp.test")).toBe("msrp.test");
    expect(await seen("127.0.0.1")).toBe(undefined);
    expect(await seen("127.0.0.1", { serverName: "msrp.test" })).toBe("msrp.test");
    expect(await seen("msrp.test", { rejectUnauthorized: false })).toBe("msrp.test");
    expect(await seen("127.0.0.1", { rejectUnauthorized: false })).toBe(undefined);
  });

  test("RFC 8996 §5: a listener answers TLS 1.1 with alert 70 and closes [8996-4-02]", async () => {
    for (const extra of [{}, { requestCert: true, ca: certificates.ca }]) {
      const harness = await serve({ ...identity(certificates.server), ...extra });
      const socket = await harness.raw();
      const answer = latch<Uint8Array>();
      socket.once("data", (bytes: Uint8Array) => answer.resolve(new Uint8Array(bytes)));
      socket.write(clientHello(0x0302));
      const record = await answer.promise;
      expect(record[0]).toBe(21);
      expect(record[6]).toBe(70);
      await harness.close();
    }
  });

  test("RFC 8996 §5: a client refuses a server that chooses TLS 1.1 [8996-4-01]", async () => {
    for (const tls of [{}, { rejectUnauthorized: false }]) {
      const server = await rawServer((socket) => socket.once("data", () => socket.write(tls11ServerHello())));
      const target = { host: "127.0.0.1", port: server.port, secure: true, tls };
      const outcome = await subject
        .transportConnect(target, new Probes().accept, { timeoutMs: 5_000 })
        .catch((error: unknown) => error);
      expect(outcome).toBeInstanceOf(ConnectionError);
      expect((outcome as ConnectionError).code).toBe("tls");
      server.close();
    }
  });

  test("RFC 4975 §5.4: a plain server on an msrps port gets no octet in clear text [4975-5.4-07]", async () => {
    const first = latch<number>();
    const server = await rawServer((socket) =>
      socket.once("data", (bytes: Uint8Array) => {
        first.resolve(bytes[0] ?? -1);
        socket.end("MSRP is not TLS\r\n");
      }),
    );
    const target = { host: "127.0.0.1", port: server.port, secure: true };
    const outcome = await subject
      .transportConnect(target, new Probes().accept)
      .catch((error: unknown) => error);
    expect((outcome as ConnectionError).code).toBe("tls");
    // 22: a TLS handshake record.
    expect(await first.promise).toBe(22);
    server.close();
  });

  test("client certificate required: right one in, none, unknown one and no authority's one out", async () => {
    const server = { ...identity(certificates.server), requestCert: true, ca: certificates.ca };
    const client = { ca: certificates.ca };
    await expectGood(server, { ...client, ...identity(certificates.client) });
    await expectNotServed(attempt(server, client));
    await expectNotServed(attempt(server, { ...client, ...identity(certificates.unknownClient) }));
    await expectNotServed(attempt(server, { ...client, ...identity(certificates.selfSigned) }));
  });

  test("RFC 4976 §6.1: client certificate optional: both come in, peerCertificate tells them apart [4976-6.1-01]", async () => {
    const harness = await serve({
      ...identity(certificates.server),
      requestCert: true,
      rejectUnauthorized: false,
      ca: certificates.ca,
    });
    const open = async (
      own: Identity | undefined,
    ): Promise<{ der: string; verified: boolean | undefined }> => {
      const tls = { ca: certificates.ca, ...(own ? identity(own) : {}) };
      const { client, server } = await harness.pair({}, { host: "localhost", tls });
      client.transport.write(new Uint8Array(1));
      await client.bytes(1);
      const peer = server.transport.peerCertificate;
      return { der: Buffer.from(peer?.der ?? []).toString("hex"), verified: peer?.verified };
    };
    const hex = (own: Identity): string => Buffer.from(own.der).toString("hex");
    expect(await open(undefined)).toEqual({ der: "", verified: undefined });
    expect(await open(certificates.client)).toEqual({ der: hex(certificates.client), verified: true });
    expect(await open(certificates.selfSigned)).toEqual({
      der: hex(certificates.selfSigned),
      verified: false,
    });
    await harness.close();
  });

  // The name does not matter where a fingerprint is checked. Each try has its own all the same, because Deno resumes a session
  // by name, also with another listener of the same process.
  let names = 0;
  const anyName = (): string => `peer${(names += 1)}.test`;

  test("RFC 4975 §14.4: fingerprint instead of authority, on the client's side [4975-14.4-02]", async () => {
    const server = identity(certificates.selfSigned);
    await expectGood(server, { fingerprints: [fingerprint(certificates.selfSigned)] }, anyName());
    await expectRefused(server, { fingerprints: [fingerprint(certificates.otherSelfSigned)] }, anyName());
    await expectRefused(server, { fingerprints: [] }, anyName());
  });

  test("RFC 8122 §6.2: fingerprint on the server's side: missing or wrong, refused [8122-6.2-02]", async () => {
    const server = { ...identity(certificates.server), fingerprints: [fingerprint(certificates.selfSigned)] };
    const client = { rejectUnauthorized: false };
    await expectGood(server, { ...client, ...identity(certificates.selfSigned) }, anyName());
    await expectNotServed(
      attempt(server, { ...client, ...identity(certificates.otherSelfSigned) }, anyName()),
    );
    await expectNotServed(attempt(server, client, anyName()));
  });

  test("RFC 8122 §6.2: both sides signed by themselves, both checked by fingerprint", () =>
    expectGood(
      { ...identity(certificates.selfSigned), fingerprints: [fingerprint(certificates.otherSelfSigned)] },
      { ...identity(certificates.otherSelfSigned), fingerprints: [fingerprint(certificates.selfSigned)] },
      anyName(),
    ));

  test("a session of another listener does not stand in for a client certificate", async () => {
    const open = await serve(identity(certificates.server));
    const strict = await serve({ ...identity(certificates.server), requestCert: true, ca: certificates.ca });
    const dial = (port: number, session: Buffer | undefined): Promise<Buffer | undefined> =>
      new Promise((resolve) => {
        let ticket: Buffer | undefined;
        const servername = "msrp.test";
        const wanted = {
          host: "127.0.0.1",
          port,
          servername,
          ca: certificates.ca,
          ...(session ? { session } : {}),
        };
        const socket = tls.connect(wanted, () => socket.write("x"));
        socket.on("session", (made: Buffer) => {
          ticket = made;
        });
        socket.on("data", () => socket.destroy());
        socket.on("end", () => socket.destroy());
        socket.on("error", () => socket.destroy());
        socket.on("close", () => resolve(ticket));
      });
    const session = await dial(open.port, undefined);
    expect(open.servers.all.length).toBe(1);
    await dial(strict.port, session);
    expect(strict.servers.all.length).toBe(0);
    await open.close();
    await strict.close();
  });

  test("the transport says that it is secure, and shows the server's certificate where it can be seen", async () => {
    const harness = await serve(identity(certificates.server));
    const tls = { fingerprints: [fingerprint(certificates.server)] };
    const resolver = { addresses: () => Promise.resolve(["127.0.0.1"]), services: () => Promise.resolve([]) };
    const clients = new Probes();
    const target = { host: anyName(), port: harness.port, secure: true, tls };
    await subject.createConnector({ resolver })(target, clients.accept);
    const client = await clients.next();
    const server = await harness.servers.next();
    expect(client.transport.secure).toBe(true);
    expect(server.transport.secure).toBe(true);
    const peer = client.transport.peerCertificate;
    expect(Buffer.compare(peer?.der ?? new Uint8Array(), certificates.server.der)).toBe(0);
    expect(peer?.subjectAltNames).toContain("DNS:msrp.test");
    expect(peer?.subjectAltNames).toContain("IP:127.0.0.1");
    await harness.close();
  });

  test("handshakeTimeoutMs: a peer that says nothing loses its place", async () => {
    for (const extra of [{}, { requestCert: true, ca: certificates.ca }]) {
      const failed = latch<Error>();
      const tls = { ...identity(certificates.server), ...extra };
      const harness = await serve(tls, { handshakeTimeoutMs: 50, onError: failed.resolve });
      const socket = await harness.raw();
      socket.on("error", () => {});
      const closed = latch<void>();
      socket.once("close", () => closed.resolve());
      socket.once("end", () => socket.end());
      socket.resume();
      expect(((await failed.promise) as { code?: string }).code).toBe("tls");
      await closed.promise;
      expect(harness.servers.all.length).toBe(0);
      await harness.close();
    }
  });

  test("maxHandshakes: whoever has taken longest makes room for one that says something", async () => {
    const failed = latch<Error>();
    const harness = await serve(identity(certificates.server), { maxHandshakes: 2, onError: failed.resolve });
    const silent = [await harness.raw(), await harness.raw()];
    const closed = latch<void>();
    silent[0]?.once("close", () => closed.resolve());
    for (const socket of silent) {
      socket.on("error", () => {});
      socket.once("end", () => socket.end());
      socket.resume();
    }
    const tls = { ca: certificates.ca };
    const target = { host: "127.0.0.1", port: harness.port, secure: true, tls };
    await subject.transportConnect(target, new Probes().accept);
    await harness.servers.next();
    await closed.promise;
    expect(((await failed.promise) as { code?: string }).code).toBe("too-many-connections");
    expect(harness.servers.all.length).toBe(1);
    for (const socket of silent) socket.destroy();
    await harness.close();
  });

  test("closing a listener does not wait for handshakes", async () => {
    const harness = await serve(identity(certificates.server));
    const socket = await harness.raw();
    socket.on("error", () => {});
    await harness.close();
    expect(harness.servers.all.length).toBe(0);
  });

  test("a certificate without its key is the caller's mistake", async () => {
    const target = { host: "127.0.0.1", port: 1, secure: true, tls: { cert: certificates.client.cert } };
    const outcome = await subject
      .transportConnect(target, new Probes().accept)
      .catch((error: unknown) => error);
    expect((outcome as { code?: string }).code).toBe("tls-certificate-missing");
  });

  /** With TLS 1.3 a client learns of the refusal of its certificate only after its own handshake is done. */
  async function expectNotServed(work: Promise<Tried>): Promise<void> {
    const { clientError, serverReceived } = await work;
    expect(clientError).toBeInstanceOf(Error);
    expect(serverReceived).toBe(0);
  }
}
