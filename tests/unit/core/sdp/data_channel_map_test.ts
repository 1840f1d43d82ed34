// The a=dcmap line of RFC 8864 §5.1: what it may say, and what is none.
import { describe, expect, test } from "#test";
import type { MsrpError } from "../../../../core/errors.ts";
import { formatMap, readMap } from "../../../../core/sdp/data_channel_map.ts";
import { thrown } from "../../../support/nodes.ts";

describe("a=dcmap", () => {
  test("RFC 8873 §4.3: the example is read and written", () => {
    const map = readMap('2 label="file transfer";subprotocol="msrp"');
    expect([map.streamId, map.label, map.subprotocol, map.ordered]).toEqual([
      2,
      "file transfer",
      "msrp",
      true,
    ]);
    expect(formatMap(map)).toBe('2 label="file transfer";subprotocol="msrp"');
  });

  test("RFC 8864 §5.1: every option is read and written again", () => {
    for (const text of [
      "0",
      "65534 ordered=false;max-retr=3;priority=128",
      '1 label="a;b";subprotocol="x";max-time=5000',
    ]) {
      expect(formatMap(readMap(text))).toBe(text);
    }
    expect(readMap('1 label="a";new-option=7').label).toBe("a");
  });

  test("RFC 8864 §5.1.3: quotes and percent signs of a label are escaped, other text is UTF-8", () => {
    const text = formatMap({ streamId: 1, label: '50% "ü"' });
    expect(text).toBe('1 label="50%25 %22ü%22"');
    expect(readMap(text).label).toBe('50% "ü"');
    expect(thrown<MsrpError>(() => formatMap({ streamId: 1, label: "a\r\nb" })).code).toBe("bad-dcmap");
    expect(thrown<MsrpError>(() => formatMap({ streamId: 65_535 })).code).toBe("bad-dcmap");
  });

  test("what is no a=dcmap is refused", () => {
    for (const text of [
      "",
      "x",
      "65535",
      "1 label=chat",
      '1 label="a";label="b"',
      "1 ordered=maybe",
      "1 max-retr=x",
      "1 max-retr=1;max-time=1",
      '1 label="%C3"',
      '1 label="a',
    ]) {
      expect(thrown<MsrpError>(() => readMap(text)).code).toBe("bad-dcmap");
    }
  });
});
