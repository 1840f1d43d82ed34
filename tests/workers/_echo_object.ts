// The endpoint of the WebSocket suite as a Durable Object, which tells how often it came into memory.
// Beside it the same endpoint on a route of Hono, in a Worker without memory of its own.
import { Hono } from "hono";
import { upgradeWebSocket } from "hono/cloudflare-workers";
import { msrpUpgrade } from "../../adapters/hono.ts";
import { type MsrpObjectClass, msrpObject } from "../../adapters/workers.ts";
import { maxMessageBytes, webSocketEcho } from "../support/web_socket_echo.ts";
import { counting, type ObjectEnv, objectOf } from "./_objects.ts";

/** The endpoint. */
export const Echo: MsrpObjectClass<ObjectEnv> = counting(
  msrpObject<ObjectEnv>(() => webSocketEcho(), { maxMessageBytes }),
);

const hono = new Hono();
hono.get("/hono", msrpUpgrade(webSocketEcho(), upgradeWebSocket, { maxMessageBytes }));

const worker: { fetch(request: Request, env: ObjectEnv): Promise<Response> } = {
  fetch: async (request, env) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/hono") return await hono.fetch(request);
    if (pathname !== "/msrp" && pathname !== "/made") return new Response("Not here\n", { status: 404 });
    return await objectOf(env, "ECHO").fetch(request);
  },
};
// biome-ignore lint/style/noDefaultExport: what Workers call is the default export
export default worker;
