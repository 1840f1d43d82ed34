/**
 * `msrpkit chat`: a terminal among the people of a web chat. It signs in at the chat's server, logs in at its relay, and
 * uses the same conversations as the page, so ticks, typing and files work between the two.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import process from "node:process";
import type * as Effect from "effect/Effect";
import { webSocketConnector } from "../../adapters/websocket.ts";
import type { Connector, RelayClientOptions } from "../../core/mod.ts";
import { MemoryArchive } from "../../samples/web_chat/client/archive.ts";
import { Chat } from "../../samples/web_chat/client/chat.ts";
import { type ChatState, formatSize, type Item } from "../../samples/web_chat/client/state.ts";
import { Store } from "../../samples/web_chat/client/store.ts";
import type { Account } from "../../samples/web_chat/protocol.ts";
import { signIn } from "../../samples/web_chat/rendezvous_client.ts";
import { EXIT_CONNECTION, EXIT_NOT_DELIVERED, EXIT_OK, EXIT_USAGE, exitCodeOfSignal } from "../exit_codes.ts";
import { alternativeName } from "../files/file_name.ts";
import { mediaTypeOf } from "../files/media_type.ts";
import { reasonOf } from "../files/reason_of.ts";
import { attempt, runProgram, untilSignal } from "../lifetime.ts";
import { type Adapter, loadAdapter } from "../runtime.ts";
import { CommandError } from "./command_error.ts";
import { LineInput } from "./line_input.ts";
import { readAuthorities, relayPassword } from "./own_relay.ts";
import type { Terminal } from "./terminal.ts";

/** Options of `msrpkit chat`, as commander gives them. */
export interface WebChatCommandOptions {
  /** Who to sign in as. */
  user: string;
  /** Whom to write to first. */
  to?: string;
  /** PEM file of authorities for the relay. */
  ca?: string;
  /** Folder for files that come. */
  out?: string;
  /** Print events as JSON lines. */
  json?: boolean;
}

/** How long unsent messages hold the end back. */
const drainMs = 10_000;

/** Runs a chat until the input ends; returns the exit status. */
export function runWebChat(
  origin: string,
  options: WebChatCommandOptions,
  terminal: Terminal,
): Promise<number> {
  if (!/^https?:\/\//.test(origin) || !URL.canParse(origin)) {
    throw new CommandError(EXIT_USAGE, `Cannot use "${origin}": give the address of the web chat, http://…`);
  }
  const { user } = options;
  const talk = attempt(async () => {
    const adapter = await loadAdapter();
    const ca = options.ca === undefined ? undefined : await readAuthorities(options.ca);
    if (options.out !== undefined) await mkdir(options.out, { recursive: true });
    const password = await relayPassword(user);
    const signedIn = await signIn(origin, user, password).catch(
      (cause: Error & { status: number; code: string }) => {
        const why = cause.status === 0 ? "it cannot be reached" : cause.code;
        const exitCode = cause.status === 0 ? EXIT_CONNECTION : EXIT_USAGE;
        throw new CommandError(exitCode, `Cannot sign in at ${origin} as ${user}: ${why}`, { cause });
      },
    );
    const store = new Store();
    const chat: Chat = new Chat({
      store,
      origin,
      newInstance: () => `terminal-${process.pid}-${Date.now()}`,
      openArchive: async () => new MemoryArchive(),
      relay: (account) => relayOf(account, origin, adapter, ca),
      visible: () => true,
      remember: () => undefined,
    });
    const talker = new Talker(chat, store, options, terminal);
    const ended = chat.start(signedIn);
    await Promise.race([chat.ready, ended]);
    terminal.result({ event: "signed-in", user }, undefined);
    terminal.note(
      `signed in as ${user}: each line is a message; /to NAME, /file PATH, /who, Ctrl-D ends the chat`,
    );
    const input = talker.read(new LineInput(process.stdin));
    const left = await Promise.race([input.then(() => true), ended.then(() => false)]);
    if (left) await talker.settled();
    const failed = talker.unsent > 0;
    const { phase, problem } = store.state;
    await chat.close();
    if (left) return failed ? EXIT_NOT_DELIVERED : EXIT_OK;
    throw new CommandError(
      EXIT_CONNECTION,
      phase === "replaced" ? `${user} has signed in elsewhere` : (problem ?? "the chat has ended"),
    );
  });
  return runProgram(untilSignal(talk, exitCodeOfSignal) as Effect.Effect<number, Error>);
}

/** By TCP or TLS when the server says where, else by WebSocket as the page does. */
function relayOf(
  { relay: { url, uri, username, password } }: Account,
  origin: string,
  { transportConnect }: Adapter,
  ca: string | undefined,
): { options: RelayClientOptions; connector: Connector } {
  const credentials = { username, password };
  if (uri !== undefined) {
    const tls = ca === undefined ? {} : { tls: { ca } };
    return { options: { relay: uri, credentials, ...tls }, connector: transportConnect };
  }
  const { protocol, hostname, port, pathname } = new URL(url, origin);
  const secure = protocol === "https:" || protocol === "wss:";
  const relay = `${secure ? "msrps" : "msrp"}://${hostname}:${port || (secure ? 443 : 80)};ws`;
  return {
    options: { relay, credentials, allowPlainAuth: !secure },
    connector: webSocketConnector({ path: pathname }),
  };
}

/** Lines in, events out. */
class Talker {
  readonly #chat: Chat;
  readonly #store: Store;
  readonly #options: WebChatCommandOptions;
  readonly #terminal: Terminal;
  /** What was printed of each message last. */
  readonly #printed: Map<string, string> = new Map();
  readonly #online: Map<string, boolean> = new Map();
  #to: string | undefined;
  #waiting: (() => void) | undefined;

  constructor(chat: Chat, store: Store, options: WebChatCommandOptions, terminal: Terminal) {
    this.#chat = chat;
    this.#store = store;
    this.#options = options;
    this.#terminal = terminal;
    this.#to = options.to;
    if (options.to !== undefined) chat.open(options.to);
    store.subscribe((state) => this.#show(state));
  }

  /** Own messages that are not delivered. */
  get unsent(): number {
    const own = Object.values(this.#store.state.items).flat();
    return own.filter(({ out, status }) => out && !["delivered", "displayed", "cancelled"].includes(status))
      .length;
  }

  /** Sends what is typed until the input ends. */
  async read(input: LineInput): Promise<void> {
    for (let line = await input.next(); line !== undefined; line = await input.next()) {
      const [, command, rest = ""] = /^\/(to|file|who)\b\s*(.*)$/.exec(line) ?? [];
      if (command === "to") this.#turnTo(rest);
      else if (command === "who") this.#who();
      else if (line.trim() !== "") await this.#send(command === "file" ? rest : undefined, line);
    }
  }

  /** Resolves when everything is delivered, or it has taken too long. */
  async settled(): Promise<void> {
    if (this.unsent === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, drainMs);
      this.#waiting = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #turnTo(name: string): void {
    this.#to = name;
    this.#chat.open(name);
    this.#terminal.note(`writing to ${name}`);
  }

  #who(): void {
    for (const { name, online } of this.#store.state.contacts) {
      this.#terminal.note(`${name}: ${online ? "online" : "offline"}`);
    }
  }

  async #send(path: string | undefined, text: string): Promise<void> {
    const to = this.#to;
    if (to === undefined) {
      this.#terminal.note("Whom to? Say /to NAME first.");
    } else if (path === undefined) {
      this.#chat.sendText(to, text);
    } else {
      try {
        const file = new File([await readFile(path)], basename(path), { type: mediaTypeOf(path) });
        this.#chat.sendFiles(to, [file]);
      } catch (error) {
        this.#terminal.note(`Cannot read ${path}: ${reasonOf(error as Error)}`);
      }
    }
  }

  #show(state: ChatState): void {
    for (const { name, online } of state.contacts) {
      if ((this.#online.get(name) ?? false) === online) continue;
      this.#online.set(name, online);
      this.#terminal.result({ event: "presence", name, online }, undefined);
      this.#terminal.note(`${name} is ${online ? "online" : "offline"}`);
    }
    for (const item of Object.values(state.items).flat()) {
      const key = `${item.out} ${item.peer} ${item.id}`;
      if (this.#printed.get(key) === item.status) continue;
      this.#printed.set(key, item.status);
      if (item.out) this.#showOwn(item);
      else if (item.status === "received") void this.#showReceived(item);
    }
    if (this.unsent === 0) this.#waiting?.();
  }

  #showOwn({ id, peer, status, reason }: Item): void {
    this.#terminal.result({ event: "status", to: peer, messageId: id, status }, undefined);
    if (status === "failed")
      this.#terminal.error(`not delivered to ${peer}: ${reason ?? "failed"}`, EXIT_NOT_DELIVERED);
  }

  async #showReceived(item: Item): Promise<void> {
    const { peer, id, text, file } = item;
    this.#to ??= peer;
    if (file === undefined) {
      this.#terminal.result({ event: "message", from: peer, messageId: id, text }, undefined);
      if (!this.#terminal.json) await this.#terminal.text(`${peer}: ${text}\n`);
      return;
    }
    const { name, size, type } = file;
    const path =
      this.#options.out === undefined ? undefined : await this.#keep(item, this.#options.out, name);
    this.#terminal.result(
      { event: "file", from: peer, messageId: id, name, size, contentType: type, path },
      undefined,
    );
    if (!this.#terminal.json) {
      const where = path === undefined ? "--out DIRECTORY would keep it" : path;
      await this.#terminal.text(`${peer} has sent ${name} (${formatSize(size)}): ${where}\n`);
    }
  }

  async #keep(item: Item, folder: string, name: string): Promise<string | undefined> {
    const octets = new Uint8Array((await (await this.#chat.file(item))?.arrayBuffer()) ?? new ArrayBuffer());
    for (let tries = 0; ; tries++) {
      const path = join(folder, alternativeName(name, tries));
      try {
        await writeFile(path, octets, { flag: "wx" });
        return path;
      } catch (error) {
        if ((error as { code?: string }).code === "EEXIST" && tries < 1000) continue;
        this.#terminal.note(`Cannot keep ${name}: ${reasonOf(error as Error)}`);
        return undefined;
      }
    }
  }
}
