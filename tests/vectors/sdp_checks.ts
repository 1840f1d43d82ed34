// Checks of sdp.json: reading, offer/answer, content rules and both sides of CEMA, over the public functions of core/sdp.
// Vectors record the strict reading, so everything is read with `strict`.
import { RemoteProtocolError } from "../../core/errors.ts";
import { pathTarget } from "../../core/sdp/cema.ts";
import {
  type AcceptedTypes,
  allowed,
  type ConnectTo,
  canonicalHost,
  decideAsAnswerer,
  decideAsOfferer,
  type MsrpMedia,
  matchAnswer,
  SessionDescription,
} from "../../core/sdp/mod.ts";
import type { Checks, Vector } from "./registry.ts";

type Json = Readonly<Record<string, unknown>>;

/** The checks of sdp.json, by the vectors' `type`. */
export const checks: Checks = {
  parse: (vector) => {
    const read = attempt(() => SessionDescription.parse(String(vector["sdp"]), { strict: true }));
    if (typeof read === "string") return compare(vector.expect, { ok: false, error: read });
    if (read.toString() !== vector["sdp"]) return "written back, the description differs";
    if (vector.expect["ok"] !== true) return `read, though it should fail with ${vector.expect["error"]}`;
    const expected = vector.expect["msrpMedia"] as Json[];
    if (expected.length !== read.msrp.length) return `${read.msrp.length} MSRP streams`;
    return first(expected.map((media, index) => compareMedia(media, read.msrp[index] as MsrpMedia)));
  },
  "offer-answer": (vector) => compare(vector.expect, offerAnswer(vector)),
  "content-check": (vector) => {
    const inner = (vector["inner"] ?? []) as string[];
    return compare(vector.expect, {
      allowed: allowed(vector as unknown as AcceptedTypes, String(vector["root"]), inner),
    });
  },
  "cema-offerer": (vector) => {
    const [offer, answer] = [streamOf(vector, "offer"), streamOf(vector, "answer")];
    const usesRelay = contextOf(vector)["offererUsesRelay"] === true;
    const decision = attempt(() =>
      decideAsOfferer(offer, answer, { usesRelay, resolved: resolverOf(vector) }),
    );
    return compare(vector.expect, typeof decision === "string" ? { error: decision } : decision);
  },
  "cema-answerer": (vector) => {
    const usesRelay = contextOf(vector)["answererUsesRelay"] === true;
    const decision = decideAsAnswerer(streamOf(vector, "offer"), { usesRelay, resolved: resolverOf(vector) });
    const { cLineIsRelay, ...expect } = vector.expect;
    const relay = decision.action === "accept" && decision.addressIsRelay;
    if (cLineIsRelay !== undefined && cLineIsRelay !== relay) return `address is the relay's: ${relay}`;
    return compare(expect, decision as unknown as Json);
  },
};

function offerAnswer(vector: Vector): Json {
  const offer = SessionDescription.parse(String(vector["offer"]), { strict: true });
  const matches = attempt(() => {
    const answer = SessionDescription.parse(String(vector["answer"]), { strict: true });
    return matchAnswer(offer, answer, { strict: true });
  });
  if (typeof matches === "string") return { ok: false, error: matches };
  const [match] = matches;
  if (match === undefined || !match.ok) return { ok: false, error: match?.error };
  return {
    ok: true,
    active: match.active,
    connectTo: pathTarget(match.active === "offerer" ? match.answer : match.offer),
    toPathFromOfferer: match.answer.path.map(String),
    toPathFromAnswerer: match.offer.path.map(String),
  };
}

function compareMedia(expected: Json, media: MsrpMedia): string | undefined {
  const { maxSize, fingerprints, setup, ...rest } = expected;
  const largest = Number.MAX_SAFE_INTEGER;
  // Above 2^53 the vectors give digits; the number is a hint that we clamp.
  const size =
    typeof maxSize === "string" ? (media.section.value("max-size") === maxSize ? largest : -1) : maxSize;
  const hashes = (fingerprints as { hash: string; value: string }[]).map(({ hash, value }) => ({
    hash: hash.toLowerCase(),
    value,
  }));
  // A vector may name holdconn, which the view drops as if it were absent (RFC 6135 §4.2.1).
  const word = setup === "holdconn" ? (media.section.value("setup") ?? null) : (media.setup ?? null);
  return compare(
    { ...rest, maxSize: size, fingerprints: hashes, setup },
    {
      ...media,
      media: media.section.line.media,
      fmt: media.section.line.fmt,
      addrtype: media.addressType,
      path: media.path.map(String),
      maxSize: media.maxSize ?? null,
      setup: word,
    },
  );
}

function streamOf(vector: Vector, field: "offer" | "answer"): MsrpMedia {
  const media = SessionDescription.parse(String(vector[field]), { strict: true }).msrp[0];
  if (media === undefined) throw new Error(`${vector.id}: no MSRP stream in the ${field}`);
  return media;
}

function contextOf(vector: Vector): Json {
  return (vector["context"] ?? {}) as Json;
}

function resolverOf(vector: Vector): (name: string) => readonly string[] | undefined {
  const dns = (contextOf(vector)["dns"] ?? {}) as Record<string, string[]>;
  return (name) => Object.entries(dns).find(([host]) => canonicalHost(host) === name)?.[1];
}

function attempt<T>(action: () => T): T | string {
  try {
    return action();
  } catch (error) {
    if (error instanceof RemoteProtocolError) return error.code;
    throw error;
  }
}

/** Every expected field must be there and equal; a list of choices (`setup`) may come in any order. */
function compare(expected: Json, actual: Json): string | undefined {
  return first(
    Object.entries(expected).map(([field, wanted]) => {
      const got = actual[field];
      const pick =
        field === "connectTo" || field === "ifActiveConnectTo" ? target(got as ConnectTo | undefined) : got;
      const same = text(wanted, field) === text(pick, field);
      return same ? undefined : `${field}: expected ${JSON.stringify(wanted)}, got ${JSON.stringify(pick)}`;
    }),
  );
}

function target(connectTo: ConnectTo | undefined): Json | undefined {
  return connectTo && { host: connectTo.host, port: connectTo.port, tls: connectTo.tls };
}

function text(value: unknown, field: string): string {
  return JSON.stringify(field === "setup" && Array.isArray(value) ? [...value].sort() : value) ?? "undefined";
}

function first(faults: readonly (string | undefined)[]): string | undefined {
  return faults.find((fault) => fault !== undefined);
}
