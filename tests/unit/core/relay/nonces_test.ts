// Nonces: recognized without being kept, dead after their life, and never usable twice, whatever was forgotten.
import { describe, expect, test } from "#test";
import { Nonces } from "../../../../core/relay/nonces.ts";

const one = "00000001";

describe("Nonces", () => {
  test("RFC 2617 §3.2.1: a fresh one each time, in hex [2617-3.2.1-01] [2617-3.2.1-02] [7616-5.12-01]", () => {
    const nonces = new Nonces();
    const issued = Array.from({ length: 1000 }, () => nonces.issue("r", 5));
    expect(new Set(issued).size).toBe(1000);
    expect(issued.every((nonce) => /^[0-9a-f]{60}$/.test(nonce))).toBe(true);
  });

  test("RFC 2617 §3.2.1: one that was not issued here, or was changed, is unknown [4976-9.1-26] [2617-3.2.1-02]", () => {
    const nonces = new Nonces();
    const nonce = nonces.issue("r", 5);
    expect(nonces.check(nonce, "r", 5)).toBe("valid");
    expect(nonces.check(nonce, "other", 5)).toBe("unknown");
    expect(new Nonces().check(nonce, "r", 5)).toBe("unknown");
    expect(nonces.check(nonce.toUpperCase(), "r", 5)).toBe("unknown");
    for (const forged of ["", "Zm9yZ2VkLW5vbmNl", "00", "0".repeat(60), `${nonce}00`]) {
      expect([forged, nonces.check(forged, "r", 5)]).toEqual([forged, "unknown"]);
    }
    for (let index = 0; index < nonce.length; index++) {
      const digit = nonce[index] === "0" ? "1" : "0";
      const changed = nonce.slice(0, index) + digit + nonce.slice(index + 1);
      expect(nonces.check(changed, "r", 5)).toBe("unknown");
    }
  });

  test("RFC 2617 §3.2.1: dead at the end of its life, not before [2617-3.2.1-03]", () => {
    const nonces = new Nonces({ lifetimeMs: 60_000 });
    const nonce = nonces.issue("r", 1000);
    expect(nonces.check(nonce, "r", 60_999)).toBe("valid");
    expect(nonces.check(nonce, "r", 61_000)).toBe("stale");
    expect(nonces.check(nonces.issue("r", 2 ** 45), "r", 2 ** 45 + 59_999)).toBe("valid");
  });

  test("RFC 4976 §9.1: the count must rise; there is no window below it [4976-9.1-22] [4976-9.1-23] [4976-T26]", () => {
    const nonces = new Nonces();
    const nonce = nonces.issue("r", 0);
    expect(nonces.use(nonce, "00000000", 0)).toBe(false);
    expect(nonces.use(nonce, one, 0)).toBe(true);
    expect(nonces.use(nonce, one, 0)).toBe(false);
    expect(nonces.use(nonce, "00000009", 0)).toBe(true);
    expect(nonces.use(nonce, "00000008", 0)).toBe(false);
    expect(nonces.use(nonce, "0000000a", 0)).toBe(true);
    expect(nonces.use(nonce, "ffffffff", 0)).toBe(true);
    expect(nonces.use(nonce, "ffffffff", 0)).toBe(false);
    expect(nonces.use(nonces.issue("r", 0), one, 0)).toBe(true);
  });

  test("SEC-07: issuing keeps nothing; a million challenges without an answer leave the table empty [SEC-07]", () => {
    const nonces = new Nonces();
    for (let index = 0; index < 20_000; index++) nonces.issue("r", index);
    expect(nonces.used).toBe(0);
  });

  test("SEC-07: limit: the table holds maxUsed; what it forgets is stale afterwards and cannot be replayed [SEC-07]", () => {
    const nonces = new Nonces({ maxUsed: 3 });
    const used = [10, 20, 30].map((now) => nonces.issue("r", now));
    const waiting = nonces.issue("r", 10);
    const younger = nonces.issue("r", 15);
    for (const nonce of used) expect(nonces.use(nonce, one, 40)).toBe(true);
    expect(nonces.used).toBe(3);
    expect(nonces.check(waiting, "r", 40)).toBe("valid");
    expect(nonces.use(nonces.issue("r", 40), one, 40)).toBe(true);
    expect(nonces.used).toBe(3);
    expect(nonces.check(used[0]!, "r", 40)).toBe("stale");
    // As old as the forgotten one: it might be that one for all the table knows.
    expect(nonces.check(waiting, "r", 40)).toBe("stale");
    expect(nonces.use(waiting, one, 40)).toBe(false);
    expect(nonces.check(younger, "r", 40)).toBe("valid");
    // Still in the table: its count goes on.
    expect(nonces.check(used[1]!, "r", 40)).toBe("valid");
    expect(nonces.use(used[1]!, one, 40)).toBe(false);
  });

  test("SEC-07: what another instance with the same secret has issued is stale, not unknown: its uses are not known [SEC-07]", () => {
    const secret = new Uint8Array(32).fill(7);
    const first = new Nonces({ secret });
    const [before, last] = [first.issue("r", 5), first.issue("r", 9)];
    expect(first.use(before, one, 6)).toBe(true);
    const next = new Nonces({ secret, since: 9 });
    expect([before, last].map((nonce) => next.check(nonce, "r", 10))).toEqual(["stale", "stale"]);
    expect([before, last].map((nonce) => next.use(nonce, one, 10))).toEqual([false, false]);
    const fresh = next.issue("r", 10);
    expect([next.check(fresh, "r", 10), next.use(fresh, one, 10)]).toEqual(["valid", true]);
  });

  test("nonces that have died leave the table before anything is forgotten", () => {
    const nonces = new Nonces({ maxUsed: 2, lifetimeMs: 100 });
    for (const now of [0, 10]) nonces.use(nonces.issue("r", now), one, now);
    const waiting = nonces.issue("r", 50);
    nonces.use(nonces.issue("r", 105), one, 105);
    expect(nonces.used).toBe(2);
    expect(nonces.check(waiting, "r", 105)).toBe("valid");
  });

  test("SEC-33: a clock that jumps back does not revive anything that was used [SEC-33]", () => {
    const nonces = new Nonces({ lifetimeMs: 100 });
    const nonce = nonces.issue("r", 1000);
    nonces.use(nonce, one, 1000);
    expect(nonces.check(nonce, "r", 500)).toBe("valid");
    expect(nonces.use(nonce, one, 500)).toBe(false);
  });

  test("SEC-34: members of a farm that share the secret know each other's nonces [SEC-34]", () => {
    const secret = new Uint8Array(32).fill(7);
    const nonce = new Nonces({ secret }).issue("r", 1000);
    expect(new Nonces({ secret }).check(nonce, "r", 1001)).toBe("valid");
    expect(new Nonces({ secret: new Uint8Array(32).fill(8) }).check(nonce, "r", 1001)).toBe("unknown");
  });

  test("options that make no sense are refused", () => {
    for (const options of [
      { secret: new Uint8Array(31) },
      { lifetimeMs: 0 },
      { maxUsed: 0 },
      { lifetimeMs: NaN },
    ]) {
      expect(() => new Nonces(options)).toThrow(RangeError);
    }
  });
});
