// From an MSRP URI to a listening socket: what is asked of the socket, and the URI that comes back.
import { describe, expect, test } from "#test";
import type { TransportListenOptions } from "../../../adapters/_limits.ts";
import { makeConnect, makeListen } from "../../../adapters/_listen.ts";
import type { Accept, Connector, Transport } from "../../../core/node/transport.ts";

const sink = { received() {}, drained() {}, ended() {} };

function listening(): {
  asked: TransportListenOptions[];
  given: Accept[];
  listen: ReturnType<typeof makeListen>;
} {
  const asked: TransportListenOptions[] = [];
  const given: Accept[] = [];
  const listen = makeListen((accept, options) => {
    given.push(accept);
    asked.push(options);
    const port = options.port === 0 ? 40_000 : options.port;
    return Promise.resolve({ host: options.host, port, connections: 3, close: () => Promise.resolve() });
  });
  return { asked, given, listen };
}

describe("makeListen", () => {
  test("RFC 4975 §15.4: no port is 2855, port 0 is the system's choice [4975-6-12]", async () => {
    const { asked, listen } = listening();
    const app = { accept: () => sink };
    expect((await listen(app, "msrp://relay.test;tcp")).uri.text).toBe("msrp://relay.test:2855;tcp");
    expect((await listen(app, "msrp://[::]:0;tcp")).uri.text).toBe("msrp://[::]:40000;tcp");
    expect(asked.map(({ host, port }) => [host, port])).toEqual([
      ["relay.test", 2855],
      ["::", 0],
    ]);
  });

  test("limits pass through, TLS only for msrps, transports go to the application", async () => {
    const { asked, given, listen } = listening();
    const seen: Transport[] = [];
    const app = {
      accept: (transport: Transport) => {
        seen.push(transport);
        return sink;
      },
    };
    const tls = { cert: "C", key: "K" };
    const listener = await listen(app, "msrps://127.0.0.1:1;tcp", { tls, maxConnections: 5 });
    expect(asked[0]).toEqual({ host: "127.0.0.1", port: 1, tls, maxConnections: 5 });
    expect([listener.uri.scheme, listener.connections]).toEqual(["msrps", 3]);
    const transport = {} as Transport;
    expect(given[0]?.(transport)).toBe(sink);
    expect(seen).toEqual([transport]);
    await listener.close();
  });

  test("what cannot be is refused by its code", async () => {
    const { listen } = listening();
    const app = { accept: () => sink };
    const codeOf = (uri: string, options?: Parameters<typeof listen>[2]): Promise<string> =>
      listen(app, uri, options).then(
        () => "none",
        (error: { code: string }) => error.code,
      );
    expect(await codeOf("msrps://127.0.0.1:1;tcp")).toBe("tls-certificate-missing");
    expect(await codeOf("msrps://127.0.0.1:1;tcp", { tls: { cert: "C" } })).toBe("tls-certificate-missing");
    expect(await codeOf("msrp://127.0.0.1:1;tcp", { tls: { cert: "C", key: "K" } })).toBe("tls-not-used");
    expect(await codeOf("msrp://127.0.0.1:1;sctp")).toBe("transport-unsupported");
    expect(await codeOf("http://127.0.0.1:1")).toBe("bad-uri");
  });
});

describe("makeConnect", () => {
  test("gives the application the connector", async () => {
    const connector: Connector = () => Promise.reject(new Error("unused"));
    const app = {
      connect: (options: number, given: Connector) => Promise.resolve([options, given === connector]),
    };
    expect(await makeConnect(connector)(app, 5)).toEqual([5, true]);
  });
});
