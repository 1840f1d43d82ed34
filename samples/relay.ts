// A relay (RFC 4976) for one domain: users log in, get addresses that work behind any NAT, and nobody else gets anything.
// Its certificate and its users are given; `msrpkit relay` is the same with files, databases and signals around it.
import { type Credentials, Msrp, type RelayPlugin, relay, type TlsOptions } from "../mod.ts";

/** Makes the node; an adapter's `listen` opens `uri` with the same `tls`, and `requestCert` for other relays. */
export function makeRelay(domain: string, uri: string, credentials: Credentials, tls: TlsOptions): Msrp {
  const plugin: RelayPlugin = relay({ domains: [domain], listen: [uri], credentials, tls });
  const app = new Msrp().use(plugin);
  app.tap("settled", ({ frame, verdict }) => {
    if (!verdict.accepted) console.log(`${frame.method} refused with ${verdict.status}`);
  });
  return app;
}
