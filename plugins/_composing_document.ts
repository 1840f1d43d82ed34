/**
 * The XML of typing indications (RFC 3994 §6): whether somebody is writing. Reads what deployed peers send; writes what the
 * schema has, in its order.
 */
import { RemoteProtocolError } from "../core/mod.ts";
import { buildXml, parseXml, type XmlLimits } from "./_xml.ts";

/** Namespace of the elements. */
export const composingNamespace: string = "urn:ietf:params:xml:ns:im-iscomposing";

/** Content-Type of the document. */
export const composingContentType: string = "application/im-iscomposing+xml";

/** Whether somebody is writing. */
export type ComposingState = "active" | "idle";

/** A status message. */
export interface ComposingStatus {
  readonly state: ComposingState;
  /** When something was last written, in the form of RFC 3339. */
  readonly lastActive?: string | undefined;
  /** What is being written: a media type or its first half. A hint, not a promise. */
  readonly contentType?: string | undefined;
  /** Seconds after which the next status comes at the latest. */
  readonly refresh?: number | undefined;
}

/** A status message as it was read. */
export interface ReadComposingStatus extends ComposingStatus {
  /** The word that stood there; every one but "active" means idle. */
  readonly rawState: string;
  /** Number of elements of other namespaces. */
  readonly extensions: number;
}

/**
 * Reads a status message.
 *
 * @throws {RemoteProtocolError} status 400, codes of `parseXml` and `wrong-namespace`, `missing-state`
 */
export function parseComposing(octets: Uint8Array, limits: XmlLimits = {}): ReadComposingStatus {
  const root = parseXml(octets, limits);
  if (root.namespace !== composingNamespace || root.name !== "isComposing") {
    throw fault("wrong-namespace", `it is no <isComposing> of ${composingNamespace}`);
  }
  const text = (name: string): string | undefined =>
    root.children.find((child) => child.name === name && child.namespace === composingNamespace)?.text;
  const rawState = text("state");
  if (rawState === undefined) throw fault("missing-state", "it has no state");
  const refresh = text("refresh") ?? "";
  return {
    state: rawState === "active" ? "active" : "idle",
    rawState,
    lastActive: text("lastactive") || undefined,
    contentType: text("contenttype") || undefined,
    refresh: /^\+?0*[1-9]\d{0,9}$/.test(refresh) ? Number(refresh) : undefined,
    extensions: root.children.filter(({ namespace }) => namespace !== composingNamespace).length,
  };
}

/**
 * Writes a status message.
 *
 * @throws {LocalProtocolError} `bad-xml-text`
 * @throws {RangeError} `refresh` is no positive whole number
 */
export function buildComposing({ state, lastActive, contentType, refresh }: ComposingStatus): string {
  if (refresh !== undefined && (!Number.isSafeInteger(refresh) || refresh < 1)) {
    throw new RangeError(`Cannot write a typing indication with refresh ${refresh}: whole seconds from 1 on`);
  }
  return buildXml({
    isComposing: {
      "@xmlns": composingNamespace,
      state,
      ...(lastActive === undefined ? {} : { lastactive: lastActive }),
      ...(contentType === undefined ? {} : { contenttype: contentType }),
      ...(refresh === undefined ? {} : { refresh: String(refresh) }),
    },
  });
}

function fault(code: string, why: string): RemoteProtocolError {
  return new RemoteProtocolError(code, `Cannot read the typing indication: ${why}`);
}
