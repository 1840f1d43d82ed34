// A person of the web chat without a page: the engine that page and terminal share, over real WebSockets.
// Tests wait for what such a person would see.
import { webSocketConnector } from "../../adapters/websocket.ts";
import { type Archive, MemoryArchive } from "../../samples/web_chat/client/archive.ts";
import { Chat } from "../../samples/web_chat/client/chat.ts";
import type { ChatState, Item } from "../../samples/web_chat/client/state.ts";
import { Store } from "../../samples/web_chat/client/store.ts";
import { signIn } from "../../samples/web_chat/rendezvous_client.ts";
import { people } from "./web_chat_server.ts";

let instances = 0;

/** One page's worth of a person. */
export class ChatClient {
  readonly chat: Chat;
  readonly store: Store = new Store();
  readonly archive: Archive;

  private constructor(origin: string, archive: Archive, looking: () => boolean) {
    this.archive = archive;
    this.chat = new Chat({
      store: this.store,
      origin,
      newInstance: () => `test-${++instances}`,
      openArchive: async () => archive,
      relay: ({ relay: { username, password } }) => ({
        options: {
          relay: `msrp://localhost:${new URL(origin).port};ws`,
          credentials: { username, password },
          allowPlainAuth: true,
        },
        connector: webSocketConnector({ path: "/msrp" }),
      }),
      visible: (peer) => looking() && this.store.state.open === peer,
      remember: () => undefined,
    });
  }

  /** Signs in and waits until the chat is ready. @param archive what an earlier page has left */
  static async enter(
    origin: string,
    who: keyof typeof people,
    archive: Archive = new MemoryArchive(),
    looking: () => boolean = () => true,
  ): Promise<ChatClient> {
    const client = new ChatClient(origin, archive, looking);
    void client.chat.start(await signIn(origin, who, people[who]));
    await client.until(({ phase, contacts }) => phase === "online" && contacts.length > 0);
    return client;
  }

  /** The messages with somebody, as lines such as `"> displayed Hello"`. */
  lines(peer: string): string[] {
    const items = this.store.state.items[peer] ?? [];
    return items.map(({ out, status, text, file }) => `${out ? ">" : "<"} ${status} ${text ?? file?.name}`);
  }

  /** Waits until what is shown is as it should be. */
  until(wanted: (state: ChatState) => boolean): Promise<void> {
    if (wanted(this.store.state)) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.store.subscribe((state) => {
        if (!wanted(state)) return;
        stop();
        resolve();
      });
    });
  }

  /** Waits until a line is there. */
  line(peer: string, line: string): Promise<void> {
    return this.until(() => this.lines(peer).includes(line));
  }

  /** The last message with somebody. */
  last(peer: string): Item {
    return this.store.state.items[peer]?.at(-1) as Item;
  }
}
