// The suite of sessions from SDP over pipes in memory: the same on every runtime, in milliseconds.
// TLS needs sockets, so that part runs in the files named after a runtime.
import { MemoryNetwork } from "../../adapters/memory.ts";
import { MsrpUri } from "../../core/wire/uri.ts";
import { sdpSuite } from "./sdp_suite.ts";

const network = new MemoryNetwork();
const host = "192.0.2.2";
let ports = 20_000;

sdpSuite(
  {
    name: "memory",
    host,
    adapter: { transportConnect: network.connect },
    listen: async (accept) => {
      const port = ports++;
      const close = network.listen(host, port, accept);
      return { uri: MsrpUri.from({ scheme: "msrp", host, port }), close };
    },
  },
  false,
);
