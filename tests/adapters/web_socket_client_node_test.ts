// MsrpClient on Node's own WebSocket and Node's own listeners: run by that runtime only, which the name of this file says.
// All that is tested is in tests/conformance/.
import { listen, transportConnect } from "../../adapters/node.ts";
import { webSocketClientSuite } from "../conformance/web_socket_client_suite.ts";

webSocketClientSuite({ name: "node", listen, connect: transportConnect });
