/**
 * Signatures of webhooks: HMAC-SHA-256 over time and body. They tell the receiver who has sent it, and that it is not an old
 * one that somebody sends again.
 */

/** What is to be checked. */
export interface WebhookVerification {
  readonly secret: string;
  /** The field `msrpkit-signature` of the request; null or undefined when there is none. */
  readonly signature: string | null | undefined;
  /** The body as it came, before anything has parsed it. */
  readonly body: string;
  /** Time of day in milliseconds since 1970. @default Date.now() */
  readonly now?: number;
  /** How old it may be. @default 300000 */
  readonly maxAgeMs?: number;
}

/** The field `msrpkit-signature`: `t=SECONDS,v1=HEX`. */
export async function signWebhook(secret: string, seconds: number, body: string): Promise<string> {
  const signature = await crypto.subtle.sign("HMAC", await keyOf(secret), signedOctets(seconds, body));
  const hex = Array.from(new Uint8Array(signature), (octet) => octet.toString(16).padStart(2, "0"));
  return `t=${seconds},v1=${hex.join("")}`;
}

/**
 * Checks the signature of a request, in constant time: for those who receive webhooks.
 *
 * ```ts
 * const genuine = await verifyWebhook({ secret, signature: request.headers.get("msrpkit-signature"), body });
 * ```
 */
export async function verifyWebhook({
  secret,
  signature,
  body,
  now = Date.now(),
  maxAgeMs = 300_000,
}: WebhookVerification): Promise<boolean> {
  const [, seconds = "", hex = ""] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(signature ?? "") ?? [];
  if (hex === "" || Math.abs(now - Number(seconds) * 1_000) > maxAgeMs) return false;
  const octets = Uint8Array.from({ length: 32 }, (_, index) =>
    Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16),
  );
  return await crypto.subtle.verify("HMAC", await keyOf(secret), octets, signedOctets(Number(seconds), body));
}

function signedOctets(seconds: number, body: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${seconds}.${body}`);
}

async function keyOf(secret: string): Promise<CryptoKey> {
  const octets = new TextEncoder().encode(secret);
  return await crypto.subtle.importKey("raw", octets, { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
    "verify",
  ]);
}
