// The adapter of Bun, used as a program uses it: run by that runtime only, which the name of this file says.
// Its transports have a suite of their own, tests/conformance/transport_suite.ts.
import * as adapter from "../../../adapters/bun.ts";
import { adapterEcho } from "../../support/adapter_echo.ts";

adapterEcho({ name: "bun", ...adapter });
