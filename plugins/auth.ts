/**
 * Who somebody is: AUTH by Digest (RFC 4976), and for WebSockets a cookie, a bearer token or a client certificate in the
 * handshake (RFC 7977). A relay takes its word, other plugins find the user on the connection.
 */
import { z } from "zod";
import {
  Authenticator,
  type Credentials,
  type DigestAlgorithm,
  definePlugin,
  digestAlgorithms,
  type HandshakeUser,
  type MaybePromise,
  type PeerCertificate,
  type Plugin,
  type UpgradeContext,
} from "../core/mod.ts";
import { type AuthAttempt, AuthGate, type AuthPermit } from "./_auth_gate.ts";
import { type AuthBearer, tokenCheck } from "./_auth_tokens.ts";
import type { LockOutOptions } from "./_lock_out.ts";
import { callback, limit, readOptions } from "./_options.ts";

export type { AuthAttempt, AuthMethod, AuthPermit } from "./_auth_gate.ts";
export type { AuthBearer } from "./_auth_tokens.ts";
export type { LockOutOptions } from "./_lock_out.ts";

/** AUTH by Digest. Give `authenticator`, or `credentials` and `realm`. */
export interface AuthDigest {
  readonly credentials?: Credentials;
  /** The realm, or a function that gives the realm of the URI that an AUTH is addressed to. */
  readonly realm?: string | ((digestUri: string) => string);
  /** Hash functions offered. @default those of `Authenticator` */
  readonly algorithms?: readonly DigestAlgorithm[];
  /** An authenticator of your own. */
  readonly authenticator?: Authenticator;
  /** Answer AUTH over connections without TLS, for development. @default false */
  readonly allowPlain?: boolean;
}

/** A cookie in the handshake of a WebSocket. */
export interface AuthCookie {
  readonly name: string;
  /** Tells whose cookie it is; undefined = nobody's. @default it is a token, checked as `bearer` says */
  readonly verify?: (value: string, request: UpgradeContext) => MaybePromise<HandshakeUser | undefined>;
  /** Pages that may bring the cookie (`"https://chat.example.com"`), since browsers send it for any page. @default those of the same host */
  readonly origins?: readonly string[];
}

/** Options of `auth()`. */
export interface AuthOptions {
  readonly digest?: AuthDigest;
  readonly bearer?: AuthBearer;
  readonly cookie?: AuthCookie;
  /** Tells whose a client certificate is. `true`: that of its first name (URI, e-mail or DNS), when an authority vouches for it. */
  readonly certificate?: true | ((certificate: PeerCertificate) => HandshakeUser | undefined);
  /** Whether somebody who has proved who it is may come in, and in which realm; 403 if not. @default everybody */
  readonly permit?: AuthPermit;
  /**
   * Refuse those without a user: a handshake with 401, unless AUTH may follow, and the SENDs of a session that a peer has
   * opened with 403. What is relayed is not concerned.
   * @default false
   */
  readonly required?: boolean;
  /** When failures lock somebody out. */
  readonly lockOut?: LockOutOptions;
  /** Told of every attempt. */
  readonly onAttempt?: (attempt: AuthAttempt) => void;
}

const text = z.exactOptional(z.string().min(1));
const texts = z.exactOptional(z.union([z.string(), z.array(z.string()).readonly()]));
const object = <T>(what: string): z.ZodType<T> =>
  z.custom<T>((value) => typeof value === "object" && value !== null, { error: `${what} is wanted` });

const schema = z.strictObject({
  digest: z.exactOptional(
    z
      .strictObject({
        credentials: z.exactOptional(object<Credentials>("an object that looks up users")),
        realm: z.exactOptional(z.union([z.string().min(1), callback<(digestUri: string) => string>()])),
        algorithms: z.exactOptional(z.array(z.enum(digestAlgorithms)).min(1).readonly()),
        authenticator: z.exactOptional(z.instanceof(Authenticator)),
        allowPlain: z.exactOptional(z.boolean()),
      })
      .refine(
        ({ authenticator, credentials, realm }) =>
          authenticator === undefined
            ? credentials !== undefined && realm !== undefined
            : credentials === undefined && realm === undefined,
        { error: "either authenticator, or credentials and realm are wanted" },
      )
      .readonly(),
  ),
  bearer: z.exactOptional(
    z
      .strictObject({
        jwksUrl: z.exactOptional(z.url({ protocol: /^https?$/ })),
        jwks: z.exactOptional(object<NonNullable<AuthBearer["jwks"]>>("a JSON Web Key Set")),
        key: z.exactOptional(object<NonNullable<AuthBearer["key"]>>("a key")),
        verify: z.exactOptional(callback<NonNullable<AuthBearer["verify"]>>()),
        issuer: texts,
        audience: texts,
        algorithms: z.exactOptional(z.array(z.string()).min(1).readonly()),
        userClaim: text,
        realm: text,
        clockToleranceSeconds: z.exactOptional(z.number().min(0)),
        query: text,
      })
      .readonly(),
  ),
  cookie: z.exactOptional(
    z
      .strictObject({
        name: z.string().regex(/^[!#$%&'*+.^_`|~\w-]+$/),
        verify: z.exactOptional(callback<NonNullable<AuthCookie["verify"]>>()),
        origins: z.exactOptional(z.array(z.string()).readonly()),
      })
      .readonly(),
  ),
  certificate: z.exactOptional(
    z.union([z.literal(true), callback<(certificate: PeerCertificate) => HandshakeUser | undefined>()]),
  ),
  permit: z.exactOptional(callback<AuthPermit>()),
  required: z.exactOptional(z.boolean()),
  lockOut: z.exactOptional(
    z
      .strictObject({
        userFailures: z.exactOptional(limit()),
        addressFailures: z.exactOptional(limit()),
        connectionFailures: z.exactOptional(limit()),
        windowMs: z.exactOptional(limit()),
        lockMs: z.exactOptional(limit()),
        maxKeys: z.exactOptional(limit()),
      })
      .readonly(),
  ),
  onAttempt: z.exactOptional(callback<(attempt: AuthAttempt) => void>()),
});

const lockOutDefaults: Required<LockOutOptions> = {
  userFailures: 10,
  addressFailures: 50,
  connectionFailures: 5,
  windowMs: 300_000,
  lockMs: 300_000,
  maxKeys: 65_536,
};

/**
 * Authentication. With a relay, give it `authenticator: "plugin"`, so that it takes the users that this plugin finds:
 *
 * ```ts
 * app.use(
 *   auth({ digest: { realm: "example.com", credentials }, bearer: { jwksUrl: "https://login.example.com/keys" } }),
 *   relay({ domains: ["example.com"], authenticator: "plugin" }),
 * );
 * ```
 *
 * @throws {TypeError} an option is unknown or wrong
 */
export function auth(options: AuthOptions): Plugin {
  const read = readOptions("auth", schema, options);
  const { digest, bearer, cookie, certificate, permit, required = false, lockOut, onAttempt } = read;
  const check = bearer === undefined ? undefined : tokenCheck(bearer);
  const cookieCheck = cookie?.verify ?? check;
  if (cookie !== undefined && cookieCheck === undefined)
    throw new TypeError('Cannot make plugin "auth": a cookie needs verify, or bearer to check it');
  return definePlugin("auth", (host) =>
    new AuthGate(
      {
        // Nonces are one node's.
        authenticator: digest === undefined ? undefined : authenticatorOf(digest),
        allowPlain: digest?.allowPlain ?? false,
        bearer: check === undefined ? undefined : { check, query: bearer?.query },
        cookie:
          cookie === undefined || cookieCheck === undefined
            ? undefined
            : { name: cookie.name, check: cookieCheck, origins: cookie.origins },
        certificate: certificate === true ? firstName : certificate,
        permit: permit ?? (() => true),
        required,
        lockOut: { ...lockOutDefaults, ...lockOut },
        onAttempt,
      },
      host,
    ).hooks(),
  );
}

function authenticatorOf({ authenticator, credentials, realm, algorithms }: AuthDigest): Authenticator {
  return (
    authenticator ??
    new Authenticator({ realm: realm as string, credentials: credentials as Credentials, algorithms })
  );
}

function firstName({ verified, subjectAltNames = [] }: PeerCertificate): HandshakeUser | undefined {
  if (verified !== true) return undefined;
  for (const kind of ["URI:", "email:", "DNS:"]) {
    const name = subjectAltNames.find((one) => one.startsWith(kind));
    if (name !== undefined) return { user: name.slice(kind.length) };
  }
  return undefined;
}
