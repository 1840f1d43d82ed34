// A relay for browsers on Cloudflare Workers: one Durable Object that leaves memory while nobody writes, and keeps its users
// connected. In a project of your own the imports are "msrpkit" and "msrpkit/workers".
import { type MsrpObjectClass, msrpObject } from "../../adapters/workers.ts";
import { Msrp, relay, StaticCredentials } from "../../mod.ts";

interface Env {
  /** Name of the relay, and of this Worker: the host of its WebSockets. */
  readonly DOMAIN: string;
  /** Names and passwords as JSON; a secret. */
  readonly USERS: string;
  /** `"yes"` for `wrangler dev`, which has no TLS. */
  readonly ALLOW_PLAIN?: string;
  readonly RELAY: {
    get(id: unknown): { fetch(request: Request): Promise<Response> };
    idFromName(name: string): unknown;
  };
}

export const Relay: MsrpObjectClass<Env> = msrpObject(({ env, nonces }) => {
  const { DOMAIN, USERS, ALLOW_PLAIN } = env;
  const credentials = StaticCredentials.of(DOMAIN, JSON.parse(USERS) as Record<string, string>);
  const listen = [`msrps://${DOMAIN}:443;ws`];
  const allowPlainAuth = ALLOW_PLAIN === "yes";
  return new Msrp().use(relay({ domains: [DOMAIN], listen, credentials, nonces, allowPlainAuth }));
});

const worker: { fetch(request: Request, env: Env): Promise<Response> } = {
  fetch: async (request, { RELAY }) => {
    if (new URL(request.url).pathname !== "/msrp") return new Response("Not here\n", { status: 404 });
    return await RELAY.get(RELAY.idFromName("relay")).fetch(request);
  },
};
// biome-ignore lint/style/noDefaultExport: the default export is what Workers call
export default worker;
