/**
 * Authentication-Info of a relay's 200: the proof that it knows HA1 too, and the nonce to use next. Parameters are
 * parted by commas, without a scheme in front (RFC 4976 §7, §9.1).
 */
import { parseInfoFields, quoted } from "./digest_fields.ts";

/** The parameters of Authentication-Info; a relay sends all but `nextnonce`, which is its choice. */
export interface AuthenticationInfo {
  /** Nonce for the next request, counted from 00000001 again. */
  readonly nextnonce?: string | undefined;
  /** The relay's proof. */
  readonly rspauth?: string | undefined;
  /** The client's nonce as it was sent. */
  readonly cnonce?: string | undefined;
  /** The count as it was sent. */
  readonly nc?: string | undefined;
  /** The quality of protection as it was sent. */
  readonly qop?: string | undefined;
}

/** Writes the value of Authentication-Info: `qop` and `nc` bare, the others quoted. */
export function formatAuthenticationInfo(info: AuthenticationInfo): string {
  const { nextnonce, rspauth, cnonce, nc, qop } = info;
  const parts: string[] = [];
  if (nextnonce !== undefined) parts.push(`nextnonce=${quoted(nextnonce)}`);
  if (qop !== undefined) parts.push(`qop=${qop}`);
  if (rspauth !== undefined) parts.push(`rspauth=${quoted(rspauth)}`);
  if (cnonce !== undefined) parts.push(`cnonce=${quoted(cnonce)}`);
  if (nc !== undefined) parts.push(`nc=${nc}`);
  return parts.join(", ");
}

/**
 * Reads the value of Authentication-Info; parameters that it does not know are skipped.
 *
 * @throws RemoteProtocolError `"digest-syntax"`
 */
export function parseAuthenticationInfo(value: string): AuthenticationInfo {
  const fields = parseInfoFields(value);
  return {
    nextnonce: fields.get("nextnonce"),
    rspauth: fields.get("rspauth"),
    cnonce: fields.get("cnonce"),
    nc: fields.get("nc"),
    qop: fields.get("qop"),
  };
}
