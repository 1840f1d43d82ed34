// The adapter for Node on runtimes that imitate node:net: programs written for Node run on Bun and Deno too, as fast or not.
// Each runtime's own adapter has the whole suite.
import { describe, expect, test } from "#test";
import { connect, listen } from "../../adapters/node.ts";
import { Msrp } from "../../core/mod.ts";
import { makeCertificates } from "../../testing/certificates.ts";

describe("msrpkit/node on any runtime", () => {
  for (const scheme of ["msrp", "msrps"]) {
    test(`carries messages both ways over ${scheme}`, async () => {
      const certificates = await makeCertificates();
      const { cert, key } = certificates.server;
      const server = new Msrp({ acceptUnknown: () => true });
      server.onMessage((message, session) => {
        session.send(message.body, { contentType: message.contentType });
      });
      const secure = scheme === "msrps";
      const listener = await listen(
        server,
        `${scheme}://localhost:0;tcp`,
        secure ? { tls: { cert, key } } : {},
      );
      const client = new Msrp();
      const session = await connect(client, {
        local: `${scheme}://localhost:9/alice;tcp`,
        remote: `${scheme}://localhost:${listener.uri.port}/bob;tcp`,
        ...(secure ? { tls: { ca: certificates.ca } } : {}),
      });
      const body = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251);
      await session.send(body).delivered;
      const { value } = await session[Symbol.asyncIterator]().next();
      expect(value?.body.length).toBe(body.length);
      expect(value?.body.every((octet, index) => octet === body[index])).toBe(true);
      await client.close();
      await server.close();
      await listener.close();
    });
  }
});
