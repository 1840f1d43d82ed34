/**
 * Typed keys: how plugins and applications share values on a session, a connection or one request without a name
 * that could collide. A key is its own identity; two keys of one name are different keys.
 */

declare const valueType: unique symbol;

/** A key for values of type `T`; made by `defineKey`. */
export interface Key<T> {
  /** Name for `describe()` and debuggers. */
  readonly name: string;
  /** Carries the type; has no value at run time. */
  readonly [valueType]?: T;
}

/** Makes a key: `export const AuthUser = defineKey<User>("auth.user")`. */
export function defineKey<T>(name: string): Key<T> {
  return Object.freeze({ name });
}

/** Something that holds values under typed keys. */
export interface KeyedValues {
  /** The value under `key`, or undefined. */
  get<T>(key: Key<T>): T | undefined;
  /** Puts a value under `key`; undefined removes it. */
  set<T>(key: Key<T>, value: T | undefined): void;
}
