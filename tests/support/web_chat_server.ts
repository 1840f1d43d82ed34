// The web chat's server as tests need it: page, rendezvous, relay on its WebSocket route, and the echo behind it, on the
// HTTP server of the runtime. `msrpkit start` is the same with files and a terminal around it.
import { msrpUpgrade } from "../../adapters/hono.ts";
import { Msrp, relay, StaticCredentials } from "../../mod.ts";
import { echo } from "../../samples/echo.ts";
import { type HttpServer, serveHttp } from "../../samples/web_chat/http_server.ts";
import { webChat } from "../../samples/web_chat/server.ts";
import { loadAdapter } from "../../server/runtime.ts";

/** Who may sign in. */
export const people = { alice: "wonderland", bob: "builder" } as const;

/** A running web chat. */
export interface WebChatServer {
  /** `http://localhost:PORT`. */
  readonly origin: string;
  close(): Promise<void>;
}

/** Starts one. @param port @default any */
export async function startWebChat(port = 0): Promise<WebChatServer> {
  const adapter = await loadAdapter();
  const clock = adapter.systemClock;
  const echoes = echo();
  const listener = await adapter.listen(echoes, "msrp://127.0.0.1:0;tcp");
  const plugin = relay({
    domains: ["localhost"],
    credentials: StaticCredentials.of("localhost", people),
    connector: adapter.transportConnect,
    dial: { allow: [`127.0.0.1:${listener.uri.port}`] },
    allowPlainAuth: true,
  });
  const node = new Msrp({ clock }).use(plugin);
  const server: HttpServer = await serveHttp(
    (upgradeWebSocket) => {
      const chat = webChat({ users: people, relay: { url: "/msrp" }, echo: listener.uri.text });
      chat.get("/msrp", msrpUpgrade(node, upgradeWebSocket));
      return chat;
    },
    { hostname: "127.0.0.1", port },
  );
  plugin.announce(`msrp://localhost:${server.port};ws`);
  return {
    origin: `http://localhost:${server.port}`,
    async close() {
      await server.close();
      await listener.close();
      await Promise.all([node.close({ drainMs: 0 }), echoes.close({ drainMs: 0 })]);
    },
  };
}
