// XML of strangers: what is taken, what is refused and by which code, and that nothing is expanded.
import { describe, expect, test } from "#test";
import { buildXml, parseXml } from "../../../plugins/_xml.ts";
import { thrown } from "../../support/nodes.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const code = (text: string | Uint8Array): unknown =>
  (thrown(() => parseXml(typeof text === "string" ? bytes(text) : text)) as { code: unknown }).code;

describe("parseXml()", () => {
  test("names are resolved to namespaces, wherever they were declared", () => {
    const root = parseXml(
      bytes(
        '<a xmlns="urn:a" xmlns:p="urn:p" k="1&amp;2"><p:b/><c xmlns="urn:c"><d/></c><q:e/><f xmlns=""/></a>',
      ),
    );
    const names = ({ name, namespace }: { name: string; namespace: string | undefined }): unknown => [
      name,
      namespace,
    ];
    expect([names(root), root.attributes.get("k")]).toEqual([["a", "urn:a"], "1&2"]);
    expect(root.children.map(names)).toEqual([
      ["b", "urn:p"],
      ["c", "urn:c"],
      ["e", undefined],
      ["f", undefined],
    ]);
    expect(root.children[1]?.children.map(names)).toEqual([["d", "urn:c"]]);
  });

  test("text: the five entities, references to characters and CDATA", () => {
    const root = parseXml(
      bytes("\ufeff<a> &lt;&gt;&amp;&quot;&apos; &#233;&#xe9; <![CDATA[<&lt;>]]><!-- x --><b>no</b></a>"),
    );
    expect(root.text).toBe("<>&\"' éé <&lt;>");
  });

  test("no document type and no entity that XML itself does not have [IC-02] [DN-DOC-02]", () => {
    expect(code('<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>')).toBe("dtd-forbidden");
    expect(code("<!doctype a><a/>")).toBe("dtd-forbidden");
    for (const text of [
      "<a>&e;</a>",
      "<a>&#0;</a>",
      "<a>&#1;</a>",
      "<a>&#xD800;&#x110000;</a>",
      "<a>&amp</a>",
      "<a b='&e;'/>",
    ]) {
      expect([text, code(text)]).toEqual([text, "not-well-formed"]);
    }
  });

  test("what is not well-formed, nested too deeply or of two roots is refused", () => {
    const bad = [
      "",
      " ",
      "x",
      "<a>",
      "<a></b>",
      "<a/><b/>",
      "<a/>x",
      "<a b=1/>",
      "<a b='1' b='2'/>",
      "<a",
      "<a>\u0001</a>",
    ];
    for (const text of [...bad, `${"<a>".repeat(30)}${"</a>".repeat(30)}`, "<__proto__/>"]) {
      expect([text, code(text)]).toEqual([text, "not-well-formed"]);
    }
  });

  test("only UTF-8 is read, and what does not claim to be something else", () => {
    expect(code(Uint8Array.of(0x3c, 0x61, 0xe9, 0x3e))).toBe("not-utf8");
    expect(code('<?xml version="1.0" encoding="ISO-8859-1"?><a/>')).toBe("not-utf8");
    for (const name of ["UTF-8", "utf8", "US-ASCII"]) {
      expect(parseXml(bytes(`<?xml version="1.0" encoding='${name}'?><a/>`)).name).toBe("a");
    }
  });

  test("a document above maxXmlBytes is refused with 413, one at it is not", () => {
    const text = `<a>${"x".repeat(20)}</a>`;
    expect(parseXml(bytes(text), { maxXmlBytes: text.length }).text.length).toBe(20);
    const error = thrown(() => parseXml(bytes(text), { maxXmlBytes: text.length - 1 }));
    expect(error).toMatchObject({ code: "xml-too-large", status: 413 });
  });
});

describe("buildXml()", () => {
  test("escapes values, and refuses what XML cannot hold", () => {
    const text = buildXml({ a: { "@k": '"<', b: "x & <y>", c: "" } });
    expect(text).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><a k="&quot;&lt;"><b>x &amp; &lt;y&gt;</b><c/></a>',
    );
    expect(parseXml(bytes(text)).children[0]?.text).toBe("x & <y>");
    expect(thrown(() => buildXml({ a: "\u0000" }))).toMatchObject({ code: "bad-xml-text" });
  });
});
