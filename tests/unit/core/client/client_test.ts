// A client over time: log-ins, renewals, coming back, giving up.
import { describe, expect, test } from "#test";
import { rejection } from "../../../support/nodes.ts";
import { peerPath, settle, WebSocketStub } from "../../../support/web_socket_stub.ts";

type Coded = Error & { code: string };

describe("a client", () => {
  test("opens once, whoever asks, and each session has a path of its own", async () => {
    const stub = new WebSocketStub();
    const client = stub.client();
    const states: string[] = [];
    client.onState((state) => states.push(state));
    const [one, two] = await Promise.all([client.session(), client.session(), client.open()]);
    expect(states).toEqual(["connecting", "open"]);
    expect([stub.ends.length, stub.auths.length]).toEqual([1, 2]);
    expect(one?.path).not.toEqual(two?.path);
    expect(client.sessions.length).toBe(2);
    await stub.close();
    expect([client.state, client.sessions.length, stub.clock.pending]).toEqual(["closed", 0, 0]);
    expect((await rejection<Coded>(client.open())).code).toBe("client-closed");
  });

  test("a first connection that fails is told, and may be tried again", async () => {
    const stub = new WebSocketStub();
    const { server } = stub.sockets;
    stub.sockets.server = undefined;
    const client = stub.client();
    expect((await rejection<Coded>(client.open())).code).toBe("connect-failed");
    expect(client.state).toBe("idle");
    stub.sockets.server = server;
    await client.open();
    expect(client.state).toBe("open");
    await stub.close();
  });

  test("RFC 4976 §5.1: a path is renewed in time before it expires, and the old one holds until its end", async () => {
    const stub = new WebSocketStub();
    const session = await stub.client().session();
    session.bind({ remote: peerPath });
    await settle();
    const before = session.path;
    const reasons: string[] = [];
    session.onPath((reason) => reasons.push(reason));
    await stub.clock.advance(839_000);
    expect([reasons, session.path]).toEqual([[], before]);
    await stub.clock.advance(2000);
    expect(reasons).toEqual(["expiry"]);
    expect(session.path).not.toEqual(before);
    await session.send("still here").accepted;
    expect(stub.frames.at(-1)?.fromPath).toEqual([before.at(-1)]);
    session.bind({ remote: peerPath });
    await stub.clock.advance(100_000);
    expect(session.state).toBe("open");
    await stub.close();
  });

  test("a session whose path ends without another binding waits", async () => {
    const stub = new WebSocketStub();
    const session = await stub.client().session();
    session.bind({ remote: peerPath });
    await stub.clock.advance(900_000);
    expect(session.state).toBe("waiting");
    await stub.close();
  });

  test("a lost connection comes back after waits that double, at most the longest", async () => {
    const stub = new WebSocketStub();
    const client = stub.client({ reconnect: { minMs: 1000, maxMs: 4000 } });
    const session = await client.session();
    session.bind({ remote: peerPath });
    await settle();
    const before = session.path;
    const { server } = stub.sockets;
    stub.sockets.server = undefined;
    stub.end.break();
    await settle();
    expect([client.state, session.state]).toEqual(["waiting", "waiting"]);
    const kept = session.send("kept");
    const tries: number[] = [];
    for (const wait of [1000, 2000, 4000, 4000]) {
      await stub.clock.advance(wait / 2 - 1);
      tries.push(stub.sockets.clients.length);
      await stub.clock.advance(wait / 2 + 1);
    }
    // Never before half of the wait is over; the next wait begins somewhere in the second half.
    expect(stub.sockets.clients.length).toBeGreaterThan(3);
    stub.sockets.server = server;
    await stub.clock.advance(4000);
    expect(client.state).toBe("open");
    expect(session.path).not.toEqual(before);
    session.bind({ remote: peerPath, kept: true });
    await kept.accepted;
    expect(tries[0]).toBe(1);
    await stub.close();
  });

  test("retry() does not wait; maxTries gives up", async () => {
    const stub = new WebSocketStub();
    const client = stub.client({ reconnect: { maxTries: 1 } });
    const session = await client.session();
    stub.end.break();
    await settle();
    client.retry();
    await settle();
    expect(client.state).toBe("open");
    stub.sockets.server = undefined;
    stub.end.break();
    await stub.clock.advance(60_000);
    expect([client.state, session.state]).toEqual(["closed", "closed"]);
    await stub.close();
  });

  test("a password that is refused is not tried again", async () => {
    const stub = new WebSocketStub();
    const client = stub.client();
    const errors: unknown[] = [];
    client.onError((error) => errors.push(error));
    await client.open();
    stub.auth = () => ({ status: "403 Forbidden" });
    stub.end.break();
    await stub.clock.advance(60_000);
    expect(client.state).toBe("closed");
    expect(stub.ends.length).toBe(2);
    expect(errors.map((error) => (error as Coded).code)).toEqual(["connection-failed", "auth-forbidden"]);
    await stub.close();
  });

  test("without reconnect the end of the connection is the end", async () => {
    const stub = new WebSocketStub();
    const client = stub.client({ reconnect: false });
    const sent = (await client.connect(peerPath)).send(new Uint8Array(10_000_000));
    stub.end.break();
    await settle();
    expect(client.state).toBe("closed");
    expect((await rejection<Coded>(sent.accepted)).code).toBe("connection-failed");
    await stub.close();
  });

  test("what handlers throw is told to onError and hurts nobody else", async () => {
    const stub = new WebSocketStub();
    const client = stub.client();
    const errors: unknown[] = [];
    client.onError((error) => errors.push((error as Error).message));
    client.onError(() => {
      throw new Error("of the handler of errors");
    });
    const session = await client.session();
    session.bind({ remote: peerPath, role: "passive" });
    session.onMessage(() => {
      throw new Error("of the handler");
    });
    await stub.peerSends(session.path, "hi");
    expect(errors).toEqual(["of the handler"]);
    expect(stub.responses.length).toBe(1);
    await stub.close();
  });

  test("a connection that is lost while it logs in is a failed try", async () => {
    const stub = new WebSocketStub();
    stub.auth = () => {
      stub.end.break();
      return {};
    };
    const client = stub.client();
    expect((await rejection<Coded>(client.open())).code).toBe("connection-closed");
    expect(client.state).toBe("idle");
    await stub.close();
  });
});
