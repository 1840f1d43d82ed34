/**
 * The hashes of Digest (RFC 4976 §9.1) by the runtime's own functions, under the name that Bun, Deno and Node share.
 * What a runtime leaves out, as one in FIPS mode leaves out MD5, is computed by portable functions.
 */
import { createHash, createHmac } from "node:crypto";
import { type DigestAlgorithm, type DigestHashes, portableHashes } from "../core/mod.ts";

const names: Readonly<Record<DigestAlgorithm, string | undefined>> = {
  MD5: usable("md5"),
  "SHA-256": usable("sha256"),
  "SHA-512-256": usable("sha512-256"),
};

/** The runtime's own hash functions, for `relay()` and `Authenticator`. */
export const digestHashes: DigestHashes = {
  hash: (algorithm, text) => {
    const name = names[algorithm];
    if (name === undefined) return portableHashes.hash(algorithm, text);
    return createHash(name).update(text).digest("hex");
  },
  hmac: (key) => (message) => createHmac("sha256", key).update(message).digest("hex"),
};

function usable(name: string): string | undefined {
  try {
    createHash(name);
    return name;
  } catch {
    return undefined;
  }
}
