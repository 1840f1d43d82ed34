// What RFC 7977 asks of a WebSocket client, seen from a relay made of raw octets: the handshake, frames, AUTH, paths,
// keep-alive. What a runtime's WebSocket does by itself is in tests/adapters.
import { describe, expect, test } from "#test";
import { MsrpClient, readDescription, writeDescription } from "../../adapters/websocket.ts";
import { rejection, thrown } from "../support/nodes.ts";
import { peerPath, request, settle, WebSocketStub } from "../support/web_socket_stub.ts";

describe("RFC 7977: handshake", () => {
  test("§4.1: the client offers the sub-protocol msrp, once [6455-4.1-01] [7977-4.1-01]", async () => {
    const stub = new WebSocketStub();
    await stub.client().open();
    expect(stub.sockets.offers).toEqual([["msrp"]]);
    await stub.close();
  });

  test("§4.1: without msrp in the answer the client closes, and says why [7977-4.1-04]", async () => {
    const stub = new WebSocketStub();
    stub.sockets.protocol = "";
    const error = await rejection<Error & { code: string }>(stub.client().open());
    expect(error.code).toBe("no-subprotocol");
    expect(stub.sockets.client.readyState).toBe(3);
    expect(stub.auths).toEqual([]);
    await stub.close();
  });

  test("§5.1, §9: only wss is used, unless plain is allowed [7977-5.1-02] [7977-9-03]", () => {
    expect(thrown(() => new MsrpClient({ url: "ws://relay.example/msrp" }))).toBeInstanceOf(TypeError);
    expect(
      thrown(() => new MsrpClient({ url: "https://relay.example/msrp", allowPlain: true })),
    ).toBeInstanceOf(TypeError);
    expect(new MsrpClient({ url: "ws://relay.example/msrp", allowPlain: true }).state).toBe("idle");
  });

  test("§7: the client has the Digest of AUTH, and sends AUTH also when the handshake knows the user [7977-5.3.1-02] [7977-7-04]", async () => {
    const stub = new WebSocketStub();
    await stub.client().open();
    expect(stub.auths.length).toBe(1);
    expect(stub.auths[0]?.headers["Authorization"]).toBe(undefined);
    stub.auth = ({ headers }) =>
      headers["Authorization"] === undefined
        ? { status: "401 Unauthorized", lines: ['WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"'] }
        : {};
    await stub.client({ credentials: { username: "alice", password: "one" } }).open();
    expect(stub.auths[2]?.headers["Authorization"]).toMatch(
      /^Digest username="alice", realm="r", nonce="n", /,
    );
    await stub.close();
  });

  test("§8.1: a 200 without Authentication-Info is taken [7977-5.3.1-05]", async () => {
    const stub = new WebSocketStub();
    stub.auth = ({ headers }) =>
      headers["Authorization"] === undefined
        ? { status: "401 Unauthorized", lines: ['WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"'] }
        : {};
    const client = stub.client({ credentials: { username: "alice", password: "one" } });
    await client.open();
    expect(client.state).toBe("open");
    await stub.close();
  });
});

describe("RFC 7977: URIs and SDP", () => {
  test("§5.2.1: own URIs are msrps with ;ws, and AUTH is for the relay's ;ws URI [7977-5.2.1-01] [7977-5.2.1-02]", async () => {
    const stub = new WebSocketStub();
    await stub.client().session();
    expect(stub.auths[0]?.toPath).toEqual(["msrps://relay.example:443;ws"]);
    expect(stub.auths[0]?.fromPath[0]).toMatch(/^msrps:\/\/[^;]+;ws$/);
    await stub.close();
  });

  test("Appendix A: the host is a random label under .invalid, one for all sessions, with a port [7977-A-01]", async () => {
    const stub = new WebSocketStub();
    const client = stub.client();
    const hosts = [await client.session(), await client.session()].map(
      ({ path }) =>
        /^msrps:\/\/([a-z0-9]{24})\.invalid:2855\/[A-Za-z0-9]{24};ws$/.exec(path.at(-1) ?? "")?.[1],
    );
    expect(hosts[0]).toBeDefined();
    expect(hosts[1]).toBe(hosts[0]);
    const other = await stub.client().session();
    expect(other.path.at(-1)?.includes(hosts[0] as string)).toBe(false);
    await stub.close();
  });

  test("§5.1, §5.2.2: SDP has TCP/TLS/MSRP and a path of two URIs or more, the ;ws URI last, and no CEMA [7977-5.1-01] [7977-5.2.2-01] [7977-5.2.2-02] [7977-A-03]", async () => {
    const stub = new WebSocketStub();
    const session = await stub.client().session({ acceptTypes: ["text/plain", "image/*"] });
    const lines = writeDescription(session).split("\r\n");
    expect(lines).toContain("m=message 2855 TCP/TLS/MSRP *");
    expect(lines).toContain("c=IN IP4 relay.example");
    expect(lines).toContain("a=accept-types:text/plain image/*");
    expect(lines).toContain("a=setup:active");
    expect(lines).toContain(`a=path:${session.path.join(" ")}`);
    expect(session.path.map((uri) => uri.replace(/^.*;/, ""))).toEqual(["tcp", "ws"]);
    expect(lines.filter((line) => line.includes("cema"))).toEqual([]);
    await stub.close();
  });

  test("§5.2.2: a path with transports that nobody knows is used as it is [7977-5.2.2-03] [8873-4.1-02]", async () => {
    const stub = new WebSocketStub();
    const session = await stub.client().session();
    const remote = ["msrps://far.example:2855/one;tcp", "msrps://x.invalid:9/two;quic"];
    session.bind(readDescription(`v=0\r\nm=message 2855 TCP/TLS/MSRP *\r\na=path:${remote.join(" ")}\r\n`));
    await settle();
    expect(stub.frames[0]?.toPath).toEqual([session.path[0], ...remote]);
    await stub.close();
  });
});

describe("RFC 7977: frames", () => {
  test("§4.2, §5.1: every frame is one message, whole and binary: requests, responses and REPORTs [7977-4.1-05] [7977-4.2-04] [7977-5.1-04] [7977-5.1-05] [7977-5.1-08]", async () => {
    const stub = new WebSocketStub();
    const session = await stub.client().session();
    session.bind({ remote: peerPath });
    const body = new Uint8Array(100_000).map((_, index) => index % 251);
    const sent = session.send(body);
    await sent.accepted;
    await stub.peerSends(session.path, "hello", ["Message-ID: m0001", "Success-Report: yes"]);
    expect(stub.counts.every((count) => count === 1)).toBe(true);
    expect(stub.responses.map(({ what }) => what)).toEqual(["200"]);
    const reports = stub.frames.filter(({ what }) => what === "REPORT");
    expect(reports.map(({ range }) => range)).toEqual(["1-5/5"]);
    const chunks = stub.frames.filter(({ what, body }) => what === "SEND" && body !== undefined);
    expect(chunks.map(({ range, flag }) => [range, flag])).toEqual([
      ["1-*/100000", "+"],
      ["32769-*/100000", "+"],
      ["65537-*/100000", "+"],
      ["98305-100000/100000", "$"],
    ]);
    expect(new Uint8Array(chunks.flatMap(({ body }) => [...(body ?? [])]))).toEqual(body);
    await stub.close();
  });

  test("§4.2: text and binary messages are taken, text as octets [7977-4.2-01] [7977-4.2-02]", async () => {
    const stub = new WebSocketStub();
    const session = await stub.client().session();
    session.bind({ remote: peerPath, role: "passive" });
    const seen: [string, number | undefined][] = [];
    session.onMessage(async (message) => void seen.push([await message.text(), message.total]));
    await stub.peerSends(session.path, "é", ["Message-ID: m0001", "Byte-Range: 1-2/2"]);
    const lines = ["Message-ID: m0002", "Byte-Range: 1-2/2"];
    const frame = request(
      "SEND",
      session.path,
      lines,
      "Content-Type: text/plain\r\n\r\né\r\n",
      "$",
      "peer0002",
    );
    await stub.send(new TextEncoder().encode(frame));
    expect(seen).toEqual([
      ["é", 2],
      ["é", 2],
    ]);
    await stub.close();
  });

  test("§5.1: half a frame, or two in one message, end the connection", async () => {
    for (const broken of ["MSRP abcd SEND\r\nTo-", "two"]) {
      const stub = new WebSocketStub();
      const client = stub.client({ reconnect: false });
      const session = await client.session();
      const frame = request("SEND", session.path, ["Message-ID: m0001"]);
      await stub.send(broken === "two" ? frame + frame : broken);
      expect([client.state, session.state]).toEqual(["closed", "closed"]);
      // Browsers keep 1002 for themselves.
      expect(stub.sockets.client.closedWith).toBe(4002);
    }
  });
});

describe("RFC 7977 §6: keeping the connection", () => {
  test("where nothing comes the client sends a bodiless SEND to the relay [7977-6-02]", async () => {
    const stub = new WebSocketStub();
    const session = await stub.client().session();
    await stub.clock.advance(25_000);
    expect(stub.frames.map(({ what, toPath, fromPath, body }) => [what, toPath, fromPath, body])).toEqual([
      ["SEND", [session.path[0]], [session.path.at(-1)], undefined],
    ]);
    await stub.close();
  });

  test("a relay that does not answer it counts as lost, and the client comes back", async () => {
    const stub = new WebSocketStub();
    const client = stub.client();
    const session = await client.session();
    const before = session.path;
    stub.status = undefined;
    for (const ms of [25_000, 30_000]) {
      await stub.clock.advance(ms);
    }
    expect(client.state).toBe("waiting");
    await stub.clock.advance(500);
    expect(client.state).toBe("open");
    expect(session.path).not.toEqual(before);
    await stub.close();
  });

  test("bodiless SENDs are answered and are no messages [7977-6-03]", async () => {
    const stub = new WebSocketStub();
    const session = await stub.client().session();
    let messages = 0;
    session.onMessage(() => messages++);
    await stub.peerSends(session.path, undefined);
    expect(stub.responses.map(({ what }) => what)).toEqual(["200"]);
    expect(messages).toBe(0);
    await stub.close();
  });
});

describe("RFC 7977 §9: what the user is told", () => {
  test("nothing that the client shows speaks of protection from end to end: TLS ends at the relay [7977-9-02]", async () => {
    const stub = new WebSocketStub();
    const client = stub.client();
    const session = await client.session();
    const shown = [client, session].flatMap((one) => Object.getOwnPropertyNames(Object.getPrototypeOf(one)));
    expect(shown.filter((name) => /secure|encrypt|end.?to.?end/i.test(name))).toEqual([]);
    await stub.close();
  });
});
