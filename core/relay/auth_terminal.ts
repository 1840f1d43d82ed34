/**
 * Answers AUTHs that are for this relay (RFC 4976 §6.3): the previous hop first, then the client's credentials, then the
 * lifetime that it asks for. At the end stands a new URI.
 */
import { type HandshakeUser, handshakeUser } from "../node/upgrade.ts";
import type { HeaderFields, MaybeVerdict } from "../node/verdict.ts";
import { Verdict } from "../node/verdict.ts";
import type { RequestFrame } from "../wire/frame.ts";
import { addressGroup } from "./address_group.ts";
import type { AuthOutcome } from "./auth_outcome.ts";
import type { Authenticator } from "./authenticator.ts";
import type { RelayHop } from "./hop.ts";
import { MinuteCounter } from "./rate.ts";
import type { RelayCore } from "./relay_core.ts";

const REFUSED: Verdict = new Verdict(403);
const MALFORMED: Verdict = new Verdict(400);
// Not the client's fault, and not for ever: it asks another member of the farm, or again later.
const ENDING: Verdict = new Verdict(408);
// A login that is guessed at waits, so that guessing is slow and the user is not locked out.
const delayMs = 1000;

/** The relay's side of AUTH. */
export class AuthTerminal {
  readonly #relay: RelayCore;
  readonly #authenticator: Authenticator | undefined;
  readonly #permit: (user: string) => boolean;
  readonly #byAddress = new MinuteCounter();
  readonly #byUser = new MinuteCounter();

  /**
   * @param authenticator undefined: a plugin of the `request` stage says who it is
   * @param permit whether a user with good credentials may use this relay
   */
  constructor(relay: RelayCore, authenticator: Authenticator | undefined, permit: (user: string) => boolean) {
    this.#relay = relay;
    this.#authenticator = authenticator;
    this.#permit = permit;
  }

  /**
   * Decides an AUTH with a single URI in To-Path.
   *
   * @param told who it is, when a plugin has found that out
   */
  decide(frame: RequestFrame, hop: RelayHop, told: HandshakeUser | undefined): MaybeVerdict {
    const { handle, timers } = hop.link;
    const now = timers.clock.now();
    // RFC 4976 §8: a challenge would invite credentials, so there is none over a connection without TLS.
    if (!handle.secure && !this.#relay.allowPlainAuth) return REFUSED;
    if (this.#relay.draining) return ENDING;
    // RFC 4976 §6.3: a relay asks for clients of its own name alone (SEC-28).
    const relay = this.#relayName(frame, hop);
    if (relay === false) return REFUSED;
    const { maxAuthFailuresPerAddress } = this.#relay.limits;
    // What its clients do wrong is not held against a relay: it cuts them off itself (RFC 4976 §6.3).
    const failures = hop.shared ? 0 : this.#byAddress.count(addressGroup(handle.remoteAddress), now);
    if (failures >= maxAuthFailuresPerAddress) return REFUSED;
    const digestUri = frame.toPath[0]?.text ?? "";
    const authorization = frame.headers.get("Authorization");
    const authenticator = this.#authenticator;
    // RFC 7977 §5.3.1: the handshake has told who it is, or a plugin has checked the credentials.
    const known = told ?? (authorization === undefined ? handle.get(handshakeUser) : undefined);
    if (known !== undefined) {
      const realm = known.realm ?? authenticator?.realmOf(digestUri) ?? this.#relay.realmOf(frame.toPath[0]);
      return this.#judge(frame, hop, relay, { ok: true, user: known.user, realm, headers: [] });
    }
    if (authenticator === undefined) return REFUSED;
    const outcome = authenticator.verify({ digestUri, authorization }, now);
    if (!(outcome instanceof Promise) && (outcome.ok || !outcome.counted)) {
      return this.#judge(frame, hop, relay, outcome);
    }
    const kept = frame.retain();
    return Promise.resolve(outcome).then(async (late) => {
      if (!late.ok && late.counted) await this.#failed(hop, late.user, now);
      return this.#judge(kept, hop, relay, late);
    });
  }

  // False: the From-Path names another relay than the peer has proved to be.
  #relayName(frame: RequestFrame, hop: RelayHop): string | undefined | false {
    if (hop.relayNames.length === 0) return undefined;
    const host = frame.fromPath[0]?.host.toLowerCase() ?? "";
    return hop.isRelay(host) ? host : false;
  }

  async #failed(hop: RelayHop, user: string | undefined, now: number): Promise<void> {
    hop.authFailed();
    if (!hop.shared) this.#byAddress.add(addressGroup(hop.link.handle.remoteAddress), now);
    if (user === undefined) return;
    const failures = this.#byUser.add(user, now);
    if (failures <= this.#relay.limits.maxAuthFailuresPerUser) return;
    await new Promise<void>((resolve) => {
      this.#relay.host.setTimer(resolve, delayMs);
    });
  }

  #judge(frame: RequestFrame, hop: RelayHop, relay: string | undefined, outcome: AuthOutcome): Verdict {
    if (!outcome.ok) {
      if (outcome.cause !== undefined) this.#relay.host.error(outcome.cause, "credentials");
      return new Verdict(outcome.status, undefined, outcome.headers);
    }
    if (!this.#permit(outcome.user)) return REFUSED;
    const { minExpires, maxExpires, defaultExpires } = this.#relay.limits;
    const asked = frame.headers.get("Expires");
    if (asked !== undefined && !/^\d+$/.test(asked)) return MALFORMED;
    // RFC 4976 §6.3: out of bounds is refused with the bound, never changed in silence.
    if (asked !== undefined && Number(asked) < minExpires) return bounds("Min-Expires", minExpires);
    if (asked !== undefined && Number(asked) > maxExpires) return bounds("Max-Expires", maxExpires);
    const seconds = asked === undefined ? defaultExpires : Number(asked);
    const binding = this.#relay.grant(frame, hop, relay, outcome.user, outcome.realm, seconds);
    if (binding === undefined) return REFUSED;
    // RFC 4976 §5.1: the way that the client will put in front of To-Path, nearest relay first.
    const usePath = [...frame.fromPath.slice(0, -1)].reverse().concat(binding.uri);
    const headers: HeaderFields = [
      ["Use-Path", usePath.map((uri) => uri.text).join(" ")],
      ...outcome.headers,
      ["Expires", String(seconds)],
    ];
    return new Verdict(200, undefined, headers);
  }
}

function bounds(name: string, seconds: number): Verdict {
  return new Verdict(423, undefined, [[name, String(seconds)]]);
}
