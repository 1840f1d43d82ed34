// The WebSocket suite on own listeners of Node, and the endpoint suite over them: run by that runtime only, which
// the name of this file says. All that is tested is in tests/conformance/.
import * as adapter from "../../adapters/node.ts";
import { ownWebSocketSuites } from "../conformance/own_listener_suites.ts";

ownWebSocketSuites("node", adapter);
