// The web chat's HTTP side, asked as browsers ask it: what needs a sign-in, what is refused, and what is served.
// No port is opened; Hono answers requests directly.
import { gunzipSync } from "node:zlib";
import type { Hono } from "hono";
import { beforeAll, describe, expect, test } from "#test";
import { createSessionId, MsrpUri, Negotiator, SessionDescription } from "../../../../mod.ts";
import { readEvents } from "../../../../samples/web_chat/event_stream.ts";
import type { RendezvousEvent } from "../../../../samples/web_chat/protocol.ts";
import { webChat } from "../../../../samples/web_chat/server.ts";

const users = { alice: "wonderland", bob: "builder" };

function make(): Hono {
  return webChat({
    users,
    relay: { url: "/msrp", uri: "msrps://localhost:2856;tcp" },
    echo: "msrp://127.0.0.1:2855;tcp",
  });
}

function post(app: Hono, path: string, body: unknown, token?: string): Promise<Response> {
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  if (token !== undefined) headers["Authorization"] = `Bearer ${token}`;
  return Promise.resolve(app.request(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

async function tokenOf(app: Hono, user: keyof typeof users): Promise<string> {
  const response = await post(app, "/api/sign-in", { user, password: users[user] });
  expect(response.status).toBe(200);
  return ((await response.json()) as { token: string }).token;
}

/** Opens a stream of events and gives them one by one. */
async function streamOf(app: Hono, token: string, query: string) {
  const response = await app.request(
    new Request(`http://localhost/api/events?${query}`, {
      headers: { Authorization: `Bearer ${token}` },
    }),
  );
  expect([response.status, response.headers.get("Content-Type")]).toEqual([200, "text/event-stream"]);
  const events = readEvents(response.body as ReadableStream<Uint8Array>);
  return {
    next: async (): Promise<RendezvousEvent | undefined> => {
      const { value, done } = await events.next();
      return done === true ? undefined : (JSON.parse(value.data) as RendezvousEvent);
    },
    close: () => events.return(),
  };
}

describe("the API", () => {
  let app: Hono;
  let alice: string;
  beforeAll(async () => {
    app = make();
    alice = await tokenOf(app, "alice");
  });

  test("tells who one is, and how to log in at the relay", async () => {
    const response = await app.request("/api/account", { headers: { Authorization: `Bearer ${alice}` } });
    expect(await response.json()).toEqual({
      user: "alice",
      relay: { url: "/msrp", uri: "msrps://localhost:2856;tcp", username: "alice", password: "wonderland" },
    });
    expect(response.headers.get("Cache-Control")).toBe("no-store");
  });

  test("needs a sign-in", async () => {
    for (const path of ["/api/account", "/api/events?instance=a"]) {
      for (const authorization of ["", "Bearer x", `Basic ${alice}`]) {
        const response = await app.request(path, { headers: { Authorization: authorization } });
        expect([response.status, response.headers.get("WWW-Authenticate")]).toEqual([
          401,
          'Bearer realm="chat"',
        ]);
      }
    }
    expect((await post(app, "/api/sign-in", { user: "alice", password: "wrong" })).status).toBe(401);
    expect((await post(app, "/api/signals", {}, "x")).status).toBe(401);
  });

  test("takes no body that is not as it should be, and none above 32 KiB", async () => {
    const signal = { kind: "offer", call: "c", sdp: "v=0", held: [] };
    const wrong: unknown[] = [
      {},
      "text",
      { to: "bob", instance: "a", signal: { ...signal, kind: "bye" } },
      { to: "bob", instance: "a", signal: { ...signal, sdp: "" } },
      { to: "bob", instance: "a", signal: { ...signal, held: [{ messageId: "m", octets: -1 }] } },
      {
        to: "bob",
        instance: "a",
        signal: { ...signal, held: Array(33).fill({ messageId: "m", octets: 1 }) },
      },
      { to: "bob", instance: "a b", signal },
      { to: "bob", instance: "a", signal, more: 1 },
    ];
    for (const body of wrong) expect((await post(app, "/api/signals", body, alice)).status).toBe(400);
    const offline = await post(app, "/api/signals", { to: "bob", instance: "a", signal }, alice);
    expect([offline.status, await offline.json()]).toEqual([200, { delivered: false }]);
    expect((await post(app, "/api/signals", { long: "x".repeat(32_768) }, alice)).status).toBe(413);
    expect((await post(app, "/api/sign-in", { user: "alice" })).status).toBe(400);
    const noQuery = await app.request("/api/events", { headers: { Authorization: `Bearer ${alice}` } });
    expect(noQuery.status).toBe(400);
  });

  test("signals travel from one stream to another", async () => {
    const bob = await tokenOf(app, "bob");
    const stream = await streamOf(app, bob, "instance=b1");
    expect((await stream.next())?.type).toBe("contacts");
    const signal = { kind: "refuse", call: "c", reason: "busy" };
    expect((await post(app, "/api/signals", { to: "bob", instance: "a1", signal }, alice)).status).toBe(200);
    expect(await stream.next()).toEqual({ type: "signal", from: "alice", instance: "a1", signal });
    await stream.close();
  });

  test("a stream that is replaced says so and ends", async () => {
    const first = await streamOf(app, alice, "instance=a1");
    await first.next();
    const second = await streamOf(app, alice, "instance=a2");
    expect((await second.next())?.type).toBe("contacts");
    expect(await first.next()).toEqual({ type: "replaced" });
    expect(await first.next()).toBe(undefined);
    await second.close();
  });

  test("RFC 3264: the echo answers an offer from behind a relay with its own address", async () => {
    const stream = await streamOf(app, alice, "instance=a3");
    await stream.next();
    const usePath = [MsrpUri.parse("msrps://localhost:8080/abcdefghijklmnopqrstuv;tcp")];
    const uri = MsrpUri.parse(`msrp://x.invalid:9/${createSessionId()};ws`);
    const sdp = new Negotiator({ host: "x.invalid", usePath, uri }).createOffer();
    const signal = { kind: "offer", call: "c9", sdp, held: [] };
    expect((await post(app, "/api/signals", { to: "echo", instance: "a3", signal }, alice)).status).toBe(200);
    const event = await stream.next();
    if (event?.type !== "signal" || event.signal.kind !== "answer") throw new Error("There is no answer");
    expect([event.from, event.signal.call]).toEqual(["echo", "c9"]);
    const media = SessionDescription.parse(event.signal.sdp).msrp[0];
    expect(media?.path.map(({ authorityKey }) => authorityKey)).toEqual([
      MsrpUri.parse("msrp://127.0.0.1:2855;tcp").authorityKey,
    ]);
    const nonsense = { ...signal, sdp: "no sdp" };
    await post(app, "/api/signals", { to: "echo", instance: "a3", signal: nonsense }, alice);
    const refused = await stream.next();
    expect(refused?.type === "signal" && refused.signal.kind).toBe("refuse");
    await stream.close();
  });

  test("a sign-out ends the sign-in", async () => {
    const token = await tokenOf(app, "bob");
    expect((await post(app, "/api/sign-out", undefined, token)).status).toBe(204);
    expect((await post(app, "/api/sign-out", undefined, token)).status).toBe(401);
  });
});

describe("the page", () => {
  test("is served with a policy that lets nothing else in", async () => {
    const app = make();
    const page = await app.request("/");
    expect([page.status, page.headers.get("Content-Type")]).toEqual([200, "text/html; charset=utf-8"]);
    const policy = page.headers.get("Content-Security-Policy") ?? "";
    expect(policy.startsWith("default-src 'none'; script-src 'self'; style-src 'self';")).toBe(true);
    const html = await page.text();
    for (const [, path = ""] of html.matchAll(/(?:href|src)="(\/[^"]+)"/g)) {
      expect([path, (await app.request(path)).status]).toEqual([path, 200]);
    }
  });

  test("its script is made by this runtime's bundler, and served compressed and once", async () => {
    const app = make();
    const script = await app.request("/web_chat.js", { headers: { "Accept-Encoding": "gzip, br" } });
    expect([script.status, script.headers.get("Content-Encoding")]).toEqual([200, "gzip"]);
    const text = gunzipSync(new Uint8Array(await script.arrayBuffer())).toString();
    expect(text.includes("msrpkit-web-chat")).toBe(true);
    expect(await (await app.request("/web_chat.js")).text()).toBe(text);
    const etag = script.headers.get("ETag") ?? "";
    const again = await app.request("/web_chat.js", { headers: { "If-None-Match": etag } });
    expect([again.status, await again.text()]).toEqual([304, ""]);
  }, 60_000);
});
