// A whole description: what is read of it, and that it comes back byte for byte.
import { describe, expect, test } from "#test";
import { SessionDescription } from "../../../../core/sdp/mod.ts";
import { thrown } from "../../../support/nodes.ts";
import { codeOf, expectOddity, sdp, stream } from "./texts.ts";

const audio = "m=audio 49170 RTP/AVP 0\r\ni=voice\r\nb=AS:64\r\na=rtpmap:0 PCMU/8000\r\n";

describe("a description", () => {
  test("RFC 8866 §5: what nobody changed is written back byte for byte", () => {
    const text = `v=0\no=- 1 1 IN IP4 a.example\r\ns= \r\ni=about\r\nc=IN IP4 a.example\r\nb=X-new:5\r\nt=0 0\r\nr=7d 1h 0\r\na=x y: z \r\n${audio}${stream({ host: "a.example" })}a=last`;
    const description = SessionDescription.parse(text);
    expect(description.toString()).toBe(text);
    expect(description.timing).toBe("t=0 0\r\nr=7d 1h 0\r\n");
    expect(description.attributes).toEqual([{ name: "x y", value: " z " }]);
  });

  test("RFC 8866 §5.3: s= is not empty, one blank will do [8866-5.3-01]", () => {
    expect(SessionDescription.parse(sdp().replace("s=-", "s= "), { strict: true }).name).toBe(" ");
    expectOddity(sdp().replace("s=-", "s="), "bad-line", "empty-value");
    expect(codeOf(() => SessionDescription.parse(sdp().replace("s=-\r\n", "")))).toBe("bad-order");
  });

  test("RFC 8866 §5.12: k= is discarded [8866-5.12-01]", () => {
    const text = sdp([stream().replace("a=accept", "k=clear:x\r\na=accept")]).replace(
      "t=0 0\r\n",
      "t=0 0\r\nk=prompt\r\n",
    );
    const description = SessionDescription.parse(text, { strict: true });
    expect(JSON.stringify([description.msrp, description.attributes])).not.toContain("clear");
  });

  test("RFC 4975 §14.1: errors and oddities end in logs, so they hold no session-id [4975-3-02]", () => {
    const secret = "Ks83nqPz0w2LmA";
    const good = sdp();
    const odd = [
      good.replace("a=path:", "a=path: "),
      good.slice(0, -2),
      good.replace("a=path:", "a= path:"),
      good.replace("c=IN", "c=IN IP4 192.0.2.9\r\nc=IN"),
      good.replace(";tcp", ";tcp  msrp://192.0.2.11:7313/Ks83nqPz0w2LmA;tcp"),
    ];
    for (const text of odd) {
      for (const strict of [false, true]) {
        let told = "";
        try {
          told = JSON.stringify(SessionDescription.parse(text, { strict }).oddities);
        } catch (error) {
          told = (error as Error).message;
        }
        expect(told).not.toContain(secret);
      }
    }
    const broken = good.replace("a=path:msrp", "path:msrp");
    expect(thrown(() => SessionDescription.parse(broken)).message).toBe(
      'Cannot read SDP line: "path:msrp://192.0.2.10:7313/…;tcp"',
    );
  });

  test("a multicast c= of a description is refused only where it would apply to MSRP", () => {
    const multicast = (sections: string[]): string =>
      sdp(sections).replace("c=IN IP4 192.0.2.10\r\n", "c=IN IP4 233.252.0.1/127\r\n");
    expect(SessionDescription.parse(multicast([audio])).media[0]?.connection?.address).toBe(
      "233.252.0.1/127",
    );
    expect(codeOf(() => SessionDescription.parse(multicast([stream()])))).toBe("bad-connection");
    expect(
      codeOf(() =>
        SessionDescription.parse(multicast([stream().replace("a=accept", "c=IN IP4 192.0.2.9\r\na=accept")])),
      ),
    ).toBe(undefined);
  });

  test("another section may take a place, and all else stays", () => {
    const text = sdp([audio, "m=message 0 TCP/MSRP *\r\n", audio]);
    const changed = SessionDescription.parse(text).replaceMedia(1, stream());
    expect(changed.toString()).toBe(sdp([audio, stream(), audio]));
    expect(changed.msrpAt(1)?.port).toBe(7313);
    expect(changed.msrpAt(0)).toBe(undefined);
    expect(codeOf(() => changed.replaceMedia(3, stream()))).toBe("bad-index");
    expect(codeOf(() => changed.replaceMedia(0, "nonsense"))).toBe("bad-line");
  });

  test("reading is tolerant unless told otherwise, and says what it let through", () => {
    const text = sdp([stream({ path: " msrp://192.0.2.10:7313/K;tcp " })]);
    const description = expectOddity(text, "bad-path", "blank-around-path");
    expect(description.msrp[0]?.path[0]?.sessionId).toBe("K");
    expect(SessionDescription.parse(sdp(), { strict: true }).oddities).toEqual([]);
  });
});
