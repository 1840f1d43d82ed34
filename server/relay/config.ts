/**
 * The configuration of `msrpkit relay`: what the command line says, over what a JSON file says, checked as a whole. The
 * file is read again on SIGHUP.
 */
import { z } from "zod";
import {
  DialPolicy,
  type DialPolicyOptions,
  type DigestAlgorithm,
  type RelayLimits,
} from "../../core/mod.ts";
import { relayLimits } from "../../core/relay/limits.ts";
import { checkRelayName } from "../../core/relay/names.ts";
import { CommandError } from "../cli/command_error.ts";
import { EXIT_USAGE } from "../exit_codes.ts";
import { readJson } from "../files/read_text.ts";
import type { ObservingOptions } from "../observing.ts";
import type { WebSocketOptions } from "../runtime.ts";
import type { CookieLogin } from "./cookie_login.ts";

const count = z.number().positive();
const limitNames = [
  "minExpires",
  "maxExpires",
  "defaultExpires",
  "maxBindings",
  "maxBindingsPerConnection",
  "maxBindingsPerUser",
  "maxAuthFailures",
  "maxAuthFailuresPerAddress",
  "maxAuthFailuresPerUser",
  "maxPendingAuths",
  "maxPendingAuthsPerRelay",
  "maxStrangerRefusalsAtOnce",
  "maxStrangerWasteBytes",
  "maxConnectionsPerAddress",
  "maxConnections",
  "slowMs",
  "maxOpenTransactionsPerRelay",
  "idleMs",
  "maxFlowBytes",
  "maxFlowFrames",
  "maxUnansweredBytes",
  "maxAnswerDelayMs",
  "maxWaitingBytes",
  "stalledMs",
  "sharedStallMs",
  "connectTimeoutMs",
  "maxDials",
  "maxDialsPerMinute",
  "maxConnectionsPerTarget",
  "redialMs",
  "maxChunksPerSecond",
  "maxBytesPerSecond",
  "maxTinyChunksPerSecond",
  "maxUserChunksPerSecond",
  "maxUserBytesPerSecond",
  "maxFlowsPerConnection",
  "maxFlows",
] as const satisfies readonly (keyof RelayLimits)[];

type Missing = Exclude<keyof RelayLimits, (typeof limitNames)[number]>;
// A limit that the file does not know does not compile.
const complete: [Missing] extends [never] ? true : Missing = true;
void complete;

const limits = z.strictObject(
  Object.fromEntries(limitNames.map((name) => [name, count.optional()])) as Record<
    keyof RelayLimits,
    z.ZodOptional<typeof count>
  >,
);

const schema = z.strictObject({
  domains: z.array(z.string().min(1)).min(1).optional(),
  member: z.string().min(1).optional(),
  listen: z.array(z.string().min(1)).min(1).optional(),
  users: z.string().min(1).optional(),
  realm: z.string().min(1).optional(),
  cert: z.string().optional(),
  key: z.string().optional(),
  ca: z.string().optional(),
  relays: z.array(z.string().min(1)).optional(),
  dial: z
    .strictObject({
      allow: z.array(z.string()).optional(),
      deny: z.array(z.string()).optional(),
      lowPorts: z.array(z.number().int().positive()).optional(),
      deniedPorts: z.array(z.number().int().positive()).optional(),
    })
    .optional(),
  hosts: z.record(z.string(), z.array(z.union([z.ipv4(), z.ipv6()])).min(1)).optional(),
  permitUsers: z.array(z.string()).optional(),
  denyUsers: z.array(z.string()).optional(),
  algorithms: z
    .array(z.enum(["MD5", "SHA-256", "SHA-512-256"]))
    .min(1)
    .refine((names) => new Set(names).size === names.length, "none may occur twice")
    .optional(),
  nonceLifetimeSeconds: count.optional(),
  drainSeconds: count.optional(),
  webSocket: z
    .strictObject({
      origins: z.array(z.string().min(1)).optional(),
      behindProxy: z.boolean().optional(),
      pingSeconds: z.number().nonnegative().optional(),
      maxMessageBytes: count.optional(),
      logins: z
        .array(
          z.strictObject({
            path: z.string().startsWith("/"),
            cookie: z.string().min(1),
            origins: z.array(z.string().min(1)).min(1),
            url: z.string().min(1),
          }),
        )
        .optional(),
    })
    .optional(),
  limits: limits.optional(),
  development: z
    .strictObject({ plainAuth: z.boolean().optional(), clockScale: z.number().min(1).max(1000).optional() })
    .optional(),
});

/** What a configuration file may say. */
type RelayConfigFile = z.infer<typeof schema>;

/** Options of `msrpkit relay`, as commander gives them. */
export interface RelayCommandOptions extends ObservingOptions {
  /** Names of the relay. */
  domain?: readonly string[];
  /** URIs to listen on. */
  listen?: readonly string[];
  /** Where users are kept. */
  users?: string;
  /** JSON file with the rest. */
  config?: string;
  /** PEM certificate. */
  cert?: string;
  /** PEM key. */
  key?: string;
  /** PEM authorities that vouch for other relays and next hops. */
  ca?: string;
  /** Names of other relays. */
  relay?: readonly string[];
  /** Next hops that are permitted although they are private. */
  allowDial?: readonly string[];
  /** Answer AUTH without TLS. */
  allowPlainAuth?: boolean;
  /** JSON file with plugins and their options. */
  plugins?: string;
  /** Print events as JSON lines. */
  json?: boolean;
}

/** A configuration, checked. */
export interface RelayConfig {
  readonly domains: readonly string[];
  readonly member: string | undefined;
  readonly listen: readonly string[];
  readonly users: string;
  readonly realm: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly ca: string | undefined;
  readonly relays: readonly string[];
  readonly dial: DialPolicyOptions;
  readonly hosts: Readonly<Record<string, readonly string[]>>;
  readonly permitUser: (user: string) => boolean;
  readonly algorithms: readonly DigestAlgorithm[] | undefined;
  readonly nonceLifetimeMs: number | undefined;
  readonly drainMs: number;
  readonly limits: RelayLimits;
  readonly allowPlainAuth: boolean;
  readonly clockScale: number;
  readonly webSocket: { readonly options: WebSocketOptions; readonly logins: readonly CookieLogin[] };
}

/** Time for what is under way when the relay ends. */
const defaultDrainSeconds = 10;

/**
 * Reads the file, if any, and puts the command line over it.
 *
 * @throws {CommandError} (usage) a field that is missing, unknown or wrong; (file) a file that cannot be read
 */
export async function relayConfig(options: RelayCommandOptions): Promise<RelayConfig> {
  const file = options.config === undefined ? {} : await readConfig(options.config);
  const domains = given(options.domain) ?? file.domains;
  const listen = given(options.listen) ?? file.listen;
  const users = options.users ?? file.users;
  if (domains === undefined) throw missing("--domain", "domains");
  if (listen === undefined) throw missing("--listen", "listen");
  if (users === undefined) throw missing("--users", "users");
  const { permitUsers, denyUsers = [], dial = {} } = file;
  const config: RelayConfig = {
    domains,
    member: file.member,
    listen,
    users,
    realm: file.realm,
    cert: options.cert ?? file.cert,
    key: options.key ?? file.key,
    ca: options.ca ?? file.ca,
    relays: [...(file.relays ?? []), ...(options.relay ?? [])],
    dial: {
      ...(dial.deny === undefined ? {} : { deny: dial.deny }),
      ...(dial.lowPorts === undefined ? {} : { lowPorts: dial.lowPorts }),
      ...(dial.deniedPorts === undefined ? {} : { deniedPorts: dial.deniedPorts }),
      allow: [...(dial.allow ?? []), ...(options.allowDial ?? [])],
    },
    hosts: file.hosts ?? {},
    permitUser: (user) => (permitUsers?.includes(user) ?? true) && !denyUsers.includes(user),
    algorithms: file.algorithms,
    nonceLifetimeMs: file.nonceLifetimeSeconds === undefined ? undefined : file.nonceLifetimeSeconds * 1000,
    drainMs: (file.drainSeconds ?? defaultDrainSeconds) * 1000,
    limits: definedOnly(file.limits ?? {}),
    allowPlainAuth: options.allowPlainAuth === true || file.development?.plainAuth === true,
    clockScale: file.development?.clockScale ?? 1,
    webSocket: webSocketConfig(file.webSocket ?? {}),
  };
  check(config);
  return config;
}

/** What only the parts that use it can judge, so that nothing has changed yet when it is wrong. */
function check({ domains, member = domains[0] as string, relays, dial, limits }: RelayConfig): void {
  try {
    for (const name of [...domains, member, ...relays]) checkRelayName(name);
    relayLimits(limits);
    new DialPolicy(dial);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CommandError(EXIT_USAGE, cause.message, { cause });
  }
}

function webSocketConfig(given: NonNullable<RelayConfigFile["webSocket"]>): RelayConfig["webSocket"] {
  const { logins = [], pingSeconds, ...rest } = given;
  const options: WebSocketOptions = {
    ...definedOnly(rest),
    ...(pingSeconds === undefined ? {} : { pingIntervalMs: pingSeconds * 1000 }),
  };
  return { options, logins };
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function definedOnly<T extends object>(given: T): Defined<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Defined<T>;
}

function given(values: readonly string[] | undefined): readonly string[] | undefined {
  return values === undefined || values.length === 0 ? undefined : values;
}

function missing(option: string, field: string): CommandError {
  return new CommandError(EXIT_USAGE, `A relay needs ${option} (or "${field}" in --config FILE)`);
}

async function readConfig(path: string): Promise<RelayConfigFile> {
  const parsed = schema.safeParse(await readJson(path));
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => `${issue.path.join(".") || "(top)"}: ${issue.message}`);
  throw new CommandError(EXIT_USAGE, `Cannot use ${path}: ${issues.join("; ")}`);
}
