// The endpoint suite over pipes in memory: the same on every runtime, in milliseconds.
import * as framework from "#test";
import { MemoryNetwork } from "../../adapters/memory.ts";
import { endpointSuite } from "../../testing/endpoint_suite.ts";

const network = new MemoryNetwork();
let ports = 10_000;

endpointSuite(
  {
    name: "memory",
    connect: network.connect,
    listen: async (accept) => {
      const port = ports++;
      return { host: "127.0.0.1", port, close: network.listen("127.0.0.1", port, accept) };
    },
  },
  framework,
);

// One octet per segment: no frame may depend on how its bytes arrive.
const crumbs = new MemoryNetwork({ maxSegmentBytes: 1 });

endpointSuite(
  {
    name: "memory, an octet at a time",
    connect: crumbs.connect,
    listen: async (accept) => {
      const port = ports++;
      return { host: "127.0.0.1", port, close: crumbs.listen("127.0.0.1", port, accept) };
    },
  },
  framework,
);
