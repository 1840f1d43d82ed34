/**
 * What `echo` and `receive` have in common: reading `--listen`, and getting the certificate for msrps listeners.
 * It opens them all in one scope and tells the user about it.
 */
import * as Effect from "effect/Effect";
import type { Scope } from "effect/Scope";
import type { Msrp, MsrpUri } from "../../core/mod.ts";
import { type CertificatePair, loadCertificate } from "../certificate.ts";
import { attempt, scopedListeners } from "../lifetime.ts";
import { loadAdapter } from "../runtime.ts";
import { type ListenAddress, parseListen } from "./addresses.ts";
import type { Terminal } from "./terminal.ts";

/** Options of a command that listens, as commander gives them. */
export interface ListeningOptions {
  /** URIs to listen on. */
  listen?: readonly string[];
  /** PEM certificate for msrps. */
  cert?: string;
  /** PEM key of the certificate. */
  key?: string;
}

/**
 * The addresses of `--listen`.
 *
 * @param fallback used when there are none
 * @throws {CommandError} (usage) when one cannot be read
 */
export function listenAddresses(options: ListeningOptions, fallback: string): ListenAddress[] {
  const given = options.listen ?? [];
  return (given.length === 0 ? [fallback] : given).map(parseListen);
}

/** Opens every listener; the certificate's fingerprint is noted when it was made just now. */
export function openListeners(
  app: Msrp,
  addresses: readonly ListenAddress[],
  options: ListeningOptions,
  terminal: Terminal,
): Effect.Effect<{ uris: MsrpUri[]; certificate: CertificatePair | undefined }, Error, Scope> {
  return Effect.gen(function* () {
    const adapter = yield* attempt(loadAdapter);
    const secure = addresses.filter((address) => address.secure);
    const certificate =
      secure.length === 0
        ? undefined
        : yield* attempt(() =>
            loadCertificate(
              options,
              secure.map((address) => address.host),
            ),
          );
    if (certificate?.selfSigned === true) {
      const where = options.cert === undefined ? "for this run only" : `stored in ${options.cert}`;
      terminal.note(`made a self-signed certificate (${where}); give its fingerprint to your peers:`);
      terminal.note(`SHA-256 ${certificate.fingerprint}`);
    }
    const tls = certificate === undefined ? undefined : { cert: certificate.cert, key: certificate.key };
    const targets = addresses.map(({ uri, secure: wantsTls }) => ({
      uri,
      options: wantsTls && tls !== undefined ? { tls } : {},
    }));
    const listeners = yield* scopedListeners(adapter, app, targets);
    return { uris: listeners.map((listener) => listener.uri), certificate };
  });
}
