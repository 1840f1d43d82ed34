// MsrpClient inside workerd, the runtime of Workers: a request makes it log in at our relay and talk to an endpoint.
// Miniflare runs on Node, which the name of this file says.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { describe, expect, test } from "#test";
import { listen, transportConnect } from "../../adapters/node.ts";
import { Msrp } from "../../core/node/node.ts";
import { StaticCredentials } from "../../core/relay/credentials.ts";
import { relay } from "../../core/relay/relay.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

const worker = `
import { MsrpClient } from "./adapters/websocket.ts";
export default {
  async fetch(request) {
    const { url, peer } = await request.json();
    const client = new MsrpClient({ url, allowPlain: true, credentials: { username: "alice", password: "one" } });
    const session = await client.connect(peer);
    const back = new Promise((resolve) => session.onMessage(resolve));
    await session.send("from a worker").delivered;
    const text = await (await back).text();
    client.close();
    return Response.json({ text, state: client.state });
  },
};`;

describe("MsrpClient in workerd", () => {
  test("RFC 7977: a Worker logs in at a relay and talks to an endpoint over TCP", async () => {
    const plugin = relay({
      domains: ["localhost"],
      credentials: StaticCredentials.of("localhost", { alice: "one" }),
      connector: transportConnect,
      dial: { allow: ["127.0.0.0/8"] },
      allowPlainAuth: true,
    });
    const app = new Msrp().use(plugin);
    const sockets = await listen(app, "ws://127.0.0.1:0/msrp");
    for (const uri of [`msrp://localhost:${sockets.uri.port};ws`, "msrp://localhost:2855;tcp"])
      plugin.announce(uri);
    const echo = new Msrp({ acceptUnknown: () => true });
    echo.onMessage((message, session) => void session.send(message.body, { contentType: "text/plain" }));
    const plain = await listen(echo, "msrp://127.0.0.1:0;tcp");
    const stdin = { contents: worker, resolveDir: root };
    const { outputFiles } = await build({ stdin, bundle: true, format: "esm", write: false });
    const script = outputFiles[0]?.text ?? "";
    const miniflare = new Miniflare({ modules: true, script, compatibilityDate: "2026-04-01", cf: false });
    const response = await miniflare.dispatchFetch("http://worker/", {
      method: "POST",
      body: JSON.stringify({
        url: `ws://localhost:${sockets.uri.port}/msrp`,
        peer: `msrp://127.0.0.1:${plain.uri.port}/any;tcp`,
      }),
    });
    expect(await response.json()).toEqual({ text: "from a worker", state: "closed" });
    await miniflare.dispose();
    for (const listener of [sockets, plain]) await listener.close({ connections: "abort" });
    for (const node of [app, echo]) await node.close({ drainMs: 0 });
  });
});
