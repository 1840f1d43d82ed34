/**
 * The direction attributes of SDP and how an answer may narrow them (RFC 3264 §5.1, §6.1).
 * In MSRP they govern SENDs with ordinary content only; reports, responses and bodiless SENDs go on (RFC 4975 §8.9).
 */

/** A direction, seen from the side that writes it. */
export type Direction = "sendrecv" | "sendonly" | "recvonly" | "inactive";

/** Whether `name` is the name of a direction attribute. */
export function isDirection(name: string): name is Direction {
  return name === "sendrecv" || name === "sendonly" || name === "recvonly" || name === "inactive";
}

/** Whether a side with this direction sends content. */
export function sends(direction: Direction): boolean {
  return direction === "sendrecv" || direction === "sendonly";
}

/** Whether a side with this direction receives content. */
export function receives(direction: Direction): boolean {
  return direction === "sendrecv" || direction === "recvonly";
}

/** The direction of a side that sends and receives as told. */
export function directionOf(send: boolean, receive: boolean): Direction {
  if (send) return receive ? "sendrecv" : "sendonly";
  return receive ? "recvonly" : "inactive";
}

/** What is left of our wish against what the peer offered: we send only what it receives, and the other way round. */
export function fitDirection(wish: Direction, peer: Direction): Direction {
  return directionOf(sends(wish) && receives(peer), receives(wish) && sends(peer));
}

/** Whether `answer` is a legal answer to `offer` (RFC 3264 §6.1). */
export function isAnswerTo(offer: Direction, answer: Direction): boolean {
  return fitDirection(answer, offer) === answer;
}

/** The direction on hold: we go on sending but do not receive (RFC 3264 §8.4). */
export function held(direction: Direction): Direction {
  return directionOf(sends(direction), false);
}
