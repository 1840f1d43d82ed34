// Tokens as issuers make them, and as attackers change them.
// Keys are made for the test; a key set is fetched from a server of the test.
import { createServer } from "node:http";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { describe, expect, test } from "#test";
import { type AuthBearer, KeysAway, tokenCheck } from "../../../plugins/_auth_tokens.ts";

const secret = new TextEncoder().encode("a secret of at least thirty-two octets");
const { publicKey, privateKey } = await generateKeyPair("ES256");
const jwk = { ...(await exportJWK(publicKey)), kid: "one", alg: "ES256" };

const sign = (claims: JWTPayload, expires: string | undefined = "5m"): Promise<string> => {
  const token = new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: "one" }).setIssuedAt();
  return (expires === undefined ? token : token.setExpirationTime(expires)).sign(privateKey);
};
/** An issuer whose answers the test chooses. */
async function issuer(
  answer: () => string | undefined,
): Promise<{ url: string; fetched(): number; close(): void }> {
  let fetched = 0;
  const server = createServer((_request, response) => {
    fetched++;
    const text = answer();
    response.writeHead(text === undefined ? 500 : 200, {
      "Content-Type": "application/json",
      Connection: "close",
    });
    response.end(text);
  });
  await new Promise<void>((listening) => {
    server.listen(0, "127.0.0.1", listening);
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/keys`, fetched: () => fetched, close: () => server.close() };
}

const outcome = (options: AuthBearer, token: string): Promise<unknown> =>
  tokenCheck(options)(token).catch((error: { code: string }) => error.code);

describe("bearer tokens", () => {
  test("RFC 7519: signature, issuer, audience, time and user", async () => {
    const options: AuthBearer = {
      jwks: { keys: [jwk] },
      issuer: "https://login.example",
      audience: ["msrp"],
      realm: "r",
    };
    const good = { sub: "alice", iss: "https://login.example", aud: "msrp" };
    expect(await outcome(options, await sign(good))).toEqual({ user: "alice", realm: "r" });
    expect(await outcome(options, await sign({ ...good, iss: "https://evil.example" }))).toBe(
      "ERR_JWT_CLAIM_VALIDATION_FAILED",
    );
    expect(await outcome(options, await sign({ ...good, aud: "other" }))).toBe(
      "ERR_JWT_CLAIM_VALIDATION_FAILED",
    );
    expect(await outcome(options, await sign(good, "-1m"))).toBe("ERR_JWT_EXPIRED");
    const eternal = new SignJWT(good).setProtectedHeader({ alg: "ES256", kid: "one" }).sign(privateKey);
    expect(await outcome(options, await eternal)).toBe("ERR_JWT_CLAIM_VALIDATION_FAILED");
    const token = await sign(good);
    const [head, , signature] = token.split(".");
    const forged = btoa(JSON.stringify({ ...good, sub: "root", exp: 9e9 })).replace(/=+$/, "");
    expect(await outcome(options, `${head}.${forged}.${signature}`)).toBe(
      "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
    );
    expect(await outcome(options, "nonsense")).toBe("ERR_JWS_INVALID");
  });

  test("RFC 8725 §3.1: an algorithm is one of those that are allowed", async () => {
    const none = `${btoa('{"alg":"none"}').replace(/=+$/, "")}.${btoa('{"sub":"alice","exp":9e9}').replace(/=+$/, "")}.`;
    expect(await outcome({ key: secret }, none)).toMatch(/^ERR_/);
    const hmac = new SignJWT({ sub: "alice" })
      .setProtectedHeader({ alg: "HS256" })
      .setExpirationTime("5m")
      .sign(secret);
    expect(await outcome({ key: secret }, await hmac)).toEqual({ user: "alice" });
    expect(await outcome({ key: secret, algorithms: ["HS512"] }, await hmac)).toBe(
      "ERR_JOSE_ALG_NOT_ALLOWED",
    );
    expect(await outcome({ jwks: { keys: [jwk] } }, await hmac)).toBe("ERR_JOSE_ALG_NOT_ALLOWED");
  });

  test("another claim may name the user; without one there is none", async () => {
    const options: AuthBearer = { key: publicKey, userClaim: "preferred_username" };
    expect(await outcome(options, await sign({ sub: "1", preferred_username: "alice" }))).toEqual({
      user: "alice",
    });
    expect(await outcome(options, await sign({ sub: "1" }))).toBe("ERR_JWT_CLAIM_VALIDATION_FAILED");
    expect(await outcome(options, await sign({ preferred_username: "" }))).toBe(undefined);
  });

  test("RFC 7517: keys are fetched from the issuer", async () => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked++;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ keys: [jwk] }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const check = tokenCheck({ jwksUrl: `http://127.0.0.1:${port}/keys` });
    expect(await check(await sign({ sub: "alice" }))).toEqual({ user: "alice" });
    expect(await check(await sign({ sub: "bob" }))).toEqual({ user: "bob" });
    expect(asked).toBe(1);
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  });

  test("a check of one's own, and nothing but one way to check", async () => {
    const verify = async (token: string) => (token === "opaque" ? { user: "alice" } : undefined);
    expect([await outcome({ verify }, "opaque"), await outcome({ verify }, "other")]).toEqual([
      { user: "alice" },
      undefined,
    ]);
    expect(() => tokenCheck({})).toThrow(TypeError);
    expect(() => tokenCheck({ verify, key: secret })).toThrow(TypeError);
  });

  test("a key that the issuer has just added is taken at once; tokens with keys that it never had do not hammer it", async () => {
    const other = await generateKeyPair("ES256");
    const added = { ...(await exportJWK(other.publicKey)), kid: "two", alg: "ES256" };
    const keys = [jwk];
    const { url, fetched, close } = await issuer(() => JSON.stringify({ keys }));
    const check = tokenCheck({ jwksUrl: url });
    const signed = (kid: string): Promise<string> =>
      new SignJWT({ sub: "alice" })
        .setProtectedHeader({ alg: "ES256", kid })
        .setExpirationTime("5m")
        .sign(kid === "one" ? privateKey : other.privateKey);
    expect(await check(await signed("one"))).toEqual({ user: "alice" });
    keys.push(added);
    expect(await check(await signed("two"))).toEqual({ user: "alice" });
    expect(fetched()).toBe(2);
    const unknown = await signed("three");
    for (let attempt = 0; attempt < 20; attempt++)
      expect(await check(unknown).catch((error: { code: string }) => error.code)).toBe(
        "ERR_JWKS_NO_MATCHING_KEY",
      );
    expect(fetched()).toBe(6);
    close();
  });

  test("keys that cannot be had are no fault of the token", async () => {
    let text: string | undefined;
    const { url, close } = await issuer(() => text);
    const token = await sign({ sub: "alice" });
    const check = tokenCheck({ jwksUrl: url });
    const fault = (): Promise<unknown> => check(token).catch((error: unknown) => error);
    for (text of [undefined, "<html>", "{}"]) expect(await fault()).toBeInstanceOf(KeysAway);
    text = JSON.stringify({ keys: [jwk] });
    expect(await fault()).toEqual({ user: "alice" });
    close();
  });
});
