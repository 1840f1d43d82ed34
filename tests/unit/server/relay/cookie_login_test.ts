// Users of a web application at the relay: whose cookie it is, which pages may bring it, and what happens when the
// application cannot be asked. The application is a function here; a real one answers in the flows.
import { describe, expect, test } from "#test";
import { definePlugin, handshakeUser, Msrp, type UpgradeResult } from "../../../../core/mod.ts";
import { cookieLogin } from "../../../../server/relay/cookie_login.ts";

const origin = "https://chat.example";

class Bench {
  readonly problems: string[] = [];
  readonly asked: [url: string, cookie: string | undefined][] = [];
  readonly users: unknown[] = [];
  readonly app: Msrp;

  constructor(answer: () => Response | Promise<Response>) {
    const login = {
      path: "/chat",
      cookie: "sid",
      origins: [origin],
      url: "https://chat.example/whoami",
      fetch: async (url: string, init: RequestInit) => {
        this.asked.push([url, (init.headers as Record<string, string>)["cookie"]]);
        return await answer();
      },
    };
    const after = definePlugin({
      name: "after",
      upgrade: (c, next) => {
        this.users.push(c.get(handshakeUser)?.user);
        return next();
      },
    });
    this.app = new Msrp().use(
      cookieLogin(login, (problem) => this.problems.push(problem)),
      after,
    );
  }

  async status(headers: Record<string, string>, url = "/chat?x"): Promise<number> {
    const result = await this.app.upgrade({
      url,
      headers: new Map(Object.entries(headers)),
      remoteAddress: "192.0.2.1",
      secure: true,
    });
    return (result as UpgradeResult).verdict.status;
  }
}

const good = { origin, cookie: "theme=dark; sid=s3cret" };

describe("cookieLogin", () => {
  test("RFC 7977 §7: the application tells whose cookie it is, and sees no other [7977-7-01] [7977-5.3.1-01]", async () => {
    const bench = new Bench(() => Response.json({ user: "alice", more: 1 }));
    expect([await bench.status(good), bench.users]).toEqual([200, ["alice"]]);
    expect(bench.asked).toEqual([["https://chat.example/whoami", "sid=s3cret"]]);
  });

  test("RFC 6455 §10.2: from other pages, and from none, it is 403 and nobody is asked [7977-7-05] [6455-10.2-01] [SEC-26]", async () => {
    const bench = new Bench(() => Response.json({ user: "alice" }));
    expect(await bench.status({ ...good, origin: "https://evil.example" })).toBe(403);
    expect(await bench.status({ cookie: good.cookie })).toBe(403);
    expect(bench.asked).toEqual([]);
  });

  test("without the cookie, or with one that the application does not know, it is 401", async () => {
    const bench = new Bench(() => new Response("{}", { status: 401 }));
    expect(await bench.status({ origin })).toBe(401);
    expect(await bench.status({ origin, cookie: "sid=a; sid=b" })).toBe(401);
    expect(bench.asked).toEqual([]);
    expect([await bench.status(good), bench.asked.length, bench.problems]).toEqual([401, 1, []]);
  });

  test("an application that fails or talks nonsense lets nobody in, and the cookie is not told [7977-7-06]", async () => {
    const answers: (() => Response)[] = [
      () => new Response("", { status: 500 }),
      () => new Response("no JSON"),
      () => Response.json({ user: "" }),
      () => Response.json({ user: ["alice"] }),
      () => Response.json({ name: "alice" }),
      () => {
        throw new Error("no route");
      },
    ];
    for (const answer of answers) {
      const bench = new Bench(answer);
      expect([await bench.status(good), bench.problems.length, bench.users]).toEqual([503, 1, []]);
      expect(bench.problems.join()).not.toContain("s3cret");
    }
  });

  test("is for its path alone", async () => {
    const bench = new Bench(() => Response.json({ user: "alice" }));
    expect([await bench.status({}, "/other"), bench.users]).toEqual([200, [undefined]]);
  });
});
