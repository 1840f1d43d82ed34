/**
 * What an `Authenticator` decides about one AUTH: whom it is from, or how it is answered and why. The reasons are for
 * logs and limits; nothing of them reaches the wire, so that nobody learns which half of a login was wrong.
 */
import type { HeaderFields } from "../node/verdict.ts";

/** Why an AUTH was not accepted. */
export type AuthRefusal =
  /** The first AUTH of a client: it has not been asked yet. */
  | "no-credentials"
  /** Basic or another scheme (RFC 4976 §9.1 forbids them). */
  | "not-digest"
  /** A parameter is missing, twice there, or malformed. */
  | "malformed"
  /** The parameter `uri` names something other than the rightmost To-Path URI. */
  | "uri-mismatch"
  /** Credentials for another realm. */
  | "wrong-realm"
  /** A hash function that was not offered. */
  | "wrong-algorithm"
  /** A nonce that was not issued here. */
  | "unknown-nonce"
  /** Unknown user or wrong password; which of them is not told. */
  | "wrong-credentials"
  /** Right credentials on a nonce that is too old. */
  | "stale-nonce"
  /** Right credentials with a nonce count that was used before. */
  | "replay"
  /** Right credentials of a user who may not use this relay. */
  | "not-allowed"
  /** The backend could not be asked; see `cause`. */
  | "backend-failed";

/** An AUTH whose sender has proved to know the password. */
export interface AuthSuccess {
  readonly ok: true;
  /** The user's plain name. */
  readonly user: string;
  /** The realm that the user belongs to. */
  readonly realm: string;
  /** Authentication-Info, for the 200 (RFC 4976 §9.1: always there). */
  readonly headers: HeaderFields;
}

/** An AUTH that is answered with an error. */
export interface AuthFailure {
  readonly ok: false;
  /** 401 with a challenge, 400 for a malformed request, 403 for a user who may not. */
  readonly status: 400 | 401 | 403;
  /** WWW-Authenticate, one for each algorithm, for a 401; else nothing. */
  readonly headers: HeaderFields;
  /** Why, for logs. */
  readonly reason: AuthRefusal;
  /** True for a failed try: limits on guessing count it (RFC 4976 §6.3). */
  readonly counted: boolean;
  /** The name that was claimed, when it could be read; for limits by user, not for logs without care. */
  readonly user?: string | undefined;
  /** What kept the backend from answering; never for the wire. */
  readonly cause?: unknown;
}

/** The outcome of one AUTH. */
export type AuthOutcome = AuthSuccess | AuthFailure;
