// Users behind HTTP: against a real server for the wire, against a made-up fetch for what servers should not do.
import { createServer } from "node:http";
import { describe, expect, test } from "#test";
import { hashPassword } from "../../../../core/relay/credentials.ts";
import {
  HttpLookup,
  type HttpLookupOptions,
  MAX_ANSWER_BYTES,
} from "../../../../server/credentials/http_lookup.ts";
import { StoreError } from "../../../../server/credentials/store.ts";

const ha1 = hashPassword("alice", "r", "p");

function lookup(answer: () => Response | Promise<Response>, options: HttpLookupOptions = {}): HttpLookup {
  return new HttpLookup("https://accounts.example/msrp", { fetch: async () => await answer(), ...options });
}

const json = (value: unknown): Response => new Response(JSON.stringify(value));

describe("HttpLookup", () => {
  test("posts user and realm as JSON with a token; 200 is a user, 404 nobody", async () => {
    const seen: unknown[] = [];
    const server = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      request.on("end", () => {
        const { user, realm } = JSON.parse(body) as { user: string; realm: string };
        seen.push([request.method, request.url, request.headers.authorization, user, realm]);
        response.statusCode = user === "alice" ? 200 : 404;
        response.end(user === "alice" ? JSON.stringify({ ha1, allowed: false, name: "Alice" }) : "");
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const { port } = server.address() as { port: number };
    const users = new HttpLookup(`http://127.0.0.1:${port}/users`, { token: "t0ken" });
    try {
      expect(await users.lookup("alice", "r")).toEqual({ ha1, allowed: false });
      expect(await users.lookup("zoë", "r")).toBe(undefined);
      expect(users.lookup("alice", "r")).toEqual({ ha1, allowed: false });
      expect(seen).toEqual([
        ["POST", "/users", "Bearer t0ken", "alice", "r"],
        ["POST", "/users", "Bearer t0ken", "zoë", "r"],
      ]);
      expect(users.description).toBe(`HTTP service at 127.0.0.1:${port}`);
    } finally {
      await users.close();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test("asks only over https, or this machine, and keeps passwords out of addresses", () => {
    for (const bad of ["http://accounts.example/", "ftp://x/", "https://u:p@accounts.example/", "nonsense"]) {
      expect(() => new HttpLookup(bad)).toThrow(StoreError);
    }
    try {
      new HttpLookup("https://u:hunter2@accounts.example/");
      expect("made").toBe("refused");
    } catch (error) {
      expect(String(error)).not.toContain("hunter2");
    }
    for (const good of ["https://accounts.example/", "http://localhost:8080/", "http://[::1]/"]) {
      expect(new HttpLookup(good).description).toContain("HTTP service at ");
    }
  });

  test("another status, no JSON, or hashes that are none: an error that tells no secret", async () => {
    const cases: readonly (readonly [() => Response, string])[] = [
      [() => new Response("", { status: 500 }), "answered 500"],
      [() => new Response("s3cret"), "no JSON"],
      [() => json({ ha1: { MD5: "s3cret" } }), 'usable "ha1.MD5"'],
      [() => json({ password: "s3cret" }), 'usable "ha1"'],
      [() => json("s3cret"), 'usable ""'],
    ];
    for (const [answer, says] of cases) {
      try {
        await lookup(answer).lookup("alice", "r");
        expect("answered").toBe("failed");
      } catch (error) {
        expect(String(error)).toContain(says);
        expect(String(error)).not.toContain("s3cret");
      }
    }
    const unreachable = lookup(() => Promise.reject(new TypeError("fetch failed")));
    await expect(Promise.resolve(unreachable.lookup("a", "r"))).rejects.toThrow("cannot be reached");
  });

  test("does not follow redirects: the token is for one service", async () => {
    let init: RequestInit = {};
    const users = new HttpLookup("https://accounts.example/", {
      fetch: async (_, given) => {
        init = given;
        return json({ ha1 });
      },
    });
    await users.lookup("alice", "r");
    expect([init.redirect, init.signal instanceof AbortSignal]).toEqual(["error", true]);
  });

  test(`limit: an answer of ${MAX_ANSWER_BYTES} octets is read, a longer one is not`, async () => {
    const filled = (length: number) => () => new Response(JSON.stringify({ ha1 }).padEnd(length));
    expect(await lookup(filled(MAX_ANSWER_BYTES)).lookup("alice", "r")).toEqual({ ha1, allowed: undefined });
    const long = lookup(filled(MAX_ANSWER_BYTES + 1)).lookup("alice", "r");
    await expect(Promise.resolve(long)).rejects.toThrow("octets");
  });

  test("limit: an answer that does not come is not waited for", async () => {
    const users = new HttpLookup("https://accounts.example/", {
      timeoutMs: 20,
      fetch: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener("abort", () => reject(new Error("aborted")));
        }),
    });
    await expect(Promise.resolve(users.lookup("alice", "r"))).rejects.toThrow("within 20 ms");
  });

  test("offers what users were found to have; reload() forgets", async () => {
    const users = lookup(() => json({ ha1: { MD5: ha1.MD5?.toUpperCase() } }));
    expect(users.algorithms("r")).toEqual(["SHA-256", "MD5"]);
    expect(await users.lookup("alice", "r")).toEqual({ ha1: { MD5: ha1.MD5 }, allowed: undefined });
    expect(users.algorithms("r")).toEqual(["MD5"]);
    await users.reload();
    expect(users.algorithms("r")).toEqual(["SHA-256", "MD5"]);
    expect(users.lookup("alice", "r") instanceof Promise).toBe(true);
  });
});
