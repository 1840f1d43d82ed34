/**
 * `msrpkit user`: adds, removes and lists the users of a relay and changes their passwords. What is stored is a hash
 * that is good for one domain only.
 */
import { openManagedStore } from "../credentials/open_credentials.ts";
import { type ManagedStore, nameFault } from "../credentials/store.ts";
import { EXIT_OK, EXIT_USAGE } from "../exit_codes.ts";
import { CommandError } from "./command_error.ts";
import { readPassword } from "./password_input.ts";
import type { Terminal } from "./terminal.ts";

/** What can be done with users. */
export type UserAction = "add" | "passwd" | "remove" | "list";

/** Options of `msrpkit user`. */
export interface UserOptions {
  /** Where users are kept: `FILE`, `sqlite:FILE` or `postgres://…`. */
  readonly users?: string;
  /** The domain of the user, which is the realm of Digest. */
  readonly domain?: string;
  /** Print JSON lines. */
  readonly json?: boolean;
}

/**
 * Runs `msrpkit user ACTION`.
 *
 * @param name the user; not for `list`
 * @param password asks for the password; tests give their own
 * @returns the exit status
 */
export async function runUser(
  action: UserAction,
  name: string | undefined,
  options: UserOptions,
  terminal: Terminal,
  password: (prompt: string) => Promise<string> = readPassword,
): Promise<number> {
  const { users, domain } = options;
  if (users === undefined || users === "")
    throw usage("name the place of the users with --users or MSRPKIT_USERS");
  if (action !== "list" && domain === undefined) {
    throw usage("name the domain of the user with --domain or MSRPKIT_DOMAIN");
  }
  const fault = action === "list" ? undefined : nameFault(name ?? "", domain ?? "");
  if (fault !== undefined) throw usage(fault);
  const onProblem = (problem: Error): void => terminal.note(problem.message);
  const store = await openManagedStore(users, { onProblem });
  try {
    if (action === "list") await list(store, domain, terminal);
    else await change(store, action, name ?? "", domain ?? "", terminal, password);
  } finally {
    await store.close();
  }
  return EXIT_OK;
}

async function list(store: ManagedStore, domain: string | undefined, terminal: Terminal): Promise<void> {
  for (const { user, realm, algorithms } of await store.list(domain)) {
    terminal.result(
      { event: "user", user, domain: realm, algorithms },
      `${user}@${realm}  ${algorithms.join(", ")}`,
    );
  }
}

async function change(
  store: ManagedStore,
  action: "add" | "passwd" | "remove",
  name: string,
  domain: string,
  terminal: Terminal,
  password: (prompt: string) => Promise<string>,
): Promise<void> {
  const whole = `${name}@${domain}`;
  const there = (await store.lookup(name, domain)) !== undefined;
  const missing = (): CommandError => usage(`there is no user ${whole} in the ${store.description}`);
  const twice = (): CommandError =>
    usage(`there is a user ${whole} already; msrpkit user passwd changes the password`);
  // Asked before the password is: nobody types one in vain.
  if (action === "add" && there) throw twice();
  if (action !== "add" && !there) throw missing();
  if (action === "remove") {
    if (!(await store.remove(name, domain))) throw missing();
    return terminal.result({ event: "removed", user: name, domain }, `removed ${whole}`);
  }
  const secret = await password(`Password for ${whole}`);
  const mode = action === "add" ? "add" : "change";
  if (!(await store.set(name, domain, secret, mode))) throw mode === "add" ? twice() : missing();
  const event = action === "add" ? "added" : "changed";
  terminal.result({ event, user: name, domain }, `${event} ${whole}`);
}

function usage(message: string): CommandError {
  return new CommandError(EXIT_USAGE, message);
}
