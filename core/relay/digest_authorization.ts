/**
 * The credentials of a client: Authorization as RFC 4976 §7 and §9.1 restrict it, with `qop`, `cnonce` and `nc` always
 * there. The parameter `uri` is read when present and never required, because the RFC's own grammar has none.
 */
import { RemoteProtocolError } from "../errors.ts";
import { parseDigestFields, quoted } from "./digest_fields.ts";

/** Longest user name, realm or nonce in characters; longer ones are refused before anything is looked up. */
export const MAX_DIGEST_NAME_LENGTH = 1024;

/** The parameters of Authorization. */
export interface DigestAuthorization {
  /** The user name, or with `userhash` what stands for it. */
  readonly username: string;
  /** The realm that the challenge named. */
  readonly realm: string;
  /** The server's nonce. */
  readonly nonce: string;
  /** The client's nonce. */
  readonly cnonce: string;
  /** Count of uses of the nonce: 8 hex digits, as written. */
  readonly nc: string;
  /** The proof that the client knows the password: 32 or 64 lower-case hex digits. */
  readonly response: string;
  /** The algorithm as written, when there was one. */
  readonly algorithm?: string | undefined;
  /** What the challenge asked to be returned. */
  readonly opaque?: string | undefined;
  /** The URI that was hashed, when the client says so. */
  readonly uri?: string | undefined;
  /** True when `username` is a hash (RFC 7616 §3.4.4). @default false */
  readonly userhash?: boolean | undefined;
}

/**
 * Writes the value of Authorization: everything quoted but `algorithm`, `qop`, `nc` and `userhash` (RFC 7616 §3.4).
 *
 * @throws LocalProtocolError `"digest-syntax"` for control characters
 */
export function formatAuthorization(authorization: DigestAuthorization): string {
  const { username, realm, nonce, uri, cnonce, nc, response, opaque, algorithm, userhash } = authorization;
  let text = `Digest username=${quoted(username)}, realm=${quoted(realm)}, nonce=${quoted(nonce)}`;
  if (uri !== undefined) text += `, uri=${quoted(uri)}`;
  text += `, qop=auth, nc=${nc}, cnonce=${quoted(cnonce)}, response=${quoted(response)}`;
  if (opaque !== undefined) text += `, opaque=${quoted(opaque)}`;
  if (algorithm !== undefined) text += `, algorithm=${algorithm}`;
  if (userhash === true) text += ", userhash=true";
  return text;
}

/**
 * Reads the value of Authorization.
 *
 * @throws RemoteProtocolError `"not-digest"` (status 401) for another scheme, else with status 400:
 *   `"digest-syntax"`, `"digest-parameter"` for one that is missing or malformed
 */
export function parseAuthorization(value: string): DigestAuthorization {
  const [group, second] = parseDigestFields(value);
  if (group?.scheme?.toLowerCase() !== "digest") {
    throw new RemoteProtocolError("not-digest", "Cannot accept credentials: only Digest is", { status: 401 });
  }
  if (second !== undefined) throw missing("a single set of credentials");
  const { values } = group;
  const need = (name: string): string => {
    const text = values.get(name);
    if (text === undefined || text.length > MAX_DIGEST_NAME_LENGTH) throw missing(name);
    return text;
  };
  // Written in lower case (RFC 7616 §3.2); a client that prints hex in capitals has proved the same.
  const response = need("response").toLowerCase();
  if (!/^(?:[0-9a-f]{32}|[0-9a-f]{64})$/.test(response)) throw missing("response of 32 or 64 hex digits");
  const nc = need("nc");
  if (!/^[0-9a-fA-F]{8}$/.test(nc)) throw missing("nc of 8 hex digits");
  if (need("qop").toLowerCase() !== "auth") throw missing("qop=auth");
  const cnonce = need("cnonce");
  if (cnonce === "") throw missing("cnonce");
  const userhash = values.get("userhash")?.toLowerCase() === "true";
  return {
    username: userName(values, userhash),
    realm: need("realm"),
    nonce: need("nonce"),
    cnonce,
    nc,
    response,
    algorithm: values.get("algorithm"),
    opaque: values.get("opaque"),
    uri: values.get("uri"),
    userhash,
  };
}

/** The user's name, plain or in the extended notation of RFC 5987; both at once is an error (RFC 7616 §3.4). */
function userName(values: ReadonlyMap<string, string>, userhash: boolean): string {
  const plain = values.get("username");
  const extended = values.get("username*");
  if ((plain === undefined) === (extended === undefined)) throw missing("one of username and username*");
  const name = plain ?? (userhash ? undefined : decodeExtended(extended ?? ""));
  if (name === undefined || name === "" || name.length > MAX_DIGEST_NAME_LENGTH) throw missing("username");
  return name;
}

function decodeExtended(text: string): string | undefined {
  const encoded = /^utf-8'[^']*'(.*)$/i.exec(text)?.[1];
  if (encoded === undefined) return undefined;
  try {
    const name = decodeURIComponent(encoded);
    return /[\u0000-\u001f\u007f]/.test(name) ? undefined : name;
  } catch {
    return undefined;
  }
}

function missing(what: string): RemoteProtocolError {
  return new RemoteProtocolError("digest-parameter", `Cannot accept Authorization: it needs ${what}`);
}
