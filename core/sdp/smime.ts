/**
 * How SDP speaks of S/MIME (RFC 8591 §6 and §8.3): which entries of accept-types mean what, and what may be tried.
 * Bodies are opaque here; only the types are looked at.
 */
import { parseMediaType } from "../wire/media_type.ts";
import { type AcceptedTypes, covers } from "./media_type.ts";

/** Kinds of application/pkcs7-mime (RFC 8551 §3.2.2, RFC 5083). */
export type SmimeType =
  | "signed-data"
  | "enveloped-data"
  | "auth-enveloped-data"
  | "compressed-data"
  | "certs-only";

/** What an endpoint can do with S/MIME. */
export interface SmimeAbilities {
  /** Kinds of pkcs7-mime that it understands; `"all"` writes the one entry without parameter that means every kind. */
  readonly kinds: readonly SmimeType[] | "all";
  /** Whether it validates clear-signed content (multipart/signed). @default false */
  readonly clearSigned?: boolean;
}

/** The entries of accept-types that tell the peer of these abilities: S/MIME types are listed explicitly (§8.3). */
export function smimeEntries(abilities: SmimeAbilities): string[] {
  const kinds = abilities.kinds === "all" ? [undefined] : abilities.kinds;
  return [
    ...kinds.map((kind) => `application/pkcs7-mime${kind === undefined ? "" : `;smime-type=${kind}`}`),
    ...(abilities.clearSigned === true ? ["multipart/signed", "application/pkcs7-signature"] : []),
  ];
}

/**
 * Whether a peer takes an S/MIME root of this kind: `listed` by an entry for it or for all kinds; `wildcard` when only
 * `*` lets it through, so that it may be tried until a 415 comes back (§8.3); else `no`.
 */
export function acceptsSmime(accepted: AcceptedTypes, kind: SmimeType): "listed" | "wildcard" | "no" {
  let found: "listed" | "wildcard" | "no" = "no";
  for (const entry of accepted.acceptTypes) {
    const cover = covers(entry, "application/pkcs7-mime");
    const parameter = parseMediaType(entry)?.parameters.get("smime-type")?.toLowerCase();
    if (cover === "listed" && (parameter === undefined || parameter === kind)) return "listed";
    if (cover === "wildcard") found = "wildcard";
  }
  return found;
}

/** Whether a peer says that it validates clear-signed content (§6). */
export function acceptsClearSigned(accepted: AcceptedTypes): boolean {
  return [...accepted.acceptTypes, ...accepted.acceptWrappedTypes].some(
    (entry) => covers(entry, "application/pkcs7-signature") === "listed",
  );
}

/** Whether a peer takes nothing but S/MIME as the root of a message, so that ordinary content must be protected (§8.3). */
export function requiresSmime(accepted: AcceptedTypes): boolean {
  const protective = ["application/pkcs7-mime", "application/pkcs7-signature", "multipart/signed"];
  return (
    accepted.acceptTypes.length > 0 &&
    accepted.acceptTypes.every((entry) => protective.some((type) => covers(entry, type) === "listed"))
  );
}
