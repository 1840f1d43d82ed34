/**
 * The o= line of our own descriptions. Its version grows by one exactly when the text below it changes (RFC 3264 §8),
 * so that an unchanged description is the same octets again.
 */
import { LocalProtocolError, RemoteProtocolError } from "../errors.ts";
import { connectionOf, formatOrigin, readOrigin } from "./fields.ts";

/** What an o= line is made of. */
export interface OriginOptions {
  /** Own address or name. */
  readonly host: string;
  /** Address of o= when the real one is to stay private (RFC 8866 §5.2). @default host */
  readonly originHost?: string;
  /** User name, without blanks. @default "-" */
  readonly username?: string;
  /** Number that makes the line unique, below 2^62. @default 62 random bits */
  readonly originId?: string;
  /** First version, below 2^62. @default "1" */
  readonly originVersion?: string;
}

const limit = 2n ** 62n;

/** Gives each description of one negotiation its o= line. */
export class OriginLine {
  readonly #options: OriginOptions;
  readonly #id: string;
  #version: bigint;
  #last: string | undefined;

  /** @throws LocalProtocolError `bad-origin`, `bad-host` */
  constructor(options: OriginOptions) {
    this.#options = options;
    this.#id = options.originId ?? randomId();
    this.#version = readNumber(options.originVersion ?? "1");
    readNumber(this.#id);
    this.#check();
  }

  /** The text that `make` makes of the right o= line: the last one if nothing else has changed, else the next. */
  stamp(make: (origin: string) => string): string {
    const same = make(this.#format(this.#version));
    if (this.#last === undefined || same === this.#last) return (this.#last = same);
    this.#version += 1n;
    return (this.#last = make(this.#format(this.#version)));
  }

  #format(version: bigint): string {
    const { host, originHost, username } = this.#options;
    const { addressType, address } = connectionOf(originHost ?? host);
    return formatOrigin({
      username: username ?? "-",
      sessionId: this.#id,
      sessionVersion: String(version),
      addressType,
      address,
    });
  }

  #check(): void {
    try {
      readOrigin(this.#format(this.#version));
    } catch (cause) {
      if (!(cause instanceof RemoteProtocolError)) throw cause;
      throw new LocalProtocolError(
        "bad-origin",
        `Cannot write o= with user name "${this.#options.username}"`,
        { cause },
      );
    }
  }
}

// RFC 3264 §5: the first version must be below 2^62-1, so that it can grow without wrapping.
function readNumber(text: string): bigint {
  const number = /^\d{1,19}$/.test(text) ? BigInt(text) : limit;
  if (number >= limit - 1n)
    throw new LocalProtocolError("bad-origin", `Cannot write o= with number "${text}"`);
  return number;
}

function randomId(): string {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return String(((BigInt(high) << 32n) | BigInt(low)) >> 3n);
}
