// The gate adds no stage that it has nothing to do in, and passes on without a promise.
// auth() has what peers see.
import { expect, test } from "#test";
import { type ChunkContext, handshakeUser, type PluginHost, Verdict } from "../../../core/mod.ts";
import { AuthGate, type AuthGateParts } from "../../../plugins/_auth_gate.ts";

const host: PluginHost = { now: () => 0, setTimer: () => () => undefined, error: () => undefined };
const parts: AuthGateParts = {
  authenticator: undefined,
  allowPlain: false,
  bearer: undefined,
  cookie: undefined,
  certificate: undefined,
  permit: () => true,
  required: false,
  lockOut: {
    userFailures: 1,
    addressFailures: 1,
    connectionFailures: 1,
    windowMs: 1,
    lockMs: 1,
    maxKeys: 1,
  },
  onAttempt: undefined,
};

test("chunks are looked at only when a user is required, and then once for each session", () => {
  expect(Object.keys(new AuthGate(parts, host).hooks())).toEqual(["name", "session", "upgrade", "request"]);
  const { chunk, session } = new AuthGate({ ...parts, required: true }, host).hooks();
  let asked = 0;
  let user: unknown;
  const connection = {
    direction: "inbound",
    get: (key: unknown) => {
      asked++;
      return key === handshakeUser ? user : undefined;
    },
  };
  const c = {
    connection,
    session: { state: "bound", get: () => undefined },
    reject: (status: number) => new Verdict(status),
  } as unknown as ChunkContext;
  const own = session?.({} as never) as { open: boolean };
  const pass = new Verdict(200);
  expect((chunk?.(c, () => pass, own) as Verdict | undefined)?.status).toBe(403);
  user = { user: "alice" };
  expect([chunk?.(c, () => pass, own), chunk?.(c, () => pass, own)]).toEqual([pass, pass]);
  expect(asked).toBe(2);
});
