// A network in memory as the suites take it: endpoints that listen on ports nobody else has.
// Each subject has a network of its own.
import { MemoryNetwork, type MemoryOptions } from "../../adapters/memory.ts";
import { MsrpUri } from "../../core/wire/uri.ts";
import type { EndpointSubject } from "../../testing/endpoint_fixture.ts";
import type { NegotiationSubject } from "./negotiation.ts";

/** The endpoint suite's subject. */
export function memorySubject(options: MemoryOptions = {}, name = "memory"): EndpointSubject {
  const network = new MemoryNetwork(options);
  let ports = 10_000;
  return {
    name,
    connect: network.connect,
    listen: async (accept) => {
      const port = ports++;
      return { host: "127.0.0.1", port, close: network.listen("127.0.0.1", port, accept) };
    },
  };
}

/** The subject of the suite of sessions from SDP. */
export function memoryNegotiation(): NegotiationSubject {
  const network = new MemoryNetwork();
  const host = "192.0.2.2";
  let ports = 20_000;
  return {
    name: "memory",
    host,
    adapter: { transportConnect: network.connect },
    listen: async (accept) => {
      const port = ports++;
      const close = network.listen(host, port, accept);
      return { uri: MsrpUri.from({ scheme: "msrp", host, port }), close };
    },
  };
}
