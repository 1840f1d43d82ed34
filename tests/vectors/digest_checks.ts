// Checks vectors of Digest: each intermediate value, each header form, and what a relay makes of the whole login.
// Vectors that show known-bad code must not come out of ours.
import type { DigestParts } from "../../core/relay/digest.ts";
import {
  createHa1,
  createSessionHa1,
  createUserhash,
  digestResponse,
  digestRspauth,
} from "../../core/relay/digest.ts";
import { formatAuthorization, parseAuthorization } from "../../core/relay/digest_authorization.ts";
import { formatChallenge, parseChallenges } from "../../core/relay/digest_challenge.ts";
import { parseDigestFields, parseInfoFields } from "../../core/relay/digest_fields.ts";
import { type DigestAlgorithm, digestHash, parseDigestAlgorithm } from "../../core/relay/digest_hash.ts";
import { webSocketAccept } from "../support/web_socket_key.ts";
import { difference } from "./helpers.ts";
import type { Checks, Vector } from "./registry.ts";

/** A digest vector as its file has it; `null` stands for a parameter that is absent. */
interface DigestVector extends Vector {
  readonly algorithm: string;
  readonly username: string;
  readonly realm: string;
  readonly password: string;
  readonly method: string;
  readonly uri: string;
  readonly nonce: string;
  readonly cnonce: string | null;
  readonly nc: string | null;
  readonly qop: string | null;
  readonly response: string;
}

export const checks: Checks = {
  digestVectors: (vector) => checkDigest(vector as DigestVector),
  headerVectors: (vector) => {
    const header = vector["header"] as string;
    const { valid, params } = read(header);
    if (valid !== vector["valid"]) return `valid: expected ${vector["valid"]}, got ${valid}`;
    const expected = vector["params"] as Record<string, unknown>;
    // Of an invalid field only what the vector names is compared: nothing else of it may be relied on.
    const seen = valid ? params : Object.fromEntries(Object.keys(expected).map((key) => [key, params[key]]));
    return difference(expected, seen);
  },
  webSocketKeyVectors: (vector) =>
    difference({ accept: vector["accept"] }, { accept: webSocketAccept(vector["key"] as string) }),
};

function checkDigest(vector: DigestVector): string | undefined {
  const computed = compute(vector);
  const expected = Object.fromEntries(Object.keys(computed).map((key) => [key, vector[key]]));
  if (vector["mustNotMatchCorrectImplementation"] === true) {
    return computed["response"] === vector.response ? "a correct implementation computed it" : undefined;
  }
  return difference(expected, computed) ?? checkLogin(vector);
}

/** Everything that the vector may state, computed by the code under test. */
function compute(vector: DigestVector): Record<string, unknown> {
  const session = /-sess$/i.test(vector.algorithm);
  const algorithm = algorithmOf(vector.algorithm.replace(/-sess$/i, ""));
  const { username, realm, password, method, uri, nonce } = vector;
  const plain = createHa1(algorithm, username, realm, password);
  const seed = (key: string, other: string): string => (vector[key] as string | undefined) ?? other;
  const ha1 = session
    ? createSessionHa1(algorithm, plain, seed("sessNonce", nonce), seed("sessCnonce", vector.cnonce ?? ""))
    : plain;
  const body = vector["body"] as string | undefined;
  const entityHash = vector.qop === "auth-int" ? digestHash(algorithm, body ?? "") : undefined;
  const parts: DigestParts = {
    algorithm,
    nonce,
    cnonce: vector.cnonce ?? undefined,
    nc: vector.nc ?? undefined,
    qop: vector.qop ?? undefined,
    entityHash,
  };
  const tail = entityHash === undefined ? uri : `${uri}:${entityHash}`;
  return {
    userRealmPasswordHash: plain,
    ha1,
    a2: `${method}:${tail}`,
    ha2: digestHash(algorithm, `${method}:${tail}`),
    response: digestResponse(parts, ha1, method, uri),
    rspauthA2: `:${tail}`,
    rspauth: digestRspauth(parts, ha1, uri),
    ...(vector["userhash"] === undefined ? {} : { userhash: createUserhash(algorithm, username, realm) }),
  };
}

/**
 * The login that the vector describes, as a relay meets it: the values survive the wire, a right response is taken,
 * and one for something else than AUTH and the rightmost To-Path URI is not.
 */
function checkLogin(vector: DigestVector): string | undefined {
  const { username, realm, password, nonce, cnonce, nc, response } = vector;
  const algorithm = parseDigestAlgorithm(vector.algorithm);
  const text = formatAuthorization({
    username,
    realm,
    nonce,
    cnonce: cnonce ?? "",
    nc: nc ?? "",
    response,
    algorithm: vector.algorithm,
  });
  if ((cnonce ?? null) === null || (nc ?? null) === null || vector.qop !== "auth") {
    const bare = `Digest username="u", realm="r", nonce="n", response="${response}"`;
    const form = (vector.qop ?? null) === null ? bare : text.replace("qop=auth", `qop=${vector.qop}`);
    return accepts(form) ? "a form that MSRP forbids is accepted" : undefined;
  }
  if (algorithm === undefined) {
    const offer = formatChallenge({ realm, nonce, algorithm: "MD5" }).replace("=MD5", `=${vector.algorithm}`);
    return parseChallenges([offer]).length > 0 ? "a forbidden algorithm is answered" : undefined;
  }
  const given = parseAuthorization(text);
  const sent = { username, realm, nonce, cnonce, nc, response };
  const lost = difference(
    sent,
    Object.fromEntries(Object.keys(sent).map((key) => [key, Reflect.get(given, key)])),
  );
  if (lost !== undefined) return `on the wire: ${lost}`;
  const target = targetOf(vector);
  if (vector.method !== "AUTH" && vector["mustBeRejected"] !== true) return undefined;
  const ha1 = createHa1(algorithm, username, realm, password);
  const right = digestResponse({ ...given, algorithm, qop: "auth" }, ha1, "AUTH", target) === response;
  // Where the vector's own fields describe a right login, the fault lies outside of what they tell.
  const told = vector.method !== "AUTH" || target !== vector.uri;
  if (vector["mustBeRejected"] === true) return right && told ? "it is accepted" : undefined;
  return right ? undefined : "it is refused";
}

/** The URI that a relay hashes for this vector: the rightmost of To-Path, else what the realm stands for. */
function targetOf(vector: DigestVector): string {
  const path = (vector["toPath"] as string | undefined) ?? vector.uri;
  if (path.includes(" ")) return path.slice(path.lastIndexOf(" ") + 1);
  return vector["mustBeRejected"] === true && vector["toPath"] === undefined
    ? `msrps://${vector.realm};tcp`
    : path;
}

function accepts(authorization: string): boolean {
  try {
    parseAuthorization(authorization);
    return true;
  } catch {
    return false;
  }
}

/** A header value as the vectors describe it, and whether the side that receives it can use it. */
function read(header: string): { valid: boolean; params: Record<string, unknown> } {
  try {
    // Authentication-Info is the one without a scheme.
    if (!/^\s*[\w-]+(\s+[^\s=]|\s*$)/.test(header)) {
      return { valid: true, params: Object.fromEntries(parseInfoFields(header)) };
    }
    const groups = parseDigestFields(header);
    const [group] = groups;
    const values = Object.fromEntries(group?.values ?? []);
    const params: Record<string, unknown> = { scheme: group?.scheme, ...values };
    if (values["response"] !== undefined || values["username"] !== undefined) {
      return { valid: accepts(header), params };
    }
    if (values["qop"] !== undefined) params["qop"] = values["qop"].split(",").map((one) => one.trim());
    if (values["stale"] !== undefined) params["stale"] = /^true$/i.test(values["stale"]);
    return { valid: parseChallenges([header]).length === 1 && groups.length === 1, params };
  } catch {
    return { valid: false, params: {} };
  }
}

function algorithmOf(name: string): DigestAlgorithm {
  const algorithm = parseDigestAlgorithm(name);
  if (algorithm === undefined) throw new Error(`unknown algorithm ${name}`);
  return algorithm;
}
