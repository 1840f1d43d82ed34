/**
 * Certificates for tests, made on the spot with WebCrypto: one good chain and one of each way to be refused.
 * Leaves carry CA:FALSE and a server name in subjectAltName, because rustls (Deno) refuses anything less.
 */
import "reflect-metadata";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** A certificate with its private key, in the forms that tests need. */
export interface Identity {
  /** PEM of the certificate. */
  readonly cert: string;
  /** PEM (PKCS #8) of the private key. */
  readonly key: string;
  /** The certificate as DER. */
  readonly der: Uint8Array;
  /** SHA-256 over the DER, upper-case hex with colons, as in `a=fingerprint` (RFC 8122 §5). */
  readonly fingerprint: string;
}

/** What {@link makeCertificates} returns; every name below says what is special about the certificate. */
export interface Certificates {
  /** PEM of the trusted CA. */
  readonly ca: string;
  /** PEM of a CA that nobody trusts. */
  readonly unknownCa: string;
  /** Good for localhost, 127.0.0.1, ::1 and msrp.test. */
  readonly server: Identity;
  /** From the trusted CA, but for elsewhere.test. */
  readonly wrongName: Identity;
  /** From the trusted CA, with localhost for its common name and no subjectAltName. */
  readonly commonName: Identity;
  /** From the trusted CA, for localhost, but out of date since 2001. */
  readonly expired: Identity;
  /** For localhost, but from the unknown CA. */
  readonly unknownServer: Identity;
  /** A client certificate of the trusted CA. */
  readonly client: Identity;
  /** A client certificate of the unknown CA. */
  readonly unknownClient: Identity;
  /** Signed by itself, for localhost: what a fingerprint in SDP is for. */
  readonly selfSigned: Identity;
  /** Another one signed by itself. */
  readonly otherSelfSigned: Identity;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const hosts = ["localhost", "msrp.test"];
const addresses = ["127.0.0.1", "::1"];
const dayMs = 86_400_000;

interface Issuer {
  readonly name: string;
  readonly keys: CryptoKeyPair;
}

/** Colon-separated upper-case hex, as `a=fingerprint` has it. */
export function hexFingerprint(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(":");
}

async function toIdentity(certificate: X509Certificate, keys: CryptoKeyPair): Promise<Identity> {
  const der = new Uint8Array(certificate.rawData);
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  const base64 = btoa(String.fromCharCode(...pkcs8)).replace(/(.{64})/g, "$1\n");
  return {
    cert: `${certificate.toString("pem")}\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${base64}\n-----END PRIVATE KEY-----\n`,
    der,
    fingerprint: hexFingerprint(new Uint8Array(await crypto.subtle.digest("SHA-256", der))),
  };
}

function makeKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as Promise<CryptoKeyPair>;
}

let serial = 0;
function nextSerial(): string {
  serial += 1;
  // Random as well as counted: two test files in one process must not make equal (issuer, serial) pairs.
  const noise = Array.from(crypto.getRandomValues(new Uint8Array(6)), (b) => b.toString(16).padStart(2, "0"));
  return `01${noise.join("")}${serial.toString(16).padStart(4, "0")}`;
}

async function makeCa(name: string): Promise<Issuer & { pem: string }> {
  const keys = await makeKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: nextSerial(),
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + 30 * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 1, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return { name: `CN=${name}`, keys, pem: `${certificate.toString("pem")}\n` };
}

interface LeafOptions {
  readonly issuer?: Issuer;
  readonly names?: readonly string[];
  readonly ips?: readonly string[];
  readonly expired?: boolean;
}

async function makeLeaf(commonName: string, options: LeafOptions): Promise<Identity> {
  const keys = await makeKeys();
  const names = (options.names ?? []).map((value) => ({ type: "dns" as const, value }));
  const ips = (options.ips ?? []).map((value) => ({ type: "ip" as const, value }));
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]),
    ...(names.length + ips.length === 0 ? [] : [new SubjectAlternativeNameExtension([...names, ...ips])]),
  ];
  const common = {
    serialNumber: nextSerial(),
    notBefore: options.expired ? new Date("2000-01-01") : new Date(Date.now() - dayMs),
    notAfter: options.expired ? new Date("2001-01-01") : new Date(Date.now() + 30 * dayMs),
    signingAlgorithm: algorithm,
    extensions,
  };
  const certificate = options.issuer
    ? await X509CertificateGenerator.create({
        ...common,
        subject: `CN=${commonName}`,
        issuer: options.issuer.name,
        publicKey: keys.publicKey,
        signingKey: options.issuer.keys.privateKey,
      })
    : await X509CertificateGenerator.createSelfSigned({ ...common, name: `CN=${commonName}`, keys });
  return await toIdentity(certificate, keys);
}

/** Makes a fresh set; takes some tens of milliseconds. */
export async function makeCertificates(): Promise<Certificates> {
  const ca = await makeCa("msrpkit test CA");
  const unknown = await makeCa("msrpkit unknown CA");
  const here = { names: hosts, ips: addresses };
  return {
    ca: ca.pem,
    unknownCa: unknown.pem,
    server: await makeLeaf("server", { issuer: ca, ...here }),
    wrongName: await makeLeaf("wrong-name", { issuer: ca, names: ["elsewhere.test"] }),
    commonName: await makeLeaf("localhost", { issuer: ca }),
    expired: await makeLeaf("expired", { issuer: ca, ...here, expired: true }),
    unknownServer: await makeLeaf("unknown-server", { issuer: unknown, ...here }),
    client: await makeLeaf("client", { issuer: ca, names: ["client.test"] }),
    unknownClient: await makeLeaf("unknown-client", { issuer: unknown, names: ["client.test"] }),
    selfSigned: await makeLeaf("self-signed", here),
    otherSelfSigned: await makeLeaf("other-self-signed", here),
  };
}

/** A certificate with an RSA key, signed by itself, for localhost; for suites that need one. */
export async function makeRsaCertificate(): Promise<Pick<Identity, "cert" | "key">> {
  const rsa = {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
  const keys = (await crypto.subtle.generateKey(rsa, true, ["sign", "verify"])) as CryptoKeyPair;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: nextSerial(),
    name: "CN=rsa",
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + dayMs),
    signingAlgorithm: rsa,
    keys,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
      new SubjectAlternativeNameExtension([{ type: "dns", value: "localhost" }]),
    ],
  });
  return await toIdentity(certificate, keys);
}

/** Certificates of one authority, one for each name. */
export interface NamedCertificates {
  /** PEM of the authority. */
  readonly ca: string;
  /** The certificate of a name. @throws when none was made */
  of(name: string): Identity;
}

/** Makes a certificate for each name, all from one authority. */
export async function makeNamedCertificates(names: readonly string[]): Promise<NamedCertificates> {
  const ca = await makeCa("msrpkit test CA");
  const made = new Map<string, Identity>();
  for (const name of names) made.set(name, await makeLeaf(name, { issuer: ca, names: [name] }));
  return {
    ca: ca.pem,
    of: (name) => {
      const identity = made.get(name);
      if (identity === undefined) throw new Error(`No certificate was made for ${name}`);
      return identity;
    },
  };
}
