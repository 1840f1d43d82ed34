// Directions: all sixteen pairs of offer and answer, and what is left of a wish.
import { describe, expect, test } from "#test";
import {
  type Direction,
  directionOf,
  fitDirection,
  held,
  isAnswerTo,
  isDirection,
  receives,
  sends,
} from "../../../../core/sdp/direction.ts";

const all: Direction[] = ["sendrecv", "sendonly", "recvonly", "inactive"];

describe("direction", () => {
  test("RFC 3264 §6.1: an answer may only narrow what was offered [3264-6-06]", () => {
    const allowed: Record<Direction, Direction[]> = {
      sendrecv: all,
      sendonly: ["recvonly", "inactive"],
      recvonly: ["sendonly", "inactive"],
      inactive: ["inactive"],
    };
    for (const offer of all) {
      expect(all.filter((answer) => isAnswerTo(offer, answer))).toEqual(allowed[offer]);
    }
  });

  test("RFC 3264 §6.1: what is left of any wish is an answer to any offer", () => {
    for (const offer of all)
      for (const wish of all) expect(isAnswerTo(offer, fitDirection(wish, offer))).toBe(true);
    expect(fitDirection("sendrecv", "sendonly")).toBe("recvonly");
    expect(fitDirection("sendonly", "sendonly")).toBe("inactive");
  });

  test("RFC 3264 §8.4: on hold we send at most [3264-8-08]", () => {
    expect(all.map(held)).toEqual(["sendonly", "sendonly", "inactive", "inactive"]);
  });

  test("each direction is made of sending and receiving", () => {
    for (const direction of all) expect(directionOf(sends(direction), receives(direction))).toBe(direction);
    expect([isDirection("sendrecv"), isDirection("Sendrecv"), isDirection("sendonlyfoo")]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
