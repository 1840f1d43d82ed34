// The Worker of samples/workers, in workerd: two users log in with what clients are told to use, and chat.
import { afterAll, beforeAll, describe, expect, test } from "#test";
import { MsrpClient } from "../../adapters/websocket.ts";
import { read } from "../../scripts/tree.ts";
import { type RunningWorker, startWorker } from "./_worker.ts";

const users = { alice: "one", bob: "two" };

describe("the sample for Workers", () => {
  let worker: RunningWorker;
  beforeAll(async () => {
    const bindings = { DOMAIN: "localhost", USERS: JSON.stringify(users), ALLOW_PLAIN: "yes" };
    worker = await startWorker(
      { file: "samples/workers/worker.ts" },
      { objects: { RELAY: "Relay" }, bindings },
    );
  });
  afterAll(() => worker?.close());

  test("two users chat through it", async () => {
    const clients = Object.entries(users).map(
      ([username, password]) =>
        new MsrpClient({
          url: worker.socketUrl,
          relay: "msrps://localhost:443;ws",
          credentials: { username, password },
          allowPlain: true,
        }),
    );
    const [alice, bob] = clients as [MsrpClient, MsrpClient];
    const [from, to] = await Promise.all([alice.session(), bob.session()]);
    to.bind({ remote: from.path, role: "passive" });
    from.bind({ remote: to.path, role: "active" });
    const got = new Promise<string>((resolve) =>
      to.onMessage(async (message) => resolve(await message.text())),
    );
    await from.send("hello from the edge").delivered;
    expect(await got).toBe("hello from the edge");
    for (const client of clients) client.close();
    expect((await fetch(`${worker.url}/else`)).status).toBe(404);
  });

  test("its configuration names the class, and switches compression off", () => {
    const toml = read("samples/workers/wrangler.toml");
    expect(toml).toContain('class_name = "Relay"');
    expect(toml).toContain('compatibility_flags = ["no_web_socket_compression"]');
  });
});
