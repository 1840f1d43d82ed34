// Handshakes under way: the oldest one makes room, and what is over takes none.
// The sockets are played by functions.
import { describe, expect, test } from "#test";
import { Handshakes } from "../../../adapters/_handshakes.ts";

describe("handshakes of a listener [SEC-18]", () => {
  test("as many as the limit are left alone, one more ends the one that has taken longest", () => {
    const handshakes = new Handshakes(2);
    const ended: string[] = [];
    const begin = (name: string) =>
      handshakes.begin((error) => ended.push(`${name}: ${(error as Error & { code: string }).code}`));
    begin("first");
    const second = begin("second");
    expect([ended, handshakes.size]).toEqual([[], 2]);
    begin("third");
    expect([ended, handshakes.size]).toEqual([["first: too-many-connections"], 2]);
    second();
    begin("fourth");
    expect([ended.length, handshakes.size]).toEqual([1, 2]);
  });
});
