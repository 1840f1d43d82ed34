// The endpoint suite over real sockets of Node: run by that runtime only, which the name of this file says.
// All that is tested is in testing/endpoint_suite.ts.
import * as adapter from "../../adapters/node.ts";
import { socketEndpointSuite } from "../conformance/own_listener_suites.ts";

socketEndpointSuite("node", adapter);
