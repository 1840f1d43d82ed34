/**
 * What a middleware decides: go on and accept, or refuse with a status. The node turns one verdict into a response,
 * a REPORT or silence, by RFC 4975 §7.1.4 and §7.2; plugins never do.
 */

/** Further header fields of a response, in order. */
export type HeaderFields = readonly (readonly [name: string, value: string])[];

/** The outcome of a stage. Made by `c.accept()`, `c.reject()` and `next()`, never by hand. */
export class Verdict {
  /** 200 when accepted, else the status code of the refusal. */
  readonly status: number;
  /** Comment for the response or REPORT; undefined = the usual one for the status. */
  readonly comment: string | undefined;
  /** Header fields for the response. */
  readonly headers: HeaderFields | undefined;
  /** What was thrown, when the refusal stands for an error; never sent. */
  readonly cause: unknown;
  /** Name of the plugin that refused; undefined for an acceptance, and when it was the node itself. */
  readonly plugin: string | undefined = undefined;

  constructor(status: number, comment?: string, headers?: HeaderFields, cause?: unknown) {
    this.status = status;
    this.comment = comment;
    this.headers = headers;
    this.cause = cause;
  }

  /** True for every 2xx status. */
  get accepted(): boolean {
    return this.status < 300;
  }
}

/** Notes whose refusal it is, for those who count and log. The innermost stays. */
export function refusedBy(verdict: Verdict, plugin: string): Verdict {
  if (verdict.status < 300 || verdict.plugin !== undefined) return verdict;
  const { status, comment, headers, cause } = verdict;
  const noted = Object.isFrozen(verdict) ? new Verdict(status, comment, headers, cause) : verdict;
  (noted as { plugin: string | undefined }).plugin = plugin;
  return noted;
}

/** The plain acceptance: one object for all, so that accepting costs nothing. */
export const ACCEPTED: Verdict = Object.freeze(new Verdict(200));

/** A verdict, now or later. */
export type MaybeVerdict = Verdict | Promise<Verdict>;
