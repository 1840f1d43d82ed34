// The lines of MSRP data channels in SDP (RFC 8873 §4), written strictly and read as the RFC's own example has them.
import { describe, expect, test } from "#test";
import type { MsrpError } from "../../../../core/errors.ts";
import { formatDataChannel, readDataChannels } from "../../../../core/sdp/data_channel.ts";
import { MsrpUri } from "../../../../core/wire/uri.ts";
import { thrown } from "../../../support/nodes.ts";

const uri = MsrpUri.parse("msrps://x.invalid:9/session1;dc");
const code = (call: () => unknown): string => thrown<MsrpError>(call).code;

/** RFC 8873 §4.8, the offer. */
const example = `m=application 54111 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP6 2001:db8::3
a=max-message-size:100000
a=setup:actpass
a=dcmap:0 label="chat";subprotocol="msrp"
a=dcsa:0 msrp-cema
a=dcsa:0 setup:active
a=dcsa:0 accept-types:message/cpim text/plain
a=dcsa:0 path:msrps://2001:db8::3:54111/si438dsaodes;dc
a=dcmap:2 label="file transfer";subprotocol="msrp"
a=dcsa:2 sendonly
a=dcsa:2 msrp-cema
a=dcsa:2 setup:active
a=dcsa:2 accept-types:message/cpim
a=dcsa:2 accept-wrapped-types:*
a=dcsa:2 path:msrps://2001:db8::3:54111/jshA7we;dc
a=dcsa:2 file-selector:name:"picture1.jpg" type:image/jpeg size:1463440
a=dcsa:2 file-transfer-id:rjEtHAcYVZ7xKwGYpGGwyn5gqsSaU7Ep
`;

describe("MSRP data channels in SDP", () => {
  test("RFC 8873 §4.8: the example is read, with its IPv6 address without brackets [8873-4.3-01] [8873-4.1-01] [8873-4.2-01] [8873-4.4-02] [4976-T32]", () => {
    const [chat, file, ...more] = readDataChannels(example);
    expect(more).toEqual([]);
    expect([chat?.streamId, chat?.label, chat?.setup, chat?.direction]).toEqual([
      0,
      "chat",
      "active",
      "sendrecv",
    ]);
    expect(chat?.acceptTypes).toEqual(["message/cpim", "text/plain"]);
    const [first] = chat?.path ?? [];
    expect([first?.scheme, first?.host, first?.port, first?.sessionId, first?.transport]).toEqual([
      "msrps",
      "2001:db8::3",
      54111,
      "si438dsaodes",
      "dc",
    ]);
    expect([file?.direction, file?.acceptWrappedTypes]).toEqual(["sendonly", ["*"]]);
    expect(file?.attributes.map(({ name }) => name)).toEqual(["file-selector", "file-transfer-id"]);
  });

  test("RFC 8873 §4.3, §4.4: what is written has dcmap, path, msrp-cema and setup, and is read again [8873-4.3-01] [8873-4.3-02] [8873-4.4-01]", () => {
    const attributes = [{ name: "file-range", value: "1-100" }];
    const lines = formatDataChannel({
      streamId: 4,
      label: "chat",
      path: [uri],
      setup: "actpass",
      maxSize: 1000,
      attributes,
    });
    expect(lines.split("\r\n")).toEqual([
      'a=dcmap:4 label="chat";subprotocol="msrp"',
      "a=dcsa:4 msrp-cema",
      "a=dcsa:4 setup:actpass",
      "a=dcsa:4 accept-types:*",
      "a=dcsa:4 max-size:1000",
      "a=dcsa:4 path:msrps://x.invalid:9/session1;dc",
      "a=dcsa:4 file-range:1-100",
      "",
    ]);
    expect(formatDataChannel({ streamId: 4, path: [uri], setup: "active" })).toContain(
      'a=dcmap:4 label="";subprotocol="msrp"\r\n',
    );
    const [read] = readDataChannels(lines);
    expect([read?.maxSize, read?.path[0]?.equals(uri), read?.attributes]).toEqual([1000, true, attributes]);
  });

  test("RFC 8873 §4.4: a channel that lacks one of the three attributes is an error [8873-4.4-01]", () => {
    for (const [name, expected] of [
      ["path:", "missing-path"],
      ["msrp-cema", "missing-cema"],
      ["setup:", "missing-setup"],
    ]) {
      const without = example.replace(new RegExp(`a=dcsa:0 ${name}.*\n`), "");
      expect(code(() => readDataChannels(without))).toBe(expected);
    }
    expect(
      code(() =>
        readDataChannels(example.replace("setup:active\na=dcsa:0 acc", "setup:holdconn\na=dcsa:0 acc")),
      ),
    ).toBe("missing-setup");
  });

  test("RFC 8873 §4.3: reliable and ordered channels only [8873-3.1-01] [8873-4.3-02] [8873-4.3-03]", () => {
    for (const option of ["max-retr=3", "max-time=100", "ordered=false"]) {
      const unfit = example.replace('label="chat";', `label="chat";${option};`);
      expect(code(() => readDataChannels(unfit))).toBe("dc-unreliable");
    }
    expect(readDataChannels(example.replace('label="chat";', 'label="chat";ordered=true;')).length).toBe(2);
  });

  test("RFC 8864 §6.7: attributes without a usage, and channels of other sub-protocols, are passed over [8873-4.4-03]", () => {
    const more = `${example}a=dcsa:0 chatroom:nickname\na=dcmap:6 label="x";subprotocol="bfcp"\na=dcsa:6 floorid:1\n`;
    const read = readDataChannels(more);
    expect(read.map(({ streamId }) => streamId)).toEqual([0, 2]);
    expect(read[0]?.attributes).toEqual([]);
  });

  test("two channels of one stream, and values that cannot be read, are faults", () => {
    expect(code(() => readDataChannels(`${example}a=dcmap:0 subprotocol="msrp"\n`))).toBe("bad-dcmap");
    expect(code(() => readDataChannels(`${example}a=dcsa:0 max-size:many\n`))).toBe("bad-max-size");
    expect(code(() => readDataChannels(example.replace("path:msrps://2001", "path:http://2001")))).toBe(
      "bad-path",
    );
  });

  test("RFC 8873 §4.2, §6: own URIs are msrps with ;dc, and relays are not asked for [8873-4.1-01] [8873-4.2-01] [8873-6-03]", () => {
    const init = { streamId: 0, setup: "active" as const };
    const tcp = MsrpUri.parse("msrps://x.invalid:9/session1;tcp");
    const plain = MsrpUri.parse("msrp://x.invalid:9/session1;dc");
    expect(code(() => formatDataChannel({ ...init, path: [tcp] }))).toBe("dc-uri");
    expect(code(() => formatDataChannel({ ...init, path: [plain] }))).toBe("dc-uri");
    expect(code(() => formatDataChannel({ ...init, path: [tcp, uri] }))).toBe("dc-relay");
    const room = [{ name: "chatroom", value: undefined }];
    expect(code(() => formatDataChannel({ ...init, path: [uri], attributes: room }))).toBe(
      "reserved-attribute",
    );
  });
});
