// MsrpClient on Bun's own WebSocket and Bun's own listeners: run by that runtime only, which the name of this file says.
// All that is tested is in tests/conformance/.
import { listen, transportConnect } from "../../adapters/bun.ts";
import { webSocketClientSuite } from "../conformance/web_socket_client_suite.ts";

webSocketClientSuite({ name: "bun", listen, connect: transportConnect });
