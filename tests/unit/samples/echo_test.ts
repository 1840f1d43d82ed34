// The echo sample over the memory adapter: every body comes back with its type, whatever its size.
// tests/cli/pairs_test.ts does the same with real processes and sockets.
import { describe, expect, test } from "#test";
import { MemoryNetwork } from "../../../adapters/memory.ts";
import { type Message, Msrp, type Session } from "../../../core/mod.ts";
import { echo } from "../../../samples/echo.ts";
import { Peer, request } from "../../../testing/wire.ts";

async function openSession(options?: Parameters<typeof echo>[0]): Promise<Session> {
  const network = new MemoryNetwork();
  network.listen("server", 2855, echo(options).accept);
  return await new Msrp().connect(
    { local: "msrp://client:9/a;tcp", remote: "msrp://server:2855/any;tcp" },
    network.connect,
  );
}

async function next(session: Session): Promise<Message> {
  const { value } = await session[Symbol.asyncIterator]().next();
  if (value === undefined) throw new Error("no message came");
  return value;
}

describe("the echo sample", () => {
  test("RFC 4975 §7.3: sends text, nothing and a megabyte back, type and octets unchanged", async () => {
    const session = await openSession();
    const bodies = [
      new TextEncoder().encode("Grüße"),
      new Uint8Array(0),
      Uint8Array.from({ length: 1_000_000 }, (_, at) => (at * 7) % 256),
    ];
    for (const body of bodies) {
      session.send(body, { contentType: "application/x-test;a=1" });
      const back = await next(session);
      expect(back.contentType).toBe("application/x-test;a=1");
      expect(Buffer.compare(await back.bytes(), body)).toBe(0);
    }
  });

  test("a type with blanks, as deployed clients write it, comes back as the grammar has it", async () => {
    const network = new MemoryNetwork();
    network.listen("server", 2855, echo().accept);
    let peer: Peer | undefined;
    await network.connect({ host: "server", port: 2855, secure: false }, (transport) => {
      peer = new Peer(transport);
      return peer;
    });
    const [to, from] = ["msrp://server:2855/any;tcp", "msrp://client:9/a;tcp"];
    peer?.write(request({ to, from, body: "hi", type: "text/plain; charset=utf-8" }));
    expect((await peer?.frame())?.what).toBe("200");
    expect((await peer?.frame())?.headers["Content-Type"]).toBe("text/plain;charset=utf-8");
  });

  test("accepts the sessions that it is told to, and no others", async () => {
    const refused = await openSession({ acceptUnknown: () => false }).then(
      () => undefined,
      (error: { code?: string }) => error.code,
    );
    expect(refused).toBe("no-such-session");
  });
});
