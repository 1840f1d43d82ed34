/**
 * The web chat as a Hono app: the page, its script, and the rendezvous service. Mount it beside the relay's WebSocket
 * route, on one origin; see README.md in this folder.
 */
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { secureHeaders } from "hono/secure-headers";
import { streamSSE } from "hono/streaming";
import type { z } from "zod";
import { type Asset, type Assets, loadAssets } from "./assets.ts";
import { eventsQuery, signalBody, signInBody } from "./bodies.ts";
import { echoContact } from "./echo_contact.ts";
import { type Account, type Delivered, maxBodyBytes, type SignedIn } from "./protocol.ts";
import { echoName, type NumberedEvent, Rendezvous, type RendezvousOptions } from "./rendezvous.ts";

/** Options of the web chat. */
export interface WebChatOptions extends Omit<RendezvousOptions, "echo"> {
  /** The relay, whose users are the same people with the same passwords. */
  readonly relay: {
    /** Where WebSockets reach it: a path on this origin such as `"/msrp"`, or `wss://…`. */
    readonly url: string;
    /** Where TCP or TLS reaches it; `msrpkit chat` is told. @default terminals name it themselves */
    readonly uri?: string;
  };
  /** The echo endpoint, as the relay reaches it: then there is a contact "echo". @default none */
  readonly echo?: string;
  /** Milliseconds between signs of life in a stream of events; servers close what is silent for ten seconds. @default 5000 */
  readonly heartbeatMs?: number;
}

type Env = { Variables: { user: string; token: string } };

/** Makes the web chat. */
export function webChat(options: WebChatOptions): Hono {
  const { relay, echo, users, heartbeatMs = 5000 } = options;
  const { echo: _, relay: __, heartbeatMs: ___, ...rest } = options;
  const rendezvous = new Rendezvous({ ...rest, echo: echo !== undefined });
  const answerAsEcho = echo === undefined ? undefined : echoContact(echo);
  let assets: Promise<Assets> | undefined;
  // A failure is not kept: the next request tries again.
  const asset = (name: keyof Assets): Promise<Asset> => {
    assets ??= loadAssets().catch((error: unknown) => {
      assets = undefined;
      throw error;
    });
    return assets.then((all) => all[name]);
  };

  const app = new Hono();
  app.use(secureHeaders({ contentSecurityPolicy: contentSecurityPolicy(relay.url) }));
  for (const [path, name] of [
    ["/", "page"],
    ["/web_chat.css", "style"],
    ["/web_chat.js", "script"],
    ["/web_chat.svg", "icon"],
  ] as const) {
    app.get(path, async (c) => sendAsset(c, await asset(name)));
  }

  const api = new Hono<Env>();
  api.use(bodyLimit({ maxSize: maxBodyBytes, onError: (c) => c.json({ error: "too-large" }, 413) }));
  api.use(async (c, next) => {
    c.header("Cache-Control", "no-store");
    await next();
  });
  api.post("/sign-in", async (c) => {
    const body = await bodyOf(c, signInBody);
    if (body === undefined) return c.json({ error: "bad-request" }, 400);
    const token = rendezvous.signIn(body.user, body.password);
    if (token === "refused") return c.json({ error: token }, 401);
    if (token === "too-many-failures") return c.json({ error: token }, 429, { "Retry-After": "60" });
    return c.json({ user: body.user, token } satisfies SignedIn);
  });
  // A token in a header, and no cookie: no other site can use it, and each tab may be another person.
  api.use(async (c, next) => {
    const token = /^Bearer ([\w.]+)$/.exec(c.req.header("Authorization") ?? "")?.[1] ?? "";
    const user = rendezvous.userOf(token);
    if (user === undefined)
      return c.json({ error: "not-signed-in" }, 401, { "WWW-Authenticate": 'Bearer realm="chat"' });
    c.set("user", user);
    c.set("token", token);
    return await next();
  });
  api.post("/sign-out", (c) => {
    rendezvous.signOut(c.get("token"));
    return c.body(null, 204);
  });
  api.get("/account", (c) => {
    const user = c.get("user");
    const account: Account = { user, relay: { ...relay, username: user, password: users[user] as string } };
    return c.json(account);
  });
  api.post("/signals", async (c) => {
    const body = await bodyOf(c, signalBody);
    if (body === undefined) return c.json({ error: "bad-request" }, 400);
    const user = c.get("user");
    if (body.to === echoName && answerAsEcho !== undefined) {
      const answer = answerAsEcho(body.signal);
      if (answer !== undefined) rendezvous.send(user, echoName, echoName, answer);
      return c.json({ delivered: true } satisfies Delivered);
    }
    // Somebody who is offline is nothing wrong, and browsers complain about every status that says so.
    const delivered = rendezvous.send(body.to, user, body.instance, body.signal);
    return c.json({ delivered } satisfies Delivered);
  });
  api.get("/events", (c) => {
    const query = eventsQuery.safeParse(c.req.query());
    if (!query.success) return c.json({ error: "bad-request" }, 400);
    return streamEvents(c, rendezvous, c.get("user"), query.data, heartbeatMs);
  });
  app.route("/api", api);
  return app;
}

function streamEvents(
  c: Context<Env>,
  rendezvous: Rendezvous,
  user: string,
  { instance, after }: { instance: string; after: number },
  heartbeatMs: number,
): Response {
  // nginx holds streams back unless it is told.
  c.header("X-Accel-Buffering", "no");
  return streamSSE(c, async (stream) => {
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const write = ({ id, event }: NumberedEvent): void => {
      const fields = { data: JSON.stringify(event), ...(id === undefined ? {} : { id: String(id) }) };
      stream.writeSSE(fields).then(() => {
        if (event.type === "replaced") end();
      }, end);
    };
    const leave = rendezvous.attend(user, instance, after, write);
    const beat = setInterval(() => void stream.write(":\n\n").catch(end), heartbeatMs);
    stream.onAbort(end);
    await ended;
    clearInterval(beat);
    leave();
  });
}

async function bodyOf<T>(c: Context, schema: z.ZodType<T>): Promise<T | undefined> {
  const value: unknown = await c.req.json().catch(() => undefined);
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

function sendAsset(c: Context, { body, gzip, type, etag }: Asset): Response {
  c.header("ETag", etag);
  c.header("Cache-Control", "no-cache");
  c.header("Vary", "Accept-Encoding");
  if (c.req.header("If-None-Match") === etag) return c.body(null, 304);
  c.header("Content-Type", type);
  if (!/\bgzip\b/.test(c.req.header("Accept-Encoding") ?? "")) return c.body(body);
  c.header("Content-Encoding", "gzip");
  return c.body(gzip);
}

/** Own files only, pictures from memory, and connections to the own origin and the relay. */
function contentSecurityPolicy(relayUrl: string): Record<string, string[]> {
  const elsewhere = URL.canParse(relayUrl) ? [new URL(relayUrl).origin] : [];
  return {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", "blob:"],
    mediaSrc: ["blob:"],
    // Older browsers do not take 'self' for ws: on the same host.
    connectSrc: ["'self'", ...elsewhere],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  };
}
