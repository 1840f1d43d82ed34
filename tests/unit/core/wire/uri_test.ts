// MSRP URIs: the grammar, the rules beyond it, building, and the comparison of RFC 4975 §6.1.
import { describe, expect, test } from "#test";
import { LocalProtocolError, type MsrpError } from "../../../../core/errors.ts";
import { MsrpUri } from "../../../../core/wire/uri.ts";

function codeOf(text: string): string | undefined {
  try {
    MsrpUri.parse(text);
  } catch (error) {
    return (error as MsrpError).code;
  }
  return undefined;
}

describe("MsrpUri", () => {
  test("RFC 4975 §9: every part, kept as written [4975-6-01] [4975-6-05] [4975-6-08] [4975-6-10]", () => {
    const text = "MSRPS://d;x@[2001:DB8::5]:02855/a+b=c/~_.-;TCP;x=1;flag";
    const uri = MsrpUri.parse(text);
    expect(uri.text).toBe(text);
    expect(String(uri)).toBe(text);
    expect(uri.scheme).toBe("msrps");
    expect(uri.user).toBe("d;x");
    expect(uri.host).toBe("2001:DB8::5");
    expect(uri.port).toBe(2855);
    expect(uri.sessionId).toBe("a+b=c/~_.-");
    expect(uri.transport).toBe("TCP");
    expect(uri.params).toEqual([["x", "1"], ["flag"]]);
    expect(uri.isIpLiteral).toBe(true);
  });

  test("RFC 4975 §6: a device has no session-id, and there is no default port [4975-6-06] [4975-6-11]", () => {
    const uri = MsrpUri.parse("msrps://relay.example;tcp");
    expect([uri.sessionId, uri.port, uri.user]).toEqual([undefined, undefined, undefined]);
    expect(uri.params).toEqual([]);
    expect(uri.isIpLiteral).toBe(false);
    expect(uri.equals(MsrpUri.parse("msrps://relay.example:2855;tcp"))).toBe(false);
  });

  test("RFC 3986 §3.2.2: an address of a later IP version keeps its brackets, and needs a port too [4975-6-09]", () => {
    const uri = MsrpUri.parse("msrp://[v7.a:B]:2855/s;tcp");
    expect([uri.host, uri.port, uri.sessionId, uri.isIpLiteral]).toEqual(["[v7.a:B]", 2855, "s", true]);
    expect(uri.equals(MsrpUri.parse("msrp://[V7.A:b]:2855/s;tcp"))).toBe(true);
    expect(MsrpUri.from({ scheme: "msrp", host: uri.host, port: 1 }).text).toBe("msrp://[v7.a:B]:1;tcp");
    expect(codeOf("msrp://[v7.a]/s;tcp")).toBe("uri-ip-without-port");
    for (const host of ["[v.a]", "[v7.]", "[v7a]", "[vx.a]", "[v7.a%20]", "[v7.a/]", "v7.a]", "[v7.a"])
      expect([host, codeOf(`msrp://${host}:1/s;tcp`)]).toEqual([host, "bad-uri"]);
  });

  test("RFC 4975 §9: what the grammar has no place for [4975-6-02] [4975-6-03]", () => {
    for (const text of [
      "",
      "http://h:1/a;tcp",
      "msrpx://h:1/a;tcp",
      "msrp:/h:1/a;tcp",
      "msrp:h:1/a;tcp",
      "msrp://h:1/a",
      "msrp://h:1/a;",
      "msrp://h:1/;tcp",
      "msrp://h:1/a%20b;tcp",
      "msrp://h:1/a b;tcp",
      "msrp://h:1/a,b;tcp",
      "msrp://h:1/a:b;tcp",
      "msrp://h:1/a@b;tcp",
      "msrp://h:1/a?q;tcp",
      "msrp://h:1/a; tcp",
      "msrp://h:1/a;t-cp",
      "msrp://h:1/a;tcp;",
      "msrp://h:1/a;tcp;=v",
      "msrp://h:1/a;tcp;x=",
      "msrp://h:1/a;tcp;x=a=b",
      "msrp://h:/a;tcp",
      "msrp:///a;tcp",
      "msrp://h:-1/a;tcp",
      "msrp://h:1x/a;tcp",
      "msrp://2001:db8::5:2855/a;tcp",
      "msrp://[::1]x:2855/a;tcp",
      "msrp://[::1:2855/a;tcp",
      "msrp://[12345::1]:1/a;tcp",
      "msrp://[fe80::1%25eth0]:1/a;tcp",
      "msrp://h.ex\u00e4mple:1/a;tcp",
      "msrp://h%4.example:1/a;tcp",
      "msrp://a%zzb@h:1/a;tcp",
      "<msrp://h:1/a;tcp>",
      " msrp://h:1/a;tcp",
      "msrp://h:1/a;tcp\n",
    ]) {
      expect([text, codeOf(text)]).toEqual([text, "bad-uri"]);
    }
  });

  test("RFC 4975 §6: grammatical, but not allowed [4975-6-04] [4975-6-07]", () => {
    expect(codeOf("msrp://192.0.2.1/a;tcp")).toBe("uri-ip-without-port");
    expect(codeOf("msrp://[::1]/a;tcp")).toBe("uri-ip-without-port");
    expect(codeOf("msrp://u:secret@h:1/a;tcp")).toBe("uri-password");
    expect(codeOf("msrp://h:65536/a;tcp")).toBe("uri-port-range");
    expect(codeOf("msrp://h:65535/a;tcp")).toBe(undefined);
    // The frame that holds such a URI must still be answerable, so it can be read without the verdict.
    expect(MsrpUri.read("msrp://192.0.2.1/a;tcp").uri?.sessionId).toBe("a");
  });

  test("RFC 4975 §14.1: no error repeats the text, which is the session's secret [4975-3-02]", () => {
    expect(() => MsrpUri.parse("msrp://h.example:1/s3cret,;tcp")).toThrow(/^Cannot parse MSRP URI$/);
  });

  test("RFC 4975 §6.1: what counts in a comparison [4975-6.1-01] [4975-6.1-05] [4975-6.1-06] [4975-6.1-07] [4975-6.1-08]", () => {
    const uri = MsrpUri.parse("msrp://node7.example.net:4855/q9Wz;tcp");
    const equal = (text: string): boolean =>
      uri.equals(MsrpUri.parse(text)) && uri.key === MsrpUri.parse(text).key;
    expect(equal("MsRp://NODE7.example.net:4855/q9Wz;TCP")).toBe(true);
    expect(equal("msrps://node7.example.net:4855/q9Wz;tcp")).toBe(false);
    expect(equal("msrp://node8.example.net:4855/q9Wz;tcp")).toBe(false);
    expect(equal("msrp://node7.example.net:4856/q9Wz;tcp")).toBe(false);
    expect(equal("msrp://node7.example.net/q9Wz;tcp")).toBe(false);
    expect(equal("msrp://node7.example.net:4855/q9wz;tcp")).toBe(false);
    expect(equal("msrp://node7.example.net:4855;tcp")).toBe(false);
    expect(equal("msrp://node7.example.net:4855/q9Wz;ws")).toBe(false);
  });

  test("RFC 4975 §6.1: what does not count, and which escapes are decoded [4975-6.1-03] [4975-6.1-04] [4975-6.1-09]", () => {
    const same = (a: string, b: string): boolean => MsrpUri.parse(a).equals(MsrpUri.parse(b));
    expect(same("msrp://al@h:1/a;tcp", "msrp://bo@h:1/a;tcp")).toBe(true);
    expect(same("msrp://h:1/a;tcp", "msrp://h:1/a;tcp;x=1")).toBe(true);
    expect(same("msrp://h:1/a;tcp", "msrp://h:0001/a;tcp")).toBe(true);
    expect(same("msrp://host:1/a;tcp", "msrp://%48%6Fst:1/a;tcp")).toBe(true);
    expect(same("msrp://a%2Cb:1/a;tcp", "msrp://a,b:1/a;tcp")).toBe(false);
    expect(same("msrp://a%c3%bc:1/a;tcp", "msrp://a%C3%BC:1/a;tcp")).toBe(true);
    expect(same("msrp://h:1//a;tcp", "msrp://h:1/a;tcp")).toBe(false);
    expect(same("msrp://h:1/a/;tcp", "msrp://h:1/a;tcp")).toBe(false);
  });

  test("RFC 4975 §5.4: one connection serves URIs of one scheme, host, port and transport [4975-5.4-02]", () => {
    const authority = (text: string): string => MsrpUri.parse(text).authorityKey;
    expect(authority("msrp://H:1/a;tcp")).toBe(authority("msrp://al@h:1/b;TCP;x=1"));
    for (const text of ["msrps://h:1/a;tcp", "msrp://h:2/a;tcp", "msrp://i:1/a;tcp", "msrp://h:1/a;ws"]) {
      expect(authority(text)).not.toBe(authority("msrp://h:1/a;tcp"));
    }
  });

  test("from() builds what parse() reads, and refuses the rest as the caller's fault", () => {
    const parts = {
      scheme: "msrps",
      host: "2001:db8::1",
      port: 2855,
      sessionId: "a1",
      user: "al",
      params: [["x", "1"], ["y"]],
    } as const;
    expect(MsrpUri.from(parts).text).toBe("msrps://al@[2001:db8::1]:2855/a1;tcp;x=1;y");
    expect(MsrpUri.from({ scheme: "msrp", host: "h", transport: "ws" }).text).toBe("msrp://h;ws");
    for (const [change, code] of [
      [{ port: undefined }, "uri-ip-without-port"],
      [{ port: 70000 }, "uri-port-range"],
      [{ sessionId: "a b" }, "bad-uri"],
      [{ host: "h/x" }, "bad-uri"],
    ] as const) {
      let thrown: unknown;
      try {
        MsrpUri.from({ ...parts, ...change });
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(LocalProtocolError);
      expect((thrown as LocalProtocolError).code).toBe(code);
    }
  });

  test("octets are made once and are those of the text", () => {
    const uri = MsrpUri.parse("msrp://h:1/a;tcp");
    expect(new TextDecoder().decode(uri.bytes)).toBe(uri.text);
    expect(uri.bytes).toBe(uri.bytes);
  });
});
