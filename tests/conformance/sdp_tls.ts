// Suite of sessions from SDP, part 5: TLS with peers known by fingerprint or by name, in both roles, and what comes before
// the answer has told who the peer is.
import { afterEach, beforeAll, expect, test } from "#test";
import type { SessionNegotiatorOptions } from "../../core/node/negotiator_options.ts";
import type { TlsOptions } from "../../core/node/transport.ts";
import type { Session } from "../../core/session/session.ts";
import { type Certificates, type Identity, makeCertificates } from "../../testing/certificates.ts";
import {
  type Endpoint,
  Endpoints,
  exchange,
  type NegotiationSubject,
  nextText,
  sessionsOf,
  taken,
  talk,
} from "../support/negotiation.ts";
import { rejection } from "../support/nodes.ts";

interface Failed {
  readonly code: string;
  readonly message: string;
}

/** Declares the tests of this part. */
export function tlsTests(subject: NegotiationSubject): void {
  let certificates: Certificates;
  beforeAll(async () => {
    certificates = await makeCertificates();
  });
  const endpoints = new Endpoints(subject);
  afterEach(() => endpoints.close());

  const pem = ({ cert, key }: Identity): TlsOptions => ({ cert, key });
  const asking = { requestCert: true, rejectUnauthorized: false };

  /** An endpoint with a certificate. */
  function make(own: Identity, negotiator: SessionNegotiatorOptions = {}, listens = true): Promise<Endpoint> {
    return endpoints.make({
      listens,
      ...(listens ? { listenTls: { ...pem(own), ca: certificates.ca, ...asking } } : {}),
      negotiator: { tls: { ...pem(own), ca: certificates.ca }, ...negotiator },
    });
  }

  /** SDP with the fingerprint of another certificate. */
  const forged = (sdp: string): string =>
    sdp.replace(/^(a=fingerprint:sha-256 ).*\r$/m, `$1${certificates.unknownServer.fingerprint}\r`);

  test("RFC 4975 §14.4: two certificates signed by themselves, both checked by fingerprint [4975-14.2-01, 4975-14.4-01, 8122-5-01, 8122-6.2-01]", async () => {
    const [alice, bob] = [await make(certificates.selfSigned), await make(certificates.otherSelfSigned)];
    const exchanged = await exchange(alice.negotiator, bob.negotiator);
    expect(exchanged.offer).toContain(`a=fingerprint:sha-256 ${certificates.selfSigned.fingerprint}\r\n`);
    expect(exchanged.answer).toContain(
      `a=fingerprint:sha-256 ${certificates.otherSelfSigned.fingerprint}\r\n`,
    );
    const [one, other] = await sessionsOf(exchanged);
    expect([one.role, one.local.scheme, one.remote[0]?.scheme]).toEqual(["active", "msrps", "msrps"]);
    expect(await talk(one, other)).toEqual(["from one", "from the other"]);
  });

  test("RFC 6135 §4.3: the answerer connects: it is the TLS client, and known by its fingerprint [6135-4.3-01, 8122-6.2-02]", async () => {
    const alice = await make(certificates.selfSigned);
    const bob = await make(certificates.otherSelfSigned, {}, false);
    const [one, other] = await sessionsOf(await exchange(alice.negotiator, bob.negotiator));
    expect([one.role, other.role, bob.dialled.length]).toEqual(["passive", "active", 1]);
    expect(await talk(one, other)).toEqual(["from one", "from the other"]);
  });

  test("RFC 4975 §14.4: a server with another certificate is not connected to [4975-14.4-02, 8122-5.1-05]", async () => {
    const [alice, bob] = [await make(certificates.selfSigned), await make(certificates.otherSelfSigned)];
    const exchanged = await exchange(alice.negotiator, bob.negotiator, { answer: forged });
    const failed = await rejection<Failed>((exchanged.offerer.session as Session).ready);
    expect(failed.code).toBe("tls");
    expect([exchanged.offerer.session?.state, exchanged.answerer.session?.state]).toEqual(["failed", "idle"]);
  });

  test("RFC 8122 §6.2: a client with another certificate, or with none, is dropped before a message of it counts [8122-6.2-02, 4975-14.4-02]", async () => {
    for (const offer of [forged, (sdp: string) => sdp]) {
      const listens = offer === forged;
      const bob = await make(certificates.otherSelfSigned);
      // Without a certificate of its own Alice still writes the fingerprint of one.
      const alice = listens
        ? await make(certificates.selfSigned)
        : await endpoints.make({
            listens: false,
            negotiator: {
              secure: true,
              fingerprints: [{ hash: "sha-256", value: certificates.selfSigned.fingerprint }],
            },
          });
      const exchanged = await exchange(alice.negotiator, bob.negotiator, { offer });
      const [one, other] = [exchanged.offerer.session as Session, exchanged.answerer.session as Session];
      const sent = one.send("nobody may hear this");
      await rejection(sent.accepted);
      const end = (await other.closed) as (Error & { code: string }) | undefined;
      expect(end?.code).toBe("peer-not-verified");
      expect((await rejection<Failed>(nextText(other))).code).toBe("peer-not-verified");
      await one.closed;
    }
  });

  test("RFC 8122 §6.2: what comes before the answer waits for its fingerprint, and is dropped when that is another's [8122-6.2-04]", async () => {
    for (const genuine of [true, false]) {
      const alice = await make(certificates.selfSigned);
      const bob = await make(certificates.otherSelfSigned, {}, false);
      const offer = alice.negotiator.createOffer();
      const answered = taken(await bob.negotiator.acceptOffer(offer));
      const other = answered.session as Session;
      const sent = other.send("early");
      const [waiting] = alice.app.sessions;
      // Bob's connection is up as soon as another session, which is agreed on, answers over it.
      const [, known] = await sessionsOf(await exchange(alice.another(), bob.another()));
      await known.send("on the same connection").accepted;
      expect([waiting?.state, waiting?.remote.length, bob.dialled.length]).toEqual(["idle", 0, 1]);
      const settled = await alice.negotiator.acceptAnswer(
        genuine ? answered.answer : forged(answered.answer),
      );
      const one = settled.session as Session;
      expect(one).toBe(waiting);
      if (genuine) {
        await sent.accepted;
        expect(await nextText(one)).toBe("early");
      } else {
        expect(((await one.closed) as unknown as Failed).code).toBe("peer-not-verified");
        await rejection(sent.accepted);
      }
      await endpoints.close();
    }
  });

  test("RFC 4975 §5.4: without fingerprints a server is checked by the name in its URI, and by its authority [4975-5.4-08, 4975-5.4-09]", async () => {
    for (const [own, host, code] of [
      ["server", "localhost", undefined],
      ["wrongName", "localhost", "tls"],
      ["selfSigned", "localhost", "tls"],
      ["expired", "localhost", "tls"],
    ] as const) {
      const alice = await make(certificates.client, { fingerprints: [] });
      const bob = await make(certificates[own], { fingerprints: [], host });
      const exchanged = await exchange(alice.negotiator, bob.negotiator);
      const { ready } = exchanged.offerer.session as Session;
      if (code === undefined) await ready;
      else expect((await rejection<Failed>(ready)).code).toBe(code);
      await endpoints.close();
    }
  });

  test("RFC 4975 §5.4: a client is checked by name where that is asked for [4975-5.4-10]", async () => {
    for (const [own, host, verified] of [
      ["server", "localhost", true],
      ["server", subject.host, true],
      ["client", "localhost", false],
      ["unknownServer", "localhost", false],
    ] as const) {
      const alice = await make(certificates[own], { fingerprints: [], host }, false);
      const bob = await make(certificates.server, { host: "localhost", verifyClientName: true });
      // Alice trusts the fingerprint of Bob; Bob has nothing but her certificate.
      const exchanged = await exchange(alice.negotiator, bob.negotiator);
      const [one, other] = [exchanged.offerer.session as Session, exchanged.answerer.session as Session];
      if (verified)
        expect(await talk(...(await sessionsOf(exchanged)))).toEqual(["from one", "from the other"]);
      else {
        expect(((await other.closed) as unknown as Failed).code).toBe("peer-not-verified");
        await one.closed;
      }
      await endpoints.close();
    }
  });

  test("RFC 6714 §7.7: signalling that nobody protects: fingerprints prove nothing, the name must [6714-7.7-01, 8122-6.1-01]", async () => {
    for (const [own, code] of [
      ["selfSigned", "tls"],
      ["server", undefined],
    ] as const) {
      const alice = await make(certificates.client, { signallingTrusted: false });
      const bob = await make(certificates[own]);
      const exchanged = await exchange(alice.negotiator, bob.negotiator);
      const { ready } = exchanged.offerer.session as Session;
      if (code === undefined) await ready;
      else expect((await rejection<Failed>(ready)).code).toBe(code);
      await endpoints.close();
    }
  });

  test("RFC 4975 §14.4: each negotiator shows a certificate of its own, for anonymous sessions and for each user [4975-14.4-03, 4975-14.4-04]", async () => {
    const bob = await make(certificates.server);
    const alice = await endpoints.make({ listens: false });
    const seen: string[] = [];
    bob.app.tap("bound", ({ connection }) => {
      const { der } = connection.peerCertificate ?? { der: new Uint8Array() };
      for (const name of ["selfSigned", "otherSelfSigned"] as const)
        if (Buffer.compare(der, certificates[name].der) === 0) seen.push(name);
    });
    for (const name of ["selfSigned", "otherSelfSigned"] as const) {
      const user = alice.another({ secure: true, tls: pem(certificates[name]) });
      await sessionsOf(await exchange(user, bob.another()));
    }
    expect(seen).toEqual(["selfSigned", "otherSelfSigned"]);
    expect(alice.app.connectionCount).toBe(2);
  });

  test("RFC 4975 §14.5: who the peer is hangs on the session and its connection, not on what a message claims [4975-14.5-05]", async () => {
    const [alice, bob] = [await make(certificates.selfSigned), await make(certificates.otherSelfSigned)];
    const bound: boolean[] = [];
    bob.app.tap("bound", ({ session, connection }) => {
      const { der } = connection.peerCertificate ?? { der: new Uint8Array() };
      bound.push(session.state === "bound" && Buffer.compare(der, certificates.selfSigned.der) === 0);
    });
    const [one, other] = await sessionsOf(await exchange(alice.negotiator, bob.negotiator));
    const claim = "From: <sip:bob@example.com>\r\n\r\nContent-Type: text/plain\r\n\r\nI am Bob";
    await one.send(claim, { contentType: "message/cpim" }).accepted;
    expect(await nextText(other)).toBe(claim);
    expect(bound).toEqual([true]);
  });

  test("an offer with TLS to an endpoint that listens without it: it connects, with its own certificate", async () => {
    const alice = await make(certificates.selfSigned);
    const bob = await endpoints.make({ negotiator: { tls: pem(certificates.otherSelfSigned) } });
    const exchanged = await exchange(alice.negotiator, bob.negotiator);
    expect(exchanged.answer).toContain("a=setup:active\r\n");
    expect(await talk(...(await sessionsOf(exchanged)))).toEqual(["from one", "from the other"]);
  });

  test("RFC 6714 §7.2: an endpoint that listens with and without TLS offers TLS, and answers as it is asked [6714-7.2-01]", async () => {
    const alice = await make(certificates.selfSigned);
    const bob = await make(certificates.otherSelfSigned);
    const plain = await endpoints.listen(bob.app.accept);
    const both = bob.another({ listener: [plain, bob.listener as NonNullable<typeof bob.listener>] });
    expect(both.createOffer()).toContain("TCP/TLS/MSRP");
    both.rejectOffer();
    const carol = await endpoints.make({ listens: false });
    const toPlain = await exchange(carol.negotiator, both);
    expect(toPlain.answer).toContain(`m=message ${plain.uri.port} TCP/MSRP *`);
    expect(await talk(...(await sessionsOf(toPlain)))).toEqual(["from one", "from the other"]);
    const withTls = bob.another({ listener: [plain, bob.listener as NonNullable<typeof bob.listener>] });
    const secure = await exchange(alice.negotiator, withTls);
    expect(secure.answer).toContain(`m=message ${bob.listener?.uri.port} TCP/TLS/MSRP *`);
    expect(await talk(...(await sessionsOf(secure)))).toEqual(["from one", "from the other"]);
  });
}
