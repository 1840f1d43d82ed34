/**
 * Who opens the connection: the setup attribute of RFC 4145 as RFC 6135 uses it for MSRP.
 * RFC 4975 without COMEDIA is the same table with the defaults: the offerer is active, the answerer passive.
 */
import { RemoteProtocolError } from "../errors.ts";

/** A value of a=setup that MSRP uses (RFC 6135 §4.2.1); `holdconn` counts as absent and so is no value here. */
export type Setup = "active" | "passive" | "actpass";

/** A side of an offer/answer exchange. */
export type Side = "offerer" | "answerer";

/**
 * Reads the value of an a=setup line; `holdconn` gives `undefined`, as if there were no line (RFC 6135 §4.2.1).
 *
 * @throws RemoteProtocolError `bad-setup` for a word that RFC 4145 §4 does not have
 */
export function readSetup(value: string): Setup | undefined {
  switch (value) {
    case "active":
    case "passive":
    case "actpass":
      return value;
    case "holdconn":
      return undefined;
    default:
      throw new RemoteProtocolError("bad-setup", `Cannot read a=setup: "${value}"`);
  }
}

/**
 * The side that opens the connection, from the setup of offer and answer; `undefined` is an absent line
 * (RFC 4145 §4.1: active in an offer, passive in an answer).
 *
 * @throws RemoteProtocolError `setup-conflict` when both sides would connect, both would wait, or the answer left it open
 */
export function activeSide(offer: Setup | undefined, answer: Setup | undefined): Side {
  const offered = offer ?? "active";
  const answered = answer ?? "passive";
  if (answered === "actpass" || offered === answered) {
    throw new RemoteProtocolError(
      "setup-conflict",
      `Cannot answer a=setup:${offered} with a=setup:${answered}`,
    );
  }
  return answered === "active" ? "answerer" : "offerer";
}

/** The values that may answer an offered setup, the preferred one first. */
export function answersTo(
  offer: Setup | undefined,
  preferPassive: boolean,
): readonly ("active" | "passive")[] {
  if (offer === "passive") return ["active"];
  if (offer !== "actpass") return ["passive"];
  // RFC 6135 §4.2.2: passive is preferred by a side that knows that it can be reached.
  return preferPassive ? ["passive", "active"] : ["active", "passive"];
}

/** What an offer says: actpass when connections can come in, else active, and never passive (RFC 6135 §4.2.2). */
export function offeredSetup(reachable: boolean): "actpass" | "active" {
  return reachable ? "actpass" : "active";
}
