// The endpoint suite over real sockets of Node: run by that runtime only, which the name of this file says.
// All that is tested is in tests/conformance/endpoint_suite.ts.
import * as framework from "#test";
import { transportConnect, transportListen } from "../../adapters/node.ts";
import { endpointSuite } from "../../testing/endpoint_suite.ts";

endpointSuite(
  {
    name: "node",
    connect: transportConnect,
    listen: async (accept) => {
      const listener = await transportListen(accept, { host: "127.0.0.1", port: 0 });
      return { host: "127.0.0.1", port: listener.port, close: () => listener.close() };
    },
  },
  framework,
);
