// webhook(): events over HTTP and verdicts of a policy service, in an endpoint, an echo and a relay. Time stands still where
// fetch is given; a real server of node:http shows that it works with the runtime's own fetch.
import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as framework from "#test";
import { describe, expect, test } from "#test";
import { settle } from "../../../adapters/memory.ts";
import { definePlugin, type Plugin } from "../../../core/mod.ts";
import {
  verifyWebhook,
  type WebhookEvent,
  type WebhookFetch,
  type WebhookOptions,
  type WebhookProblem,
  webhook,
} from "../../../plugins/webhook.ts";
import { NodePair } from "../../../testing/pair.ts";
import { testPlugin } from "../../../testing/plugin_suite.ts";
import { RelayScene } from "../../../testing/relay_scene.ts";

const url = "https://hooks.example/events";
const policyUrl = "https://hooks.example/policy";

type Answer = { status?: number; body?: unknown; headers?: Record<string, string> } | undefined;

/** A service that answers what a test says; undefined = never. */
class Service {
  readonly requests: { url: string; headers: Record<string, string>; body: string }[] = [];
  aborted = 0;
  #asked!: () => void;
  /** Resolves with the first request. */
  readonly asked: Promise<void> = new Promise((resolve) => {
    this.#asked = resolve;
  });
  answer: (request: { url: string; body: Record<string, unknown> }) => Answer | Promise<Answer> = () => ({});

  readonly fetch: WebhookFetch = async (to, { headers, body, signal, redirect }) => {
    expect(redirect).toBe("error");
    this.requests.push({ url: to, headers, body });
    this.#asked();
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        this.aborted++;
        reject(signal.reason);
      });
    });
    const answer = await Promise.race([this.answer({ url: to, body: JSON.parse(body) }), aborted]);
    if (answer === undefined) return await aborted;
    const { status = 200, body: content = {}, headers: fields = {} } = answer;
    return new Response(typeof content === "string" ? content : JSON.stringify(content), {
      status,
      headers: fields,
    });
  };

  get events(): WebhookEvent[] {
    return this.requests.filter((one) => one.url === url).flatMap(({ body }) => JSON.parse(body).events);
  }
}

const accepting: WebhookFetch = async () => new Response('{"verdict":"accept"}');
const refusing: WebhookFetch = async (_url, { body }) =>
  new Response(
    body.includes("image/gif")
      ? '{"verdict":"reject","status":415}'
      : body.includes('"text/html"')
        ? '{"verdict":"reject","comment":"Not here\\r\\nX: y"}'
        : '{"verdict":"accept"}',
  );

testPlugin(() => webhook({ url, fetch: accepting }), framework);
testPlugin(() => webhook({ url, policy: { url: policyUrl }, fetch: refusing }), framework, {
  passes: [{ name: "a text", body: "hello" }],
  refuses: [
    { name: "a page", body: "<p>", options: { contentType: "text/html" }, status: 403 },
    {
      name: "a picture",
      body: new Uint8Array(5_000),
      options: { contentType: "image/gif", chunkBytes: 2_048 },
      status: 415,
    },
  ],
});
testPlugin(
  () => webhook({ policy: { url: policyUrl, per: "session", cacheMs: 1_000 }, fetch: accepting }),
  framework,
);

/** A pair whose server has the plugin. */
async function hooked(options: Partial<WebhookOptions> = {}, others: Plugin[] = []) {
  const service = new Service();
  const problems: WebhookProblem[] = [];
  const plugin = webhook({
    ...(options.policy === undefined ? { url } : {}),
    fetch: service.fetch,
    batchMs: 10,
    wallClock: () => 1_700_000_000_000,
    onProblem: (problem) => void problems.push(problem),
    ...options,
  });
  const pair = new NodePair({ serverPlugins: [plugin, ...others] });
  const [session, server] = await pair.sessions();
  server.onMessage(() => undefined);
  return { service, problems, plugin, pair, session, server };
}

const fateOf = (sent: { accepted: Promise<void> }): Promise<number> =>
  sent.accepted.then(
    () => 200,
    (error: { status?: number }) => error.status ?? 0,
  );

describe("webhook(), events", () => {
  test("refuses options that are unknown or wrong", () => {
    const wrong: [unknown, string][] = [
      [{}, "url or policy is needed"],
      [{ url: "ftp://x/" }, "url"],
      [{ url: "https://user:secret@x/" }, "credentials go into headers"],
      [{ url, events: ["message"] }, "events"],
      [{ url, maxQueued: 1 }, "maxQueued"],
      [{ policy: { url, timeoutMs: 0 } }, "policy.timeoutMs"],
      [{ policy: { url, onFailure: "maybe" } }, "policy.onFailure"],
    ];
    for (const [options, message] of wrong) expect(() => webhook(options as WebhookOptions)).toThrow(message);
    try {
      webhook({ url: "https://user:secret@x/" });
    } catch (error) {
      expect(String(error)).not.toContain("secret@");
    }
  });

  test("what happens to a session and its messages, in order and in batches, without secrets", async () => {
    const strict = definePlugin({
      name: "strict",
      message: (c, next) => (c.contentType === "image/gif" ? c.reject(403, "No pictures") : next()),
    });
    const { service, pair, session, server } = await hooked({}, [strict]);
    await session.send("hello, this is private").accepted;
    expect(await fateOf(session.send(new Uint8Array(3), { contentType: "image/gif" }))).toBe(403);
    await server.send("back").delivered;
    await settle(200);
    expect(service.requests.length).toBe(0);
    await pair.clock.advance(20);
    expect(service.requests.length).toBe(1);
    await server.close();
    await pair.clock.advance(20);
    const names = service.events.map(({ event }) => event);
    expect(names.slice(0, 4)).toEqual([
      "session-bound",
      "message-delivered",
      "message-accepted",
      "message-refused",
    ]);
    expect(names.slice(4).sort()).toEqual(["message-sent", "report", "session-closed"]);
    expect(new Set(service.events.map(({ id }) => id)).size).toBe(names.length);
    expect(new Set(service.events.map(({ session: number }) => number)).size).toBe(1);
    expect(service.events[3]).toMatchObject({
      at: "2023-11-14T22:13:20.000Z",
      from: "alice.example",
      to: "bob.example",
      contentType: "image/gif",
      status: 403,
      comment: "No pictures",
      plugin: "strict",
    });
    const everything = JSON.stringify(service.requests);
    for (const uri of [session.local, ...session.remote])
      expect(everything.includes(uri.sessionId ?? "?")).toBe(false);
    expect(everything.includes("private")).toBe(false);
    await pair.close();
  });

  test("only the events that were chosen", async () => {
    const { service, pair, session } = await hooked({ events: ["message-accepted"] });
    await session.send("hello").accepted;
    await pair.clock.advance(20);
    expect(service.events.map(({ event, size }) => [event, size])).toEqual([["message-accepted", 5]]);
    await pair.close();
  });

  test("RFC 4976: in a relay what is passed on, and AUTH as a request", async () => {
    const service = new Service();
    const plugin = webhook({ url, fetch: service.fetch, events: ["message-accepted", "request"] });
    const scene = await RelayScene.open([plugin]);
    const [alice, bob] = await scene.sessions();
    bob.onMessage(() => undefined);
    await alice.send("hello").accepted;
    await scene.clock.advance(500);
    const events = service.events.map(({ event, method, status, user }) => [event, method ?? user, status]);
    expect(events.filter(([event]) => event === "request").length >= 2).toBe(true);
    expect(events.filter(([event]) => event === "message-accepted")).toEqual([
      ["message-accepted", "alice@relay.example", 200],
    ]);
    expect(JSON.stringify(service.requests)).not.toContain("nonce");
    await scene.close();
  });

  test("the signature is that of the documentation, over time and body; verifyWebhook() checks it", async () => {
    const secret = "whsec";
    const { service, pair, session } = await hooked({ secret, headers: { authorization: "Bearer x" } });
    await session.send("hello").accepted;
    await pair.clock.advance(20);
    await service.asked; // signing takes a turn of the runtime
    const [{ headers, body }] = service.requests as [(typeof service.requests)[0]];
    const hex = createHmac("sha256", secret).update(`1700000000.${body}`).digest("hex");
    const signature = headers["msrpkit-signature"];
    expect(signature).toBe(`t=1700000000,v1=${hex}`);
    expect([headers["content-type"], headers["authorization"]]).toEqual(["application/json", "Bearer x"]);
    const now = 1_700_000_100_000;
    expect(await verifyWebhook({ secret, signature, body, now })).toBe(true);
    expect(await verifyWebhook({ secret: "other", signature, body, now })).toBe(false);
    expect(await verifyWebhook({ secret, signature, body: `${body} `, now })).toBe(false);
    expect(await verifyWebhook({ secret, signature, body, now: now + 300_000 })).toBe(false);
    for (const bad of [undefined, null, "", "t=1,v1=00", signature?.replace("v1", "v0")])
      expect(await verifyWebhook({ secret, signature: bad, body, now })).toBe(false);
    await pair.close();
  });

  test("a failure is tried again, the same batch and later and later; Retry-After counts", async () => {
    const { service, pair, session, problems } = await hooked({ retryMs: 1_000, maxRetryMs: 4_000 });
    const answers: Answer[] = [{ status: 503 }, { status: 429, headers: { "retry-after": "60" } }, {}];
    service.answer = () => answers.shift() ?? {};
    await session.send("hello").accepted;
    await pair.clock.advance(20);
    expect(service.requests.length).toBe(1);
    await pair.clock.advance(1_000);
    expect(service.requests.length).toBe(2);
    await pair.clock.advance(59_000);
    expect(service.requests.length).toBe(2);
    await pair.clock.advance(1_500);
    expect(service.requests.length).toBe(3);
    const [first, ...more] = service.requests.map(({ body, headers }) => [body, headers["msrpkit-delivery"]]);
    for (const one of more) expect(one).toEqual(first);
    expect(problems.map(({ kind, error }) => [kind, error.message])).toEqual([
      ["retry", "The webhook answered 503"],
      ["retry", "The webhook answered 429"],
    ]);
    await pair.close();
  });

  test("what the service does not want, or never takes, is given up and told; an answer that does not come is cut", async () => {
    const { service, pair, session, problems } = await hooked({
      events: ["message-accepted"],
      maxAttempts: 2,
      timeoutMs: 500,
      retryMs: 100,
    });
    service.answer = () => ({ status: 400 });
    await session.send("one").accepted;
    await pair.clock.advance(20);
    expect(problems.map(({ kind, count }) => [kind, count])).toEqual([["dropped", 1]]);
    service.answer = () => undefined;
    await session.send("two").accepted;
    await pair.clock.advance(2_000);
    expect(service.aborted).toBe(2);
    expect(problems.slice(1).map(({ kind, error }) => [kind, error.message])).toEqual([
      ["retry", "No answer within 500 ms"],
      ["dropped", "No answer within 500 ms"],
    ]);
    await pair.close();
  });

  test("the queue is bounded; what is dropped is counted", async () => {
    const { service, pair, session, problems, plugin } = await hooked({
      events: ["message-accepted"],
      maxQueuedEvents: 3,
    });
    service.answer = () => ({ status: 500 });
    for (let count = 0; count < 8; count++) await session.send("hello").accepted;
    expect(plugin.queued).toBe(3);
    service.answer = () => ({});
    await pair.clock.advance(5_000);
    expect(service.events.length).toBe(3);
    expect(problems.filter(({ kind }) => kind === "dropped").map(({ count }) => count)).toEqual([1, 4]);
    await pair.close();
  });

  test("flush() sends what waits after the node has closed, and tells when it cannot", async () => {
    const { service, pair, session, plugin } = await hooked({ batchMs: 60_000, retryMs: 10 });
    await session.send("hello").accepted;
    await pair.close();
    let failures = 2;
    service.answer = () => (failures-- > 0 ? { status: 500 } : {});
    expect(await plugin.flush()).toBe(true);
    expect([plugin.queued, service.events.length > 1, service.requests.length]).toEqual([0, true, 3]);
    const stuck = await hooked({ batchMs: 60_000 });
    stuck.service.answer = () => undefined;
    await stuck.session.send("hello").accepted;
    expect(await stuck.plugin.flush(50)).toBe(false);
    await stuck.pair.close();
  });
});

describe("webhook(), policy", () => {
  test("is asked once for each message, with its first chunk, and later chunks follow the verdict", async () => {
    const { service, pair, session } = await hooked({ policy: { url: policyUrl } });
    service.answer = ({ body }) => ({
      body: { verdict: (body["message"] as { size?: number }).size === 9_000 ? "reject" : "accept" },
    });
    const options = { chunkBytes: 2_048 };
    expect(await fateOf(session.send("x".repeat(8_000), options))).toBe(200);
    expect(service.requests.length).toBe(1);
    expect(await fateOf(session.send("x".repeat(9_000), options))).toBe(403);
    await settle(200);
    expect(service.requests.length).toBe(2);
    expect(JSON.parse(service.requests[0]?.body ?? "")).toMatchObject({
      direction: "in",
      from: "alice.example",
      to: "bob.example",
      secure: false,
      message: { contentType: "text/plain;charset=utf-8", size: 8_000 },
    });
    await pair.close();
  });

  test("per session it is asked once, and a refusal stays", async () => {
    const { service, pair, session } = await hooked({ policy: { url: policyUrl, per: "session" } });
    service.answer = () => ({ body: { verdict: "reject", status: 480, comment: "Banned\r\nX: y" } });
    for (let count = 0; count < 3; count++) {
      const error = await session.send("hello").accepted.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ status: 480, comment: "Banned X: y" });
    }
    expect(service.requests.length).toBe(1);
    expect(JSON.parse(service.requests[0]?.body ?? "").message).toBe(undefined);
    await pair.close();
  });

  for (const [onFailure, fate] of [
    ["refuse", 403],
    ["accept", 200],
  ] as const) {
    test(`without a verdict: ${onFailure}; nothing of it is remembered`, async () => {
      const { service, pair, session, problems } = await hooked({
        policy: { url: policyUrl, onFailure, timeoutMs: 500, cacheMs: 60_000 },
      });
      const answers: Answer[] = [
        undefined,
        { status: 500 },
        { body: "no JSON" },
        { body: { verdict: "perhaps" } },
        { body: "null" },
        { body: `{"verdict":"accept","x":"${"x".repeat(20_000)}"}` },
      ];
      const count = answers.length;
      service.answer = () => answers.shift();
      for (let number = 0; number < count; number++) {
        const sent = fateOf(session.send("hello"));
        await settle(300);
        await pair.clock.advance(600);
        expect([number, await sent]).toEqual([number, fate]);
      }
      expect(problems.map(({ kind }) => kind)).toEqual(new Array(count).fill("policy"));
      await pair.close();
    });
  }

  test("verdicts are remembered as long as is wished, by sender and type", async () => {
    const { service, pair, session } = await hooked({ policy: { url: policyUrl, cacheMs: 1_000 } });
    service.answer = () => ({ body: { verdict: "accept" } });
    for (let count = 0; count < 3; count++) await session.send("hello").accepted;
    expect(service.requests.length).toBe(1);
    await session.send("hello", { contentType: "text/html" }).accepted;
    expect(service.requests.length).toBe(2);
    await pair.clock.advance(1_001);
    await session.send("hello").accepted;
    expect(service.requests.length).toBe(3);
    await pair.close();
  });

  test("questions at the same time, and in line, are bounded", async () => {
    const policy = { url: policyUrl, maxConcurrent: 1, maxWaiting: 1, timeoutMs: 5_000 };
    const { service, pair, problems } = await hooked({ policy });
    const waiting: (() => void)[] = [];
    service.answer = () =>
      new Promise((resolve) => {
        waiting.push(() => resolve({ body: { verdict: "accept" } }));
      });
    const sessions = await Promise.all([1, 2, 3].map(async () => (await pair.sessions())[0]));
    const fates = sessions.map((session) => fateOf(session.send("hello")));
    await settle(300);
    expect([service.requests.length, problems.length]).toEqual([1, 1]);
    waiting[0]?.();
    await settle(300);
    expect(service.requests.length).toBe(2);
    waiting[1]?.();
    expect((await Promise.all(fates)).sort()).toEqual([200, 200, 403]);
    await pair.close();
  });
});

/** A real server; gives what it heard. */
async function serve(answer: (path: string, body: string) => { status: number; body: string }): Promise<{
  base: string;
  heard: { path: string; headers: IncomingHttpHeaders; body: string }[];
  server: Server;
}> {
  const heard: { path: string; headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      const path = request.url ?? "";
      heard.push({ path, headers: request.headers, body });
      const { status, body: content } = answer(path, body);
      response.writeHead(status, { connection: "close", location: "/elsewhere" }).end(content);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard, server };
}

describe("webhook() with a real HTTP server", () => {
  test("events arrive signed, after a failure again; a policy decides; a redirect is not followed", async () => {
    let failures = 1;
    const { base, heard, server } = await serve((path, body) => {
      if (path === "/may")
        return {
          status: 200,
          body: JSON.stringify({ verdict: body.includes("text/html") ? "reject" : "accept" }),
        };
      if (path === "/moved") return { status: 307, body: "" };
      return { status: failures-- > 0 ? 500 : 204, body: "" };
    });
    const secret = "s3cret";
    const plugin = webhook({ url: `${base}/events`, secret, policy: { url: `${base}/may` }, retryMs: 10 });
    const pair = new NodePair({ serverPlugins: [plugin] });
    const [session, receiver] = await pair.sessions();
    receiver.onMessage(() => undefined);
    expect(await fateOf(session.send("hello"))).toBe(200);
    expect(await fateOf(session.send("<p>", { contentType: "text/html" }))).toBe(403);
    await pair.close();
    expect(await plugin.flush()).toBe(true);
    const posted = heard.filter(({ path }) => path === "/events");
    expect(posted.length).toBe(2);
    for (const { headers, body } of posted)
      expect(await verifyWebhook({ secret, signature: headers["msrpkit-signature"] as string, body })).toBe(
        true,
      );
    const names = JSON.parse(posted[1]?.body ?? "").events.map(({ event }: WebhookEvent) => event);
    expect(names).toContain("message-refused");

    const moved = await hooked({
      policy: { url: `${base}/moved` },
      fetch: (...request) => fetch(...request),
    });
    expect(await fateOf(moved.session.send("hello"))).toBe(403);
    expect(heard.some(({ path }) => path === "/elsewhere")).toBe(false);
    await moved.pair.close();
    await new Promise((resolve) => server.close(resolve));
  });
});
