// Certificates of TLS listeners: made when missing, kept when files are named, refused when they make no sense.
// What was made is read back by the X.509 parser of the runtime's own crypto module.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "#test";
import { loadCertificate, makeSelfSigned } from "../../../server/certificate.ts";
import type { CommandError } from "../../../server/cli/command_error.ts";
import { EXIT_FILE, EXIT_USAGE } from "../../../server/exit_codes.ts";
import { testFolder } from "../../harness/folder.ts";

const folder = testFolder();

function failureOf(promise: Promise<unknown>): Promise<CommandError> {
  return promise.then(
    () => {
      throw new Error("nothing was thrown");
    },
    (error: CommandError) => error,
  );
}

describe("certificates", () => {
  test("RFC 8122 §5: a self-signed pair names its hosts, is no authority, and shows its SHA-256", async () => {
    const pair = await makeSelfSigned(["chat.example.com", "192.0.2.7", "0.0.0.0"]);
    const certificate = new X509Certificate(pair.cert);
    expect(certificate.fingerprint256).toBe(pair.fingerprint);
    expect(certificate.ca).toBe(false);
    const names = certificate.subjectAltName ?? "";
    for (const name of [
      "DNS:localhost",
      "IP Address:127.0.0.1",
      "DNS:chat.example.com",
      "IP Address:192.0.2.7",
    ]) {
      expect(names.includes(name)).toBe(true);
    }
    expect(names.includes("0.0.0.0")).toBe(false);
    expect(certificate.checkPrivateKey(createPrivateKey(pair.key))).toBe(true);
    expect(pair.selfSigned).toBe(true);
  });

  test("RFC 4975 §14.5: a certificate lists the URIs of its user [4975-14.5-06]", async () => {
    const users = ["sip:alice@example.com", "im:alice@example.com"];
    const names = new X509Certificate((await makeSelfSigned([], users)).cert).subjectAltName ?? "";
    expect(users.map((user) => names.includes(`URI:${user}`))).toEqual([true, true]);
  });

  test("RFC 4975 §14.2: a key of another certificate is refused before anybody connects [4975-14.2-01]", async () => {
    const [one, other] = [await makeSelfSigned([]), await makeSelfSigned([])];
    const files = { cert: join(folder, "one.pem"), key: join(folder, "other.pem") };
    await writeFile(files.cert, one.cert);
    await writeFile(files.key, other.key);
    const error = await failureOf(loadCertificate(files, []));
    expect([error.exitCode, error.message]).toEqual([
      EXIT_FILE,
      `Cannot use ${files.key}: it is not the key of ${files.cert}`,
    ]);
  });

  test("missing files are made once, the key readable only by its owner, and used the next time", async () => {
    const files = { cert: join(folder, "c.pem"), key: join(folder, "k.pem") };
    const made = await loadCertificate(files, []);
    expect([made.selfSigned, await readFile(files.cert, "utf8")]).toEqual([true, made.cert]);
    expect((await stat(files.key)).mode & 0o077).toBe(0);
    const again = await loadCertificate(files, []);
    expect([again.selfSigned, again.fingerprint, again.key]).toEqual([false, made.fingerprint, made.key]);
  });

  test("one file of two is refused, given or existing", async () => {
    const lone = join(folder, "lone.pem");
    await writeFile(lone, "x");
    expect((await failureOf(loadCertificate({ cert: lone }, []))).exitCode).toBe(EXIT_USAGE);
    const half = await failureOf(loadCertificate({ cert: lone, key: join(folder, "none.pem") }, []));
    expect([half.exitCode, half.message.includes("none.pem")]).toEqual([EXIT_FILE, true]);
  });

  test("a file without a certificate in it is refused by name", async () => {
    const cert = join(folder, "no-cert.pem");
    await writeFile(cert, "hello");
    const error = await failureOf(loadCertificate({ cert, key: cert }, []));
    expect([error.exitCode, error.message]).toEqual([
      EXIT_FILE,
      `Cannot use ${cert}: it holds no PEM certificate`,
    ]);
  });
});
