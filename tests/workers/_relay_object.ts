// Nodes as Durable Objects for the tests of hibernation: an echo, a relay, a relay that soon closes quiet connections, and an
// endpoint that is told over HTTP whom to expect. The first part of a path says which: `/relay/msrp`, `/relay/made`.
// @ts-expect-error: a module of the runtime
import { connect } from "cloudflare:sockets";
import {
  type MsrpObjectClass,
  type MsrpObjectHost,
  msrpObject,
  workersConnector,
} from "../../adapters/workers.ts";
import { Msrp, relay, StaticCredentials } from "../../mod.ts";
import { counting, type ObjectEnv, objectOf } from "./_objects.ts";

const credentials = StaticCredentials.of("localhost", { alice: "one", bob: "two" });

function relayNode({ nonces }: MsrpObjectHost<ObjectEnv>, idleMs: number): Msrp {
  const plugin = relay({
    domains: ["localhost"],
    listen: ["msrp://localhost:2855;ws"],
    credentials,
    nonces,
    allowPlainAuth: true,
    limits: { idleMs, minExpires: 1 },
    connector: workersConnector(connect),
    dial: { allow: ["127.0.0.0/8"] },
  });
  return new Msrp().use(plugin);
}

function echoNode(acceptUnknown: boolean): Msrp {
  const app = new Msrp({ acceptUnknown: () => acceptUnknown });
  return app.onSession((session) => {
    session.onMessage(({ body, contentType }) => {
      session.send(body, { contentType, successReport: false });
    });
  });
}

const Expecting = msrpObject<ObjectEnv>(() => echoNode(false));

/** Takes what others offer. */
class ExpectingSessions extends Expecting {
  override async fetch(request: Request): Promise<Response> {
    if (request.method !== "POST") return await super.fetch(request);
    const app = await this.app;
    const session = app.session({ local: await request.text(), acceptTypes: ["text/plain"] });
    return Response.json(session.local.text);
  }
}

export const Echo: MsrpObjectClass<ObjectEnv> = counting(msrpObject(() => echoNode(true)));
export const Relay: MsrpObjectClass<ObjectEnv> = counting(msrpObject((host) => relayNode(host, 3_600_000)));
export const Idle: MsrpObjectClass<ObjectEnv> = counting(msrpObject((host) => relayNode(host, 18_000)));
export const Expect: MsrpObjectClass<ObjectEnv> = counting(ExpectingSessions);

const worker: { fetch(request: Request, env: ObjectEnv): Promise<Response> } = {
  fetch: async (request, env) => {
    const [, name = ""] = new URL(request.url).pathname.split("/");
    return await objectOf(env, name.toUpperCase()).fetch(request);
  },
};
// biome-ignore lint/style/noDefaultExport: what Workers call is the default export
export default worker;
