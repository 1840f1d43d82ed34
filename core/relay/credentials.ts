/**
 * Where a relay finds what its users' passwords are checked against: one interface for every backend, and the simplest
 * of them, a table in memory. Only HA1 is ever kept, never a password.
 */
import { createHa1, createUserhash } from "./digest.ts";
import { type DigestAlgorithm, digestAlgorithms, digestLength } from "./digest_hash.ts";

/** HA1 by hash function: H(user:realm:password) in lower-case hex. As secret as the password. */
export type Ha1 = Readonly<Partial<Record<DigestAlgorithm, string>>>;

/** What a backend knows of one user in one realm. */
export interface UserCredentials {
  /** What responses are checked against. */
  readonly ha1: Ha1;
  /** False: the user exists, but may not use this relay (403, RFC 4976 §6.3). @default true */
  readonly allowed?: boolean | undefined;
}

/** A value now or later; backends in memory answer at once. */
export type MaybePromise<T> = T | Promise<T>;

/** A backend of credentials. Everything it is asked for may be a stranger's invention. */
export interface Credentials {
  /**
   * Looks a user up.
   *
   * @returns `undefined` for somebody unknown
   * @throws whatever keeps the backend from answering; the AUTH is then refused with 403
   */
  lookup(user: string, realm: string): MaybePromise<UserCredentials | undefined>;
  /**
   * The hash functions for which every user of a realm has HA1: a challenge is sent before the user is known, so it
   * may offer no other. Absent: MD5 and SHA-256.
   */
  algorithms?(realm: string): readonly DigestAlgorithm[];
  /** The user behind a userhash (RFC 7616 §3.4.4); a backend without it cannot be used with the option `userhash`. */
  userOf?(userhash: string, realm: string, algorithm: DigestAlgorithm): MaybePromise<string | undefined>;
}

/** The hash functions that are stored for a password unless something else is asked for. */
export const storedAlgorithms: readonly DigestAlgorithm[] = ["MD5", "SHA-256"];

/** Makes what is stored of a password, for several hash functions. @param algorithms @default MD5 and SHA-256 */
export function hashPassword(
  user: string,
  realm: string,
  password: string,
  algorithms: readonly DigestAlgorithm[] = storedAlgorithms,
): Ha1 {
  const entries = algorithms.map((one) => [one, createHa1(one, user, realm, password)] as const);
  return Object.fromEntries(entries);
}

/** True when a text has the form of a hash of this function. */
export function isHa1(algorithm: DigestAlgorithm, text: string): boolean {
  return text.length === digestLength(algorithm) && /^[0-9a-f]+$/.test(text);
}

/** Credentials in memory: for tests, samples and relays with a handful of users. */
export class StaticCredentials implements Credentials {
  readonly #realms = new Map<string, RealmUsers>();

  /**
   * Takes passwords, keeps their HA1.
   *
   * ```ts
   * StaticCredentials.of("example.com", { alice: "correct horse battery" })
   * ```
   */
  static of(realm: string, passwords: Readonly<Record<string, string>>): StaticCredentials {
    const credentials = new StaticCredentials();
    for (const [user, password] of Object.entries(passwords)) {
      credentials.set(user, realm, { ha1: hashPassword(user, realm, password) });
    }
    return credentials;
  }

  /** Number of users in all realms. */
  get size(): number {
    let size = 0;
    for (const { users } of this.#realms.values()) size += users.size;
    return size;
  }

  /** Adds or replaces a user. */
  set(user: string, realm: string, credentials: UserCredentials): void {
    let users = this.#realms.get(realm);
    if (users === undefined) this.#realms.set(realm, (users = new RealmUsers(realm)));
    users.set(user, credentials);
  }

  /** Removes a user. @returns false when there was none */
  delete(user: string, realm: string): boolean {
    return this.#realms.get(realm)?.delete(user) ?? false;
  }

  /** Every user of every realm, in the order they were added. */
  *[Symbol.iterator](): Iterator<readonly [user: string, realm: string, credentials: UserCredentials]> {
    for (const [realm, { users }] of this.#realms) {
      for (const [user, credentials] of users) yield [user, realm, credentials];
    }
  }

  /** See {@link Credentials.lookup}. */
  lookup(user: string, realm: string): UserCredentials | undefined {
    return this.#realms.get(realm)?.users.get(user);
  }

  /** See {@link Credentials.algorithms}; all that are stored by default while a realm has no user. */
  algorithms(realm: string): readonly DigestAlgorithm[] {
    return this.#realms.get(realm)?.algorithms() ?? storedAlgorithms;
  }

  /** See {@link Credentials.userOf}. */
  userOf(userhash: string, realm: string, algorithm: DigestAlgorithm): string | undefined {
    return this.#realms.get(realm)?.userOf(userhash, algorithm);
  }
}

/** The users of one realm. Every challenge asks what all of them have, so that is counted and not searched for. */
class RealmUsers {
  readonly users = new Map<string, UserCredentials>();
  readonly #realm: string;
  readonly #having = new Map<DigestAlgorithm, number>();
  readonly #hashed = new Map<DigestAlgorithm, Map<string, string>>();

  constructor(realm: string) {
    this.#realm = realm;
  }

  set(user: string, credentials: UserCredentials): void {
    this.delete(user);
    this.users.set(user, credentials);
    this.#count(credentials, 1);
  }

  delete(user: string): boolean {
    const old = this.users.get(user);
    if (old === undefined) return false;
    this.#count(old, -1);
    return this.users.delete(user);
  }

  algorithms(): readonly DigestAlgorithm[] {
    if (this.users.size === 0) return storedAlgorithms;
    return digestAlgorithms.filter((algorithm) => this.#having.get(algorithm) === this.users.size);
  }

  userOf(userhash: string, algorithm: DigestAlgorithm): string | undefined {
    let index = this.#hashed.get(algorithm);
    if (index === undefined) {
      index = new Map(
        [...this.users.keys()].map((user) => [createUserhash(algorithm, user, this.#realm), user]),
      );
      this.#hashed.set(algorithm, index);
    }
    return index.get(userhash);
  }

  #count({ ha1 }: UserCredentials, change: number): void {
    this.#hashed.clear();
    for (const algorithm of digestAlgorithms) {
      if (ha1[algorithm] === undefined) continue;
      this.#having.set(algorithm, (this.#having.get(algorithm) ?? 0) + change);
    }
  }
}
