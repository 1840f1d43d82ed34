// What a relay answers, as one table: each situation with each kind of request that can get into it.
// A cell is what the sender sees: statuses of responses, REPORTs by their status, "closed", or nothing.
import { describe, expect, test } from "#test";
import { answer, RelayBench, type RelayPeer, request, settle } from "../support/relay_bench.ts";

const far = "msrp://peer.example:9000/far99;tcp";
const kinds = ["yes", "absent", "partial", "no", "AUTH", "NICKNAME", "REPORT"] as const;
type Kind = (typeof kinds)[number];

interface Scene {
  readonly bench: RelayBench;
  readonly alice: RelayPeer;
  /** URI of alice. */
  readonly token: string;
  readonly sender: RelayPeer;
}

/** A request of one kind, text that may be spoilt before it is sent. */
function text(kind: Kind, to: string, from: string, body: string | null = "hello"): string {
  const method = kind === "AUTH" || kind === "NICKNAME" || kind === "REPORT" ? kind : "SEND";
  const headers = kind === "yes" || kind === "partial" || kind === "no" ? [`Failure-Report: ${kind}`] : [];
  if (kind === "REPORT") headers.push("Status: 000 200 OK");
  const content = method !== "SEND" || body === null ? {} : { body };
  return request({ method, to, from, range: body === null ? "1-0/0" : "1-5/5", headers, ...content });
}

/** Plays one row with every kind and returns what the sender saw. */
async function row(
  play: (scene: Scene, kind: Kind) => Promise<void> | void,
  only: readonly Kind[] = kinds,
): Promise<Partial<Record<Kind, string>>> {
  const seen: Partial<Record<Kind, string>> = {};
  for (const kind of only) {
    const bench = new RelayBench({ permitUser: (user) => user !== "carol" });
    const alice = await bench.peer();
    const token = await bench.login(alice, "alice");
    const sender = await bench.peer();
    const scene = { bench, alice, token, sender };
    await play(scene, kind);
    const heard = (await sender.heard()).map((what) => what.replace(/^REPORT 000 (\d+).*/, "REPORT $1"));
    if (sender.ended) heard.push("closed");
    seen[kind] = heard.join(" ");
    expect(bench.errors).toEqual([]);
    await bench.close();
  }
  return seen;
}

/** What all kinds of SEND see, and the others. */
function cells(
  send: string,
  partial: string,
  no: string,
  other: string,
  report: string,
): Record<Kind, string> {
  return { yes: send, absent: send, partial, no, AUTH: other, NICKNAME: other, REPORT: report };
}

const way = ({ token, alice }: Scene): string => `${token} ${alice.uri}`;

describe("a relay answers", () => {
  test("paths that cannot be read: the connection is closed [4976-answer-01]", async () => {
    const seen = await row((scene, kind) => {
      scene.sender.write(text(kind, "msrps://not a path", scene.sender.uri));
    });
    expect(seen).toEqual(cells("closed", "closed", "closed", "closed", "closed"));
  });

  test("what is malformed otherwise: 400 where an answer is wanted [4976-answer-02] [4976-6.2-01] [4976/4975-7.1.1-05]", async () => {
    const seen = await row((scene, kind) => {
      scene.sender.write(
        text(kind, way(scene), scene.sender.uri).replace(/Byte-Range: .*/, "Byte-Range: 5-x"),
      );
    });
    expect(seen).toEqual(cells("400", "400", "", "400", ""));
    const withoutId = await row(
      (scene, kind) =>
        scene.sender.write(text(kind, way(scene), scene.sender.uri).replace(/Message-ID: .*\n/, "")),
      ["yes", "absent", "partial", "no", "REPORT"],
    );
    expect(withoutId).toEqual({ yes: "400", absent: "400", partial: "400", no: "", REPORT: "" });
  });

  test("another authority: the connection is closed [4976-answer-03]", async () => {
    const seen = await row(({ sender }, kind) => {
      sender.write(text(kind, `msrps://elsewhere.example:2855/x999;tcp ${far}`, sender.uri));
    });
    expect(seen).toEqual(cells("closed", "closed", "closed", "closed", "closed"));
  });

  test("a URI that does not exist, has expired, or the wrong way: 481, all alike [4976-answer-04] [SEC-20]", async () => {
    const expected = cells("481", "481", "", "481", "");
    const unknown = "msrps://relay.example:2855/neverissued00000000000;tcp";
    for (const play of [
      ({ sender, alice }: Scene, kind: Kind) =>
        sender.write(text(kind, `${unknown} ${alice.uri}`, sender.uri)),
      async (scene: Scene, kind: Kind) => {
        // It is no stranger that the 30 seconds would end.
        scene.sender.send(way(scene), { headers: ["Failure-Report: no"] });
        await scene.sender.heard();
        await scene.bench.clock.advance(600_000);
        scene.sender.write(text(kind, way(scene), scene.sender.uri));
      },
      ({ sender, token }: Scene, kind: Kind) => sender.write(text(kind, `${token} ${far}`, sender.uri)),
    ]) {
      expect(await row(play)).toEqual(expected);
    }
  });

  test("a place that the policy forbids: 403 [4976-answer-05] [4976-T43] [4976-9.4-05]", async () => {
    const seen = await row(async ({ bench, sender }, kind) => {
      const token = await bench.login(sender, "bob");
      sender.write(text(kind, `${token} msrp://127.0.0.1:9000/x999;tcp`, sender.uri));
    });
    expect(seen).toEqual(cells("403", "403", "", "403", ""));
  });

  test("a chunk that is taken: 200 before the next hop has it; others are answered from end to end [4976-answer-06] [4976-3-03] [4976/4975-5.3-01]", async () => {
    const seen = await row((scene, kind) => scene.sender.write(text(kind, way(scene), scene.sender.uri)));
    expect(seen).toEqual(cells("200", "", "", "", ""));
    const forwarded = await row(
      async (scene, kind) => {
        scene.sender.write(text(kind, way(scene), scene.sender.uri));
        const [got] = await scene.alice.take();
        if (got === undefined) throw new Error("nothing arrived");
        scene.alice.write(answer({ ...got, fromPath: [got.fromPath.join(" ")] }, "425 Other"));
      },
      ["AUTH", "NICKNAME"],
    );
    expect(forwarded).toEqual({ AUTH: "425", NICKNAME: "425" });
  });

  test("a next hop that cannot be reached, or has vanished: REPORT 408 [4976-answer-07] [4976-3-07]", async () => {
    const seen = await row(async ({ bench, sender }, kind) => {
      const token = await bench.login(sender, "bob");
      sender.write(text(kind, `${token} ${far}`, sender.uri));
    });
    expect(seen).toEqual(cells("200 REPORT 408", "REPORT 408", "", "408", ""));
    const vanished = await row(async (scene, kind) => {
      scene.sender.write(text(kind, way(scene), scene.sender.uri));
      await settle(200);
      scene.alice.close();
    });
    expect(vanished).toEqual(cells("200 REPORT 408", "REPORT 408", "", "408", ""));
  });

  test("an error from the next hop: a REPORT of the same code; others as they came [4976-answer-08] [4976-6.4.3-07]", async () => {
    const seen = await row(async (scene, kind) => {
      scene.sender.write(text(kind, way(scene), scene.sender.uri));
      const [got] = await scene.alice.take();
      if (got === undefined) throw new Error("nothing arrived");
      const to = got.what === "SEND" ? got.fromPath.slice(0, 1) : got.fromPath;
      scene.alice.write(answer({ ...got, fromPath: [to.join(" ")] }, "413 Stop"));
    });
    expect(seen).toEqual(cells("200 REPORT 413", "REPORT 413", "", "413", ""));
  });

  test("no answer in 30 seconds: REPORT 408, and only if an answer was due [4976-answer-09] [4976-6.4.1-02]", async () => {
    const seen = await row(async (scene, kind) => {
      // Something that succeeds, so that the connection may stay.
      scene.sender.send(way(scene), { headers: ["Failure-Report: no"] });
      scene.sender.write(text(kind, way(scene), scene.sender.uri));
      await settle(200);
      await scene.bench.clock.advance(31_000);
    });
    expect(seen).toEqual(cells("200 REPORT 408", "", "", "", ""));
  });

  test("nothing behind an own URI: 200 without a body, 481 with one, 501 for other methods [4976-answer-10] [4976-answer-11] [4976-6.5-07]", async () => {
    const alive = await row(
      ({ sender, token }, kind) => sender.write(text(kind, token, sender.uri, null)),
      ["yes", "absent", "partial", "no", "NICKNAME", "REPORT"],
    );
    expect(alive).toEqual({ yes: "200", absent: "200", partial: "", no: "", NICKNAME: "501", REPORT: "" });
    const content = await row(
      ({ sender, token }, kind) => sender.write(text(kind, token, sender.uri)),
      ["yes", "absent", "partial", "no", "NICKNAME", "REPORT"],
    );
    expect(content).toEqual({
      yes: "481",
      absent: "481",
      partial: "481",
      no: "",
      NICKNAME: "501",
      REPORT: "",
    });
  });

  test("AUTH: 401 and a challenge without credentials, or with wrong ones [4976-answer-12]", async () => {
    const bench = new RelayBench();
    const alice = await bench.peer();
    alice.write(request({ method: "AUTH", to: bench.authUri, from: alice.uri }));
    const [first] = await alice.take();
    const wrong = await bench.auth(alice, "alice", { password: "guess" });
    for (const { what, headers } of [first, wrong].flatMap((one) => (one === undefined ? [] : [one]))) {
      expect(what).toBe("401");
      expect(headers["WWW-Authenticate"]).toMatch(/^Digest realm=/);
      expect(headers["WWW-Authenticate"]).not.toContain("stale");
    }
    await bench.close();
  });

  test("AUTH: stale=true when only the nonce is too old [4976-answer-13]", async () => {
    const bench = new RelayBench({ nonceLifetimeMs: 5000 });
    const alice = await bench.peer();
    await bench.login(alice, "alice");
    const late = await bench.auth(alice, "alice", { beforeAnswer: () => bench.clock.advance(6000) });
    expect([late.what, /\bstale=true\b/.test(late.headers["WWW-Authenticate"] ?? "")]).toEqual(["401", true]);
    const wrong = await bench.auth(alice, "alice", {
      password: "guess",
      beforeAnswer: () => bench.clock.advance(6000),
    });
    expect([wrong.what, /\bstale\b/.test(wrong.headers["WWW-Authenticate"] ?? "")]).toEqual(["401", false]);
    await bench.close();
  });

  test("AUTH: 400 for a parameter that is missing, another uri, and an Expires that is no number [4976-answer-14]", async () => {
    const bench = new RelayBench();
    const alice = await bench.peer();
    for (const spoil of [
      (value: string) => value.replace(/, ?cnonce="[^"]*"/, ""),
      (value: string) => value.replace(/, ?nc=\d+/, ""),
      (value: string) => value.replace(/uri="[^"]*"/, 'uri="msrps://elsewhere.example;tcp"'),
    ]) {
      expect((await bench.auth(alice, "alice", { spoil })).what).toBe("400");
    }
    for (const expires of ["-1", "1.5", "abc", ""]) {
      const { what } = await bench.auth(alice, "alice", { headers: [`Expires: ${expires}`] });
      expect([expires, what]).toEqual([expires, "400"]);
    }
    expect(bench.plugin.bindingCount).toBe(0);
    await bench.close();
  });

  test("AUTH: 403 for a user who may not, a certificate of another name, and without TLS [4976-answer-15]", async () => {
    const bench = new RelayBench({ permitUser: (user) => user !== "carol", relays: ["inner.example"] });
    expect((await bench.auth(await bench.peer(), "carol")).what).toBe("403");
    const other = await bench.peer({ names: ["inner.example"] });
    const from = `msrps://elsewhere.example:9000/sI99;tcp ${other.uri}`;
    expect((await bench.auth(other, "alice", { from })).what).toBe("403");
    const plain = await bench.peer({ secure: false });
    expect((await bench.auth(plain, "alice")).what).toBe("403");
    await bench.close();
  });

  test("AUTH: 423 with the bound for a lifetime out of bounds, to the second [4976-answer-16] [4976-6.3-08] [4976-6.3-09] [4976-4.6-02]", async () => {
    const bench = new RelayBench({ limits: { minExpires: 60, maxExpires: 3600 } });
    const alice = await bench.peer();
    const asked = async (expires: number): Promise<(string | undefined)[]> => {
      const { what, headers } = await bench.auth(alice, "alice", { headers: [`Expires: ${expires}`] });
      return [what, headers["Min-Expires"], headers["Max-Expires"], headers["Expires"]];
    };
    expect(await asked(59)).toEqual(["423", "60", undefined, undefined]);
    expect(await asked(60)).toEqual(["200", undefined, undefined, "60"]);
    expect(await asked(3600)).toEqual(["200", undefined, undefined, "3600"]);
    expect(await asked(3601)).toEqual(["423", undefined, "3600", undefined]);
    expect(await asked(0)).toEqual(["423", "60", undefined, undefined]);
    await bench.close();
  });
});
