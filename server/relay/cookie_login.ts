/**
 * Users who have signed in at a web application come to the relay with its cookie (RFC 7977 §7): the application is asked
 * whose it is, before the 101. The relay then answers their AUTH with 200, without a password.
 */
import {
  definePlugin,
  handshakeUser,
  type Plugin,
  type UpgradeContext,
  type Verdict,
} from "../../core/mod.ts";

/** How the cookie of one application is judged. */
export interface CookieLogin {
  /** The path of the handshake that this is for; on others nothing is asked. */
  readonly path: string;
  /** Name of the cookie. */
  readonly cookie: string;
  /** Origins of the application's pages. A cookie goes along with whatever page asks, so all others get 403. */
  readonly origins: readonly string[];
  /** Asked with GET and the cookie alone; answers 200 and `{"user": "alice"}`, or 401. */
  readonly url: string;
  /** Does the request. @default the runtime's fetch */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

const timeoutMs = 5000;
const maxAnswerChars = 4096;

/**
 * Makes the plugin for one path.
 *
 * @param problem told when the application could not be asked, or answered nonsense; never of cookies
 */
export function cookieLogin(login: CookieLogin, problem: (message: string) => void): Plugin {
  const { path, cookie, origins, url } = login;
  const ask = login.fetch ?? fetch;
  const decide = async (c: UpgradeContext, value: string): Promise<Verdict> => {
    const failed = (why: string): Verdict => {
      problem(`cannot ask whose a cookie is: ${why}`);
      return c.reject(503, "The application cannot be asked");
    };
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const headers = { cookie: `${cookie}=${value}`, accept: "application/json" };
      const response = await ask(url, { headers, redirect: "error", signal });
      if (response.status === 401 || response.status === 403) return c.reject(401, "Sign in first");
      if (response.status !== 200) return failed(`status ${response.status}`);
      const user = userOf((await response.text()).slice(0, maxAnswerChars));
      if (user === undefined) return failed("the answer names no user");
      c.set(handshakeUser, { user });
      return c.accept();
    } catch (error) {
      return failed((error as Error).message);
    }
  };
  return definePlugin({
    name: "cookie-login",
    upgrade: (c, next) => {
      if (c.path !== path) return next();
      const origin = c.headers.get("origin");
      if (origin === undefined || !origins.includes(origin)) return c.reject(403, "Not from this page");
      const value = c.cookie(cookie);
      if (value === undefined) return c.reject(401, "Sign in first");
      const decided = decide(c, value);
      return decided.then((verdict) => (verdict.accepted ? next() : verdict));
    },
  });
}

function userOf(text: string): string | undefined {
  const { user } = JSON.parse(text) as { user?: unknown };
  return typeof user === "string" && user !== "" && user.length <= 256 ? user : undefined;
}
