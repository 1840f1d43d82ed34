// Digest as a flow's script computes it: written anew, so that the relay's own code is not its judge.
// RFC 2617 without qop, RFC 2617 and RFC 7616 with it.
import { createHash } from "node:crypto";

/** The value of a parameter in a header, unquoted; empty when it is not there. */
export function param(header: string, name: string): string {
  const found = new RegExp(`(?:^|[\\s,])${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s,]*))`, "i").exec(header);
  return (found?.[1]?.replace(/\\(.)/g, "$1") ?? found?.[2] ?? "").trim();
}

/** All that `let D = digest(…)` gives, by name. */
export function digest(
  challenge: string,
  user: string,
  password: string,
  method: string,
  uri: string,
  nc: string,
  cnonce: string,
): Record<string, string> {
  const algorithm = param(challenge, "algorithm") || "MD5";
  const name = algorithm === "SHA-256" ? "sha256" : algorithm === "SHA-512-256" ? "sha512-256" : "md5";
  const hash = (text: string): string => createHash(name).update(text, "utf8").digest("hex");
  const realm = param(challenge, "realm");
  const nonce = param(challenge, "nonce");
  const opaque = param(challenge, "opaque");
  const ha1 = hash(`${user}:${realm}:${password}`);
  const answer = (a2: string): string =>
    nc === ""
      ? hash(`${ha1}:${nonce}:${hash(a2)}`)
      : hash(`${ha1}:${nonce}:${nc}:${cnonce}:auth:${hash(a2)}`);
  const response = answer(`${method}:${uri}`);
  const opaqueField = opaque === "" ? "" : `, opaque="${opaque}"`;
  const algorithmField = param(challenge, "algorithm") === "" ? "" : `, algorithm=${algorithm}`;
  return {
    auth: `Digest username="${user}", realm="${realm}", nonce="${nonce}", qop=auth, nc=${nc}, cnonce="${cnonce}", response="${response}"${opaqueField}${algorithmField}`,
    response,
    rspauth: answer(`:${uri}`),
    nonce,
    realm,
    opaque: opaqueField,
  };
}
