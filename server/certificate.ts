/**
 * Certificates for TLS listeners: loads a PEM pair, or makes a self-signed one when the user has none.
 * A self-signed certificate proves nothing by itself, so its SHA-256 fingerprint is what people compare.
 */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { CommandError } from "./cli/command_error.ts";
import { EXIT_FILE, EXIT_USAGE } from "./exit_codes.ts";

/** A certificate with its key, as PEM, and what to show of it. */
export interface CertificatePair {
  /** Certificate chain, PEM. */
  readonly cert: string;
  /** Private key, PEM (PKCS #8). */
  readonly key: string;
  /** SHA-256 of the certificate, in the form of RFC 8122: upper-case octets joined by colons. */
  readonly fingerprint: string;
  /** True when it was made here and now. */
  readonly selfSigned: boolean;
}

/** Days for which a self-signed certificate is valid: a year, because it is made again at each start without files. */
const VALID_DAYS = 365;

/**
 * Gives the certificate of a listener: reads both files if they exist, else makes a self-signed pair for the
 * host names, and stores it in the files if names were given.
 *
 * @param files names of the PEM files, both or none
 * @param hosts host names and addresses under which the listener is reached
 * @throws {CommandError} (usage) when only one file is named, (file) when they cannot be read, written or used
 */
export async function loadCertificate(
  files: { cert?: string | undefined; key?: string | undefined },
  hosts: readonly string[],
): Promise<CertificatePair> {
  if ((files.cert === undefined) !== (files.key === undefined)) {
    throw new CommandError(EXIT_USAGE, "--cert and --key belong together: give both or none");
  }
  if (files.cert === undefined || files.key === undefined) return await makeSelfSigned(hosts);
  const [cert, key] = await Promise.all([readIfThere(files.cert), readIfThere(files.key)]);
  if (cert !== undefined && key !== undefined) {
    checkPair(cert, key, { cert: files.cert, key: files.key });
    return { cert, key, fingerprint: await fingerprintOf(cert, files.cert), selfSigned: false };
  }
  if (cert !== undefined || key !== undefined) {
    const missing = cert === undefined ? files.cert : files.key;
    throw new CommandError(EXIT_FILE, `Cannot read ${missing}: no such file (its counterpart exists)`);
  }
  const made = await makeSelfSigned(hosts);
  try {
    await writeFile(files.key, made.key, { mode: 0o600, flag: "wx" });
    await writeFile(files.cert, made.cert, { flag: "wx" });
  } catch (cause) {
    throw new CommandError(EXIT_FILE, `Cannot store the new certificate: ${(cause as Error).message}`, {
      cause,
    });
  }
  return made;
}

/**
 * Makes a self-signed end-entity certificate (P-256) for some hosts, and for the local ones besides.
 * It says CA:FALSE because rustls (Deno) refuses a CA certificate as a server's.
 *
 * @param hosts host names and addresses; the unspecified addresses are left out
 * @param users URIs of the user (`sip:`, `im:`), by which others know whose certificate it is (RFC 4975 §14.5)
 */
export async function makeSelfSigned(
  hosts: readonly string[],
  users: readonly string[] = [],
): Promise<CertificatePair> {
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const names = new Set(["localhost", "127.0.0.1", "::1", ...hosts]);
  names.delete("0.0.0.0");
  names.delete("::");
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=msrpkit self-signed",
    // A minute of tolerance for clocks that are behind ours.
    notBefore: new Date(now - 60_000),
    notAfter: new Date(now + VALID_DAYS * 86_400_000),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]),
      new x509.SubjectAlternativeNameExtension([
        ...[...names].map((value) => ({
          type: isAddress(value) ? ("ip" as const) : ("dns" as const),
          value,
        })),
        ...users.map((value) => ({ type: "url" as const, value })),
      ]),
    ],
  });
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    cert: `${certificate.toString("pem")}\n`,
    key: `${x509.PemConverter.encode(pkcs8, "PRIVATE KEY")}\n`,
    fingerprint: await fingerprintOfDer(certificate.rawData),
    selfSigned: true,
  };
}

/** Reads a PEM file, or gives `undefined` when there is none. */
async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if ((cause as { code?: string }).code === "ENOENT") return undefined;
    throw new CommandError(EXIT_FILE, `Cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}

/** Not every TLS library notices a foreign key before the first handshake fails, and then nobody can tell why. */
function checkPair(cert: string, key: string, files: { cert: string; key: string }): void {
  let certified: X509Certificate;
  let owned: KeyObject;
  try {
    certified = new X509Certificate(cert);
  } catch (cause) {
    throw new CommandError(EXIT_FILE, `Cannot use ${files.cert}: it holds no PEM certificate`, { cause });
  }
  try {
    owned = createPublicKey(createPrivateKey(key));
  } catch (cause) {
    throw new CommandError(EXIT_FILE, `Cannot use ${files.key}: it holds no PEM key without a passphrase`, {
      cause,
    });
  }
  if (!publicKeyOf(certified.publicKey).equals(publicKeyOf(owned))) {
    throw new CommandError(EXIT_FILE, `Cannot use ${files.key}: it is not the key of ${files.cert}`);
  }
}

function publicKeyOf(key: KeyObject): Buffer {
  return key.export({ type: "spki", format: "der" });
}

/** Fingerprint of the first certificate of a PEM text. */
async function fingerprintOf(pem: string, path: string): Promise<string> {
  const base64 = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(pem)?.[1];
  if (base64 === undefined)
    throw new CommandError(EXIT_FILE, `Cannot use ${path}: it holds no PEM certificate`);
  const binary = atob(base64.replace(/\s+/g, ""));
  return await fingerprintOfDer(Uint8Array.from(binary, (character) => character.charCodeAt(0)).buffer);
}

/** SHA-256 of a certificate in the form of RFC 8122 §5. */
async function fingerprintOfDer(der: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", der));
  return [...digest].map((octet) => octet.toString(16).toUpperCase().padStart(2, "0")).join(":");
}

/** True for an IPv4 or IPv6 literal. */
function isAddress(host: string): boolean {
  return host.includes(":") || /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
}
