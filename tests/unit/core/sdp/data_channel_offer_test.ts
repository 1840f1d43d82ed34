// Offer and answer of data channels on descriptions of a WebRTC stack (RFC 8873 §4, RFC 8864 §6), and the gateway's form.
import { describe, expect, test } from "#test";
import type { MsrpError } from "../../../../core/errors.ts";
import { readDataChannels } from "../../../../core/sdp/data_channel.ts";
import {
  answerDataChannel,
  fromMessageSection,
  matchDataChannels,
  maxMessageSize,
  toMessageSection,
  withDataChannels,
  withoutDataChannels,
} from "../../../../core/sdp/data_channel_offer.ts";
import { SessionDescription } from "../../../../core/sdp/session_description.ts";
import { MsrpUri } from "../../../../core/wire/uri.ts";
import { association } from "../../../support/data_channels.ts";
import { thrown } from "../../../support/nodes.ts";

const alice = MsrpUri.parse("msrps://a.invalid:9/alice1;dc");
const bob = MsrpUri.parse("msrps://b.invalid:9/bob001;dc");
const code = (call: () => unknown): string => thrown<MsrpError>(call).code;
const offered = { streamId: 0, label: "chat", path: [alice], setup: "active" as const };

describe("offer and answer of data channels", () => {
  test("the lines stand in the section of the association, and everything else stays", () => {
    const audio = "m=audio 9 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n";
    const offer = withDataChannels(association + audio, [offered]);
    expect(offer.indexOf("a=dcmap:0") < offer.indexOf("m=audio")).toBe(true);
    expect(offer.startsWith(association)).toBe(true);
    expect(offer.endsWith(audio)).toBe(true);
    expect(withoutDataChannels(offer, [0])).toBe(association + audio);
    expect(code(() => withDataChannels(audio, [offered]))).toBe("no-data-channels");
  });

  test("a description that has lost its last line break gets and gives its lines all the same", () => {
    const offer = withDataChannels(association, [offered]);
    expect(withDataChannels(association.trimEnd(), [offered])).toBe(offer);
    expect(withoutDataChannels(offer.trimEnd(), [0])).toBe(association);
  });

  test("RFC 8873 §4.4, §4.6: a later offer changes attributes or takes a channel out, and the port stays [8873-4.4-04] [8873-4.6-02] [8873-4.6-03]", () => {
    const two = withDataChannels(association, [offered, { ...offered, streamId: 2, path: [bob] }]);
    const changed = withDataChannels(two, [{ ...offered, acceptTypes: ["text/plain"] }]);
    expect(readDataChannels(changed).map(({ streamId, acceptTypes }) => [streamId, acceptTypes])).toEqual([
      [2, ["*"]],
      [0, ["text/plain"]],
    ]);
    const ended = withoutDataChannels(two, [0]);
    expect(readDataChannels(ended).map(({ streamId }) => streamId)).toEqual([2]);
    expect(ended.includes("m=application 54111 ")).toBe(true);
    expect(withoutDataChannels(two, [])).toBe(two);
  });

  test("RFC 8873 §4.5: setup decides who speaks first, whatever a=setup of DTLS says [8873-4.5-01]", () => {
    const matrix = (["active", "actpass", "passive"] as const).map((setup) => {
      const offer = withDataChannels(association, [{ ...offered, setup }]);
      const [channel] = readDataChannels(offer);
      const { description, role } = answerDataChannel(channel as NonNullable<typeof channel>, { uri: bob });
      const answer = withDataChannels(association.replace("actpass", "active"), [description]);
      const [matched] = matchDataChannels([{ streamId: 0, setup }], answer);
      return [setup, role, matched?.role];
    });
    expect(matrix).toEqual([
      ["active", "passive", "active"],
      ["actpass", "passive", "active"],
      ["passive", "active", "passive"],
    ]);
  });

  test("an answer repeats stream and label, and turns the direction round", () => {
    const [channel] = readDataChannels(
      withDataChannels(association, [{ ...offered, direction: "sendonly" }]),
    );
    const { description } = answerDataChannel(channel as NonNullable<typeof channel>, {
      uri: bob,
      maxSize: 7,
    });
    expect(description).toEqual({
      streamId: 0,
      label: "chat",
      path: [bob],
      setup: "passive",
      direction: "recvonly",
      maxSize: 7,
    });
  });

  test("RFC 8864 §6.5: a channel that the answer lacks was refused; one that was not offered is a fault", () => {
    expect(matchDataChannels([offered], association)).toEqual([]);
    const answer = withDataChannels(association, [{ ...offered, streamId: 8, setup: "passive" }]);
    expect(code(() => matchDataChannels([offered], answer))).toBe("unexpected-data-channel");
    expect(code(() => matchDataChannels([offered], withDataChannels(association, [offered])))).toBe(
      "setup-conflict",
    );
  });

  test("RFC 8841 §6.1: max-message-size, its default, and 0 for any size [8873-5.4-02]", () => {
    expect(maxMessageSize(association)).toBe(100_000);
    expect(maxMessageSize(association.replace(/a=max-message-size.*\r\n/, ""))).toBe(65_536);
    expect(maxMessageSize(association.replace("100000", "0"))).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("the gateway's form", () => {
  test("RFC 8873 §6: CEMA and the gateway's address towards TCP, path and setup as they were [8873-6-01] [8873-6-02]", () => {
    const [channel] = readDataChannels(withDataChannels(association, [offered]));
    const section = toMessageSection(channel as NonNullable<typeof channel>, "192.0.2.7", 2855);
    const sdp = `v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n${section}`;
    const [media] = SessionDescription.parse(sdp).msrp;
    expect([media?.proto, media?.port, media?.cema, media?.setup]).toEqual([
      "TCP/TLS/MSRP",
      2855,
      true,
      "active",
    ]);
    expect(media?.path.map(String)).toEqual([alice.text]);
  });

  test("RFC 8873 §6: and back; a peer without CEMA cannot be reached this way [8873-6-01] [8873-6-02]", () => {
    const path = "msrps://relay.example:2855/r1;tcp msrps://bob.example:9000/b1;tcp";
    const sdp = `v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=message 2855 TCP/TLS/MSRP *\r\na=accept-types:*\r\na=path:${path}\r\na=msrp-cema\r\na=file-range:1-5\r\n`;
    const [media] = SessionDescription.parse(sdp).msrp;
    if (media === undefined) throw new Error("no stream");
    const [channel] = readDataChannels(fromMessageSection(media, { streamId: 3, side: "answerer" }));
    expect([channel?.streamId, channel?.setup, channel?.path.join(" ")]).toEqual([3, "passive", path]);
    expect(channel?.attributes).toEqual([{ name: "file-range", value: "1-5" }]);
    const [other] = readDataChannels(fromMessageSection(media, { streamId: 3, side: "offerer" }));
    expect(other?.setup).toBe("active");
    const [bare] = SessionDescription.parse(sdp.replace("a=msrp-cema\r\n", "")).msrp;
    expect(code(() => fromMessageSection(bare ?? media, { streamId: 3, side: "offerer" }))).toBe(
      "cema-missing",
    );
  });
});
