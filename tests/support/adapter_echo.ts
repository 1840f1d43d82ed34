// The smallest whole use of an adapter: an echo endpoint listens, another one connects, and a message comes back over TCP and
// over TLS. What the three runtimes' adapters export is the same, so one test serves them.
import { describe, expect, test } from "#test";
import { Msrp, MsrpUri } from "../../core/mod.ts";
import { echo } from "../../samples/echo.ts";
import { makeCertificates } from "../../testing/certificates.ts";
import type { TransportSubject } from "../../testing/transport_suite.ts";

/** Declares the test for one adapter. */
export function adapterEcho(adapter: TransportSubject): void {
  describe(`${adapter.name}: listen and connect`, () => {
    for (const scheme of ["msrp", "msrps"] as const) {
      test(`a text and 300,000 octets come back over ${scheme}`, async () => {
        const { ca, server } = await makeCertificates();
        const secure = scheme === "msrps";
        const listening = secure ? { tls: { cert: server.cert, key: server.key } } : {};
        const there = echo();
        const listener = await adapter.listen(there, `${scheme}://127.0.0.1:0;tcp`, listening);
        const here = new Msrp();
        const { port } = listener.uri;
        const session = await adapter.connect(here, {
          local: MsrpUri.from({ scheme, host: "127.0.0.1", port: 9, sessionId: "alice1234567890" }),
          remote: MsrpUri.from({ scheme, host: "127.0.0.1", port, sessionId: "bob1234567890" }),
          ...(secure ? { tls: { ca } } : {}),
        });
        const body = new Uint8Array(300_000).map((_, index) => index * 31);
        const sent = session.send("hello");
        session.send(body, { contentType: "application/octet-stream" });
        await sent.delivered;
        const messages = session[Symbol.asyncIterator]();
        const first = (await messages.next()).value;
        expect(await first?.text()).toBe("hello");
        const second = (await messages.next()).value;
        expect(second?.contentType).toBe("application/octet-stream");
        expect(Buffer.compare(second?.body ?? new Uint8Array(), body)).toBe(0);
        await session.close();
        await here.close({ drainMs: 1_000 });
        await there.close({ drainMs: 1_000 });
        await listener.close();
        expect(listener.connections).toBe(0);
      });
    }
  });
}
