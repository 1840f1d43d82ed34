// Checks of cpim.json: each message in the three modes of the reader, whole and octet by octet, and the writer's octets.
// What a vector expects of a mode that reads it is compared field by field; warnings are compared as a set.
import { RemoteProtocolError } from "../../core/errors.ts";
import { buildCpim } from "../../plugins/_cpim_build.ts";
import type { CpimHead } from "../../plugins/_cpim_head.ts";
import { type Cpim, CpimReader, cpimText, parseCpim } from "../../plugins/_cpim_parse.ts";
import type { CpimAddress, CpimExtension, CpimMode, CpimSubject } from "../../plugins/_cpim_types.ts";
import { bytesOf, difference } from "./helpers.ts";
import type { Checks, Vector } from "./registry.ts";

type Json = Readonly<Record<string, unknown>>;
type Nullable<T> = { readonly [K in keyof T]: T[K] | null };

/** The checks of cpim.json. */
export const checks: Checks = {
  "cpim:parse": (vector) => {
    const octets = bytesOf(String(vector["input"]));
    const results = vector["results"] as Record<CpimMode, string>;
    for (const mode of ["cpim", "msrp", "lenient"] as const) {
      const read = attempt(() => parseCpim(octets, { mode }));
      const reason = checkMode(vector, mode, results[mode], read) ?? checkPieces(octets, mode, read);
      if (reason !== undefined) return `${mode}: ${reason}`;
    }
    return undefined;
  },
  "cpim:build": (vector) => {
    const fields = vector["fields"] as Json;
    const built = buildCpim(
      {
        from: addressOf(fields["from"]),
        to: (fields["to"] as unknown[]).map(addressOf),
        cc: ((fields["cc"] ?? []) as unknown[]).map(addressOf),
        dateTime: (fields["dateTime"] ?? undefined) as string | undefined,
        subject: ((fields["subjects"] ?? []) as Nullable<CpimSubject>[]).map(({ text, lang }) => ({
          text: text ?? "",
          lang: lang ?? undefined,
        })),
        headers: ((fields["extensions"] ?? []) as string[][]).map(extensionOf),
        ...mimeOf((fields["mimeHeaders"] ?? []) as [string, string][]),
      },
      typeof fields["bodyB64"] === "string" ? bytesOf(fields["bodyB64"]) : String(fields["bodyText"] ?? ""),
    );
    const expected = new TextDecoder().decode(bytesOf(String(vector["output"])));
    const text = new TextDecoder().decode(built);
    return text === expected ? undefined : `wrote ${JSON.stringify(text)}`;
  },
};

function checkMode(vector: Vector, mode: CpimMode, result: string, read: Cpim | string): string | undefined {
  if (typeof read === "string") return read === result ? undefined : `expected ${result}, got ${read}`;
  if (result !== "ok") return `read, though it should fail with ${result}`;
  const warnings = mode === "lenient" ? (vector["lenientWarnings"] as string[]) : [];
  const seen = JSON.stringify([...read.head.warnings].sort());
  if (seen !== JSON.stringify([...warnings].sort())) return `warnings are ${seen}`;
  return compare((vector.expect ?? {}) as Json, read);
}

// The same octets, one by one: the same head, the same refusal.
function checkPieces(octets: Uint8Array, mode: CpimMode, whole: Cpim | string): string | undefined {
  const reader = new CpimReader({ mode });
  const head = attempt(() => {
    for (const octet of octets) {
      const found = reader.push(Uint8Array.of(octet));
      if (found !== undefined) return found;
    }
    return reader.end();
  });
  const seen = typeof head === "string" ? head : summary(head);
  const wanted = typeof whole === "string" ? whole : summary(whole.head);
  return seen === wanted ? undefined : `octet by octet it is ${seen}, at once ${wanted}`;
}

function summary({ headers, mimeHeaders, warnings, contentStart }: CpimHead): string {
  return JSON.stringify({ headers, mimeHeaders, warnings, contentStart });
}

function compare(expected: Json, { head, body }: Cpim): string | undefined {
  const all: Record<string, unknown> = {
    from: head.from === undefined ? null : nulls(head.from),
    to: head.to.map(nulls),
    cc: head.cc.map(nulls),
    dateTime: head.dateTime ?? null,
    subjects: head.subjects.map(({ lang, text }) => ({ lang: lang ?? null, text })),
    mime: {
      type: head.mediaType?.essence ?? null,
      params: Object.fromEntries(head.mediaType?.parameters ?? []),
    },
    mimeHeaders: head.mimeHeaders,
    extensions: head.extensions.map(({ namespace, name, value }) => [namespace, name, value]),
    require: (expected["require"] as unknown[] | undefined)?.every((one) => typeof one === "string")
      ? head.headers.filter(({ name }) => /^Required?$/.test(name)).flatMap(({ raw }) => raw.split(","))
      : head.require.map(({ namespace, name }) => [namespace, name]),
    bodyText: new TextDecoder("utf-8", { ignoreBOM: true }).decode(body),
    bodyB64: Buffer.from(body).toString("base64"),
    decodedBodyText: cpimText(head, body),
  };
  return difference(expected, Object.fromEntries(Object.keys(expected).map((key) => [key, all[key]])));
}

function nulls({ display, uri }: CpimAddress): Nullable<CpimAddress> {
  return { display: display ?? null, uri };
}

function addressOf(given: unknown): CpimAddress {
  const { display, uri } = given as Nullable<CpimAddress>;
  return { display: display ?? undefined, uri: uri ?? "" };
}

function extensionOf([namespace = "", name = "", value = ""]: readonly string[]): CpimExtension {
  return { namespace, name, value };
}

function mimeOf(fields: readonly [string, string][]): {
  contentType: string;
  mimeHeaders: readonly [string, string][];
} {
  const isType = ([name]: [string, string]): boolean => name.toLowerCase() === "content-type";
  return {
    contentType: fields.find(isType)?.[1] ?? "",
    mimeHeaders: fields.filter((field) => !isType(field)),
  };
}

function attempt<T>(action: () => T): T | string {
  try {
    return action();
  } catch (error) {
    if (error instanceof RemoteProtocolError) return error.code;
    throw error;
  }
}
