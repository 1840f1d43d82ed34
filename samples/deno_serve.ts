/**
 * An echo endpoint for hosts that take a `fetch` handler, as Deno Deploy does: `deno serve -A samples/deno_serve.ts`. MSRP comes
 * over WebSockets at `/msrp`; whatever else the service has goes on beside it.
 */
import { Hono } from "hono";
import { upgradeWebSocket } from "hono/deno";
import { msrpUpgrade } from "../adapters/hono.ts";
import { echo } from "./echo.ts";

const http: Hono = new Hono();
http.get("/", (c) => c.text("MSRP over WebSockets is at /msrp\n"));
http.get("/msrp", msrpUpgrade(echo({ acceptUnknown: () => true }), upgradeWebSocket));

// biome-ignore lint/style/noDefaultExport: the default export is what `deno serve` serves
export default http;
