/**
 * One log-in at each of the own relays (RFC 4976 §5.1): AUTH, the answer to the challenge, another lifetime where the relay
 * asks for it, and the checks of what it gave out. An outer relay is reached through the URIs of those before it.
 */
import { RemoteProtocolError } from "../errors.ts";
import type { RequestResult } from "../session/session_options.ts";
import { MsrpUri } from "../wire/uri.ts";
import type { ClientAuth, RelayChannel } from "./client_auth.ts";

/** What a log-in works with. */
export interface LoginSetting {
  readonly auth: ClientAuth;
  readonly channel: RelayChannel;
  /** The own relays, the nearest first. */
  readonly relays: readonly MsrpUri[];
  /** Seconds to ask for. */
  readonly expires: number | undefined;
  /** Whether URIs for connections without TLS are taken. */
  readonly allowPlain: boolean;
  /** Milliseconds on the clock that times are told on. */
  now(): number;
  /** Sends an AUTH and gives its answer. */
  send(toPath: readonly MsrpUri[], headers: readonly (readonly [string, string])[]): Promise<RequestResult>;
}

/** What a log-in has brought. */
export interface Granted {
  /** The nearest relay first. */
  readonly usePath: readonly MsrpUri[];
  /** When the first of the relays ends it. */
  readonly expiresAt: number;
}

// A relay has a bound below and one above; a third refusal would be a relay that plays.
const maxBounds = 2;
// To-Path of a session holds the URIs of both sides; a longer Use-Path would leave no room for the peer's.
const maxUsePath = 16;
// RFC 4976 §5.1 has Expires in every 200; for a relay that leaves it out this is short enough to be on the safe side.
const assumedSeconds = 300;

/**
 * Logs in at every relay, the nearest first. AUTHs of one client are sent one after the other (RFC 4976 §9.1).
 *
 * @throws RemoteProtocolError `auth-forbidden` (403), `auth-failed` (another status), `expires-refused`, `bad-use-path`, and the
 *   codes of `AuthExchange`; ConnectionError of `send`
 */
export async function login(setting: LoginSetting): Promise<Granted> {
  let usePath: readonly MsrpUri[] = [];
  let expiresAt = Number.POSITIVE_INFINITY;
  for (const relay of setting.relays) {
    const granted = await authenticate(setting, [...usePath, relay]);
    const goesOn = usePath.every((uri, index) => granted.usePath[index]?.equals(uri) === true);
    // Another way than the one that the AUTH took would lead messages to where nobody has logged in.
    if (!goesOn || granted.usePath.length <= usePath.length) {
      throw badUsePath("it does not go on from the URIs of the relays before");
    }
    usePath = granted.usePath;
    expiresAt = Math.min(expiresAt, granted.expiresAt);
  }
  return { usePath, expiresAt };
}

async function authenticate(setting: LoginSetting, toPath: readonly MsrpUri[]): Promise<Granted> {
  const { auth, channel } = setting;
  // RFC 4976 §9.1: the rightmost URI is hashed as it is written.
  const digestUri = toPath.at(-1)?.text ?? "";
  let seconds = setting.expires;
  for (let bounds = 0; ; bounds++) {
    const exchange = auth.begin(digestUri, channel);
    let result = await setting.send(toPath, fields(exchange.authorization, seconds));
    while (result.status === 401) {
      result = await setting.send(toPath, fields(await exchange.challenged(result.headers), seconds));
    }
    if (result.status === 423 && bounds < maxBounds) {
      seconds = within(result, seconds);
      continue;
    }
    if (result.status !== 200) throw refused(result);
    exchange.accepted(result.headers);
    return granted(setting, result, seconds);
  }
}

function granted(setting: LoginSetting, result: RequestResult, asked: number | undefined): Granted {
  const usePath = readUsePath(headerOf(result, "use-path"), setting.allowPlain);
  const seconds = readSeconds(headerOf(result, "expires")) ?? asked ?? assumedSeconds;
  if (seconds === 0) throw badUsePath("it has expired already");
  return { usePath, expiresAt: setting.now() + seconds * 1000 };
}

function readUsePath(value: string | undefined, allowPlain: boolean): readonly MsrpUri[] {
  const texts = value === undefined ? [] : value.split(" ");
  if (texts.length === 0 || texts.length > maxUsePath) throw badUsePath("it has no URI, or too many");
  return texts.map((text) => {
    const { uri, fault } = MsrpUri.read(text);
    if (uri === undefined || fault !== undefined) throw badUsePath("it cannot be read");
    // RFC 4976 §4.2, §8: it goes into SDP and To-Path, where every URI has a port.
    if (uri.port === undefined || uri.sessionId === undefined) throw badUsePath("a port or token is missing");
    if (uri.scheme !== "msrps" && !allowPlain) throw badUsePath("it leads over connections without TLS");
    return uri;
  });
}

/** A lifetime that the relay takes (RFC 4976 §5.1, §6.3: 423 names the bound). */
function within(result: RequestResult, asked: number | undefined): number {
  const min = readSeconds(headerOf(result, "min-expires"));
  const max = readSeconds(headerOf(result, "max-expires"));
  const base = asked ?? min ?? max ?? 0;
  const wanted = Math.min(Math.max(base, min ?? 0), max ?? Number.POSITIVE_INFINITY);
  if (wanted === asked || wanted === 0) {
    throw new RemoteProtocolError("expires-refused", "Cannot log in: the relay takes no lifetime", {
      status: 423,
    });
  }
  return wanted;
}

function refused({ status, comment }: RequestResult): RemoteProtocolError {
  const code = status === 403 ? "auth-forbidden" : "auth-failed";
  const said = `${status}${comment ? ` ${comment}` : ""}`;
  return new RemoteProtocolError(code, `Cannot log in: the relay answered ${said}`, { status });
}

function badUsePath(why: string): RemoteProtocolError {
  return new RemoteProtocolError("bad-use-path", `Cannot use the relay: of its Use-Path, ${why}`);
}

function fields(authorization: string | undefined, seconds: number | undefined): [string, string][] {
  const headers: [string, string][] = [];
  if (authorization !== undefined) headers.push(["Authorization", authorization]);
  if (seconds !== undefined) headers.push(["Expires", String(seconds)]);
  return headers;
}

function headerOf({ headers }: RequestResult, name: string): string | undefined {
  return headers.find(([key]) => key.toLowerCase() === name)?.[1];
}

/** Digits only (RFC 4976 §7); more of them than a number has places are as good as for ever. */
function readSeconds(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d+$/.test(value)) return undefined;
  return Math.min(Number(value), 2 ** 31);
}
