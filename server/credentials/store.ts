/**
 * What the command `msrpkit` needs of a place where users are kept: the lookups of a relay, and for the places that it
 * may write to, the changes of `msrpkit user`. Passwords go in and are hashed at once; none comes out.
 */
import type { Credentials } from "../../core/mod.ts";

/** Credentials with a lifetime: something was opened for them. */
export interface CredentialStore extends Credentials {
  /** What kind of place it is, for logs: never an address with a password in it. */
  readonly description: string;
  /** Looks at the place again: users that changed, hash functions that all of them have. A relay does it on SIGHUP. */
  reload(): Promise<void>;
  /** Lets go of files and connections. */
  close(): Promise<void>;
}

/** One user in a listing. */
export interface ListedUser {
  readonly user: string;
  readonly realm: string;
  /** The hash functions whose HA1 is stored. */
  readonly algorithms: readonly string[];
}

/** A store that `msrpkit user` can change. */
export interface ManagedStore extends CredentialStore {
  /**
   * Stores a user's password, hashed in every form that the place has room for.
   *
   * @param mode `"add"`: only a new user; `"change"`: only one that is there
   * @returns false when the user is there already, or is not there
   */
  set(user: string, realm: string, password: string, mode: "add" | "change"): Promise<boolean>;
  /** Removes a user. @returns false when there was none */
  remove(user: string, realm: string): Promise<boolean>;
  /** Users of one realm, or of all, sorted by realm and name. */
  list(realm?: string): Promise<ListedUser[]>;
}

/** A place for users that cannot be opened, read or written. */
export class StoreError extends Error {
  /** True when the network is at fault and not a file. */
  readonly network: boolean;

  /** @param message what failed and where @param options `cause`; `network` @default false */
  constructor(message: string, options: { cause?: unknown; network?: boolean } = {}) {
    super(message, options);
    this.name = "StoreError";
    this.network = options.network ?? false;
  }
}

/** Longest name that a store takes, in characters: the columns of the `subscriber` schema end there. */
export const MAX_USER_LENGTH = 64;

/** Longest realm that a store takes, in characters. */
export const MAX_REALM_LENGTH = 253;

/**
 * Why a user or realm cannot be stored, or `undefined` when it can. RFC 7616 §3.4: a name has no colon, because the
 * hash could not tell where it ends.
 */
export function nameFault(user: string, realm: string): string | undefined {
  if (user === "" || user.length > MAX_USER_LENGTH)
    return `a user name has 1 to ${MAX_USER_LENGTH} characters`;
  if (realm === "" || realm.length > MAX_REALM_LENGTH)
    return `a domain has 1 to ${MAX_REALM_LENGTH} characters`;
  if (user.includes(":")) return "a user name has no colon";
  if (/[\u0000-\u001f\u007f]/.test(user + realm)) return "names have no control characters";
  // Files of lines do not keep them apart.
  if (user.trim() !== user || realm.trim() !== realm) return "names do not begin or end with a blank";
  if (user.startsWith("#")) return "a user name does not begin with #";
  return undefined;
}
