/**
 * Small XML documents of strangers, read strictly: UTF-8, well-formed, no document type, no entities but the five of XML
 * itself, bounded in size and depth. Names come out resolved to their namespaces.
 */
import { XMLBuilder, XMLParser, XMLValidator } from "fast-xml-parser";
import { LocalProtocolError, RemoteProtocolError } from "../core/mod.ts";

/** An element, with its name resolved. */
export interface XmlElement {
  /** Name without prefix. */
  readonly name: string;
  /** URI of its namespace; undefined when it has none, or a prefix that nobody declared. */
  readonly namespace: string | undefined;
  /** Attributes without a prefix. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Text directly inside it, without white space at its ends. */
  readonly text: string;
}

/** Limits of a document. */
export interface XmlLimits {
  /** Octets of a document. Real ones have some 500. @default 16384 */
  readonly maxXmlBytes?: number;
}

const maxDepth = 16;
const parser: XMLParser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  cdataPropName: "#cdata",
  maxNestedTags: maxDepth,
});
const builder: XMLBuilder = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  suppressEmptyNode: true,
});

type Node = Readonly<Record<string, unknown>>;

/**
 * Reads a document and gives its root.
 *
 * @throws {RemoteProtocolError} `xml-too-large` (status 413), `not-utf8`, `dtd-forbidden`, `not-well-formed` (status 400)
 */
export function parseXml(octets: Uint8Array, { maxXmlBytes = 16_384 }: XmlLimits = {}): XmlElement {
  if (octets.length > maxXmlBytes) {
    throw new RemoteProtocolError("xml-too-large", `Cannot read XML of more than ${maxXmlBytes} octets`, {
      status: 413,
    });
  }
  const text = decode(octets);
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) throw fault("dtd-forbidden", "it declares a document type");
  const declared = /^<\?xml\s[^>]*?\bencoding\s*=\s*["']([^"']*)["']/.exec(text)?.[1];
  if (declared !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(declared)) {
    throw fault("not-utf8", "it says that it is in another encoding");
  }
  let nodes: Node[];
  try {
    if (XMLValidator.validate(text) !== true) throw new Error("the library does not take it");
    nodes = parser.parse(text) as Node[];
  } catch (cause) {
    throw fault("not-well-formed", "it is not well-formed", cause);
  }
  const roots = nodes.filter((node) => elementName(node) !== undefined);
  const [root] = roots;
  const tail = text.slice(text.lastIndexOf(">") + 1);
  if (root === undefined || roots.length > 1 || tail.trim() !== "") {
    throw fault("not-well-formed", "it has not one element that holds all others");
  }
  return element(root, new Map([["xml", "http://www.w3.org/XML/1998/namespace"]]));
}

/**
 * Writes a document: names to values, `""` for an empty element, `@name` for an attribute.
 *
 * @throws {LocalProtocolError} `bad-xml-text`: a value has characters that XML cannot hold
 */
export function buildXml(document: Readonly<Record<string, unknown>>): string {
  const text: string = builder.build({ "?xml": { "@version": "1.0", "@encoding": "UTF-8" }, ...document });
  if (forbidden(text)) {
    throw new LocalProtocolError(
      "bad-xml-text",
      "Cannot write XML: it would hold a character that XML forbids",
    );
  }
  return text;
}

function decode(octets: Uint8Array): string {
  let text: string;
  try {
    // Takes a byte order mark away.
    text = new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch (cause) {
    throw fault("not-utf8", "it is not UTF-8", cause);
  }
  if (forbidden(text)) throw fault("not-well-formed", "it has a character that XML forbids");
  return text;
}

function forbidden(text: string): boolean {
  return /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text);
}

function elementName(node: Node): string | undefined {
  return Object.keys(node).find((key) => key !== ":@" && key !== "#text" && key !== "#cdata");
}

function element(node: Node, outer: ReadonlyMap<string, string>): XmlElement {
  const tag = elementName(node) as string;
  const attributes = new Map<string, string>();
  let scope = outer;
  for (const [key, raw] of Object.entries((node[":@"] ?? {}) as Record<string, string>)) {
    const value = resolve(String(raw));
    if (key === "xmlns" || key.startsWith("xmlns:")) {
      if (scope === outer) scope = new Map(outer);
      (scope as Map<string, string>).set(key.slice(6), value);
    } else if (!key.includes(":")) attributes.set(key, value);
  }
  const content = node[tag] as Node[];
  const colon = tag.indexOf(":");
  return {
    name: tag.slice(colon + 1),
    namespace: scope.get(colon < 0 ? "" : tag.slice(0, colon)) || undefined,
    attributes,
    children: content
      .filter((child) => elementName(child) !== undefined)
      .map((child) => element(child, scope)),
    text: content.map(textOf).join("").trim(),
  };
}

function textOf(node: Node): string {
  if (node["#text"] !== undefined) return resolve(String(node["#text"]));
  return ((node["#cdata"] ?? []) as Node[]).map((part) => String(part["#text"])).join("");
}

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

// The five entities of XML itself and references to characters; whatever else is referred to was never declared.
function resolve(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|(\w*));?/g,
    (all, decimal, hex, name: string | undefined) => {
      const known = name === undefined ? undefined : entities[name];
      if (known !== undefined && all.endsWith(";")) return known;
      const code = Number.parseInt(decimal ?? hex ?? "0", decimal === undefined ? 16 : 10);
      const char = code > 0 && code <= 0x10ffff && all.endsWith(";") ? String.fromCodePoint(code) : "\u0000";
      if (forbidden(char)) throw fault("not-well-formed", "it refers to something that XML does not define");
      return char;
    },
  );
}

function fault(code: string, why: string, cause?: unknown): RemoteProtocolError {
  return new RemoteProtocolError(code, `Cannot read the XML document: ${why}`, { cause });
}
