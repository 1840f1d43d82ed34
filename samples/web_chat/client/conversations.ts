/**
 * A signed-in person's conversations: contacts, calls, messages. It lives from the sign-in to the sign-out of one page or
 * terminal; what is around it, such as the page's storage, is `chat.ts`'s matter.
 */
import {
  type Connector,
  connectThroughRelay,
  createMessageId,
  definePlugin,
  InboxAssembler,
  InboxBudget,
  Msrp,
  type RelayClient,
  type RelayClientOptions,
  type Session,
} from "../../../mod.ts";
import type { Contact, RendezvousEvent } from "../protocol.ts";
import type { RendezvousClient } from "../rendezvous_client.ts";
import type { Archive } from "./archive.ts";
import { Book } from "./book.ts";
import type { Line } from "./call.ts";
import { Composer, Composers } from "./composing.ts";
import { composingType, cpimType, type Ends, noticeType, wrapped } from "./content.ts";
import { Incoming } from "./incoming.ts";
import { writeComposing, writeNotice } from "./notices.ts";
import { Outgoing } from "./outgoing.ts";
import { Peer, type PeerHost } from "./peer.ts";
import { type ChatState, changeItem, type Item, owed, sessionLost, unseen, unsent } from "./state.ts";
import type { Store } from "./store.ts";

/** What conversations are made with. */
export interface ConversationsOptions {
  readonly user: string;
  readonly store: Store;
  readonly archive: Archive;
  readonly rendezvous: RendezvousClient;
  /** How to log in at the relay, and what connects to it. */
  readonly relay: RelayClientOptions;
  readonly connector: Connector;
  /** Host of the addresses in messages. */
  readonly domain: string;
  /** Whether the person sees the conversation with a contact now. */
  readonly visible: (peer: string) => boolean;
  /** The relay was reached, or not: then why. */
  readonly onRelay: (problem: unknown) => void;
}

/** A paused file may stand still for a day. */
const idleTimeoutMs = 86_400_000;

/** Everything between a person and the contacts. */
export class Conversations {
  readonly #options: ConversationsOptions;
  readonly #book: Book;
  readonly outgoing: Outgoing;
  readonly incoming: Incoming;
  readonly #app: Msrp;
  readonly #peers: Map<string, Peer> = new Map();
  /** Contacts by the own URIs that were given to them. */
  readonly #routes: Map<string, string> = new Map();
  readonly #composers: Map<string, Composer> = new Map();
  readonly #composing: Composers;
  readonly #host: PeerHost;
  #relay: Promise<RelayClient> | undefined;
  #closed = false;

  constructor(options: ConversationsOptions) {
    this.#options = options;
    const { store, archive, rendezvous, user } = options;
    this.#book = new Book(store, archive);
    const again = (peer: string): void => void setTimeout(() => this.#flush(peer), 1000);
    this.outgoing = new Outgoing(this.#book, archive, (peer) => this.#ends(peer), again);
    this.#composing = new Composers((peer, typing) => this.#show(peer, typing));
    this.incoming = new Incoming(this.#book, archive, {
      arrived: (peer, item, wantsDelivered) => this.#arrived(peer, item, wantsDelivered),
      composing: (peer, { state, refresh }) => this.#composing.told(peer, state, refresh),
    });
    this.#host = {
      user,
      line: () => this.#line(),
      signal: (to, signal) => rendezvous.send(to, signal),
      held: (peer) => this.incoming.held(peer),
      wanted: (peer) => this.#wanted(peer),
      routed: (key, peer) => {
        if (peer === undefined) this.#routes.delete(key);
        else this.#routes.set(key, peer);
      },
      opened: (peer, session, held) => {
        this.#options.onRelay(undefined);
        this.outgoing.flush(peer, session, held);
        this.look();
      },
      lost: (peer) => {
        this.#composing.quiet(peer);
        this.#book.update((state) => sessionLost(state, peer));
      },
      problem: (_peer, error) => this.#options.onRelay(error),
    };
    this.#app = this.#makeApp();
  }

  /** Takes an event of the rendezvous. */
  event(event: RendezvousEvent): void {
    if (event.type === "contacts") this.#contacts(event.contacts);
    else if (event.type === "signal") this.#peer(event.from).signal(event.instance, event.signal);
  }

  /** The network may be back. */
  awake(): void {
    for (const peer of this.#peers.values()) peer.want();
  }

  /** Shows a conversation; a call is made then, so that the first message need not wait for it. */
  opened(peer: string): void {
    this.look();
    this.#peers.get(peer)?.want();
  }

  sendText(peer: string, text: string): void {
    this.#composer(peer).sent();
    this.outgoing.addText(peer, createMessageId(), Date.now(), text);
    this.#flush(peer);
  }

  sendFile(peer: string, file: File): void {
    this.outgoing.addFile(peer, createMessageId(), Date.now(), file);
    this.#flush(peer);
  }

  retry(item: Item): void {
    this.outgoing.retry(item);
    this.#flush(item.peer);
  }

  /** The person writes, or has deleted what was written. */
  composing(peer: string, empty: boolean): void {
    this.#composer(peer).changed(empty);
  }

  /** What the person sees now counts as displayed. */
  look(): void {
    for (const name of this.#peers.keys()) {
      if (!this.#options.visible(name)) continue;
      for (const item of unseen(this.#book.state, name)) this.#change(item, { seen: true });
    }
    for (const name of this.#peers.keys()) this.#pay(name);
  }

  /** Ends all sessions, at once. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#composing.close();
    for (const composer of this.#composers.values()) composer.sent();
    for (const peer of this.#peers.values()) peer.close();
    (await this.#relay?.catch(() => undefined))?.close();
    await this.#app.close({ drainMs: 0 }).catch(() => undefined);
  }

  #makeApp(): Msrp {
    const inbox = definePlugin("web-chat-inbox", (host) => {
      const budget = new InboxBudget();
      return {
        name: "web-chat-inbox",
        assemble: (session) => {
          const peer = this.#peerOf(session);
          const onMessageStart =
            peer === undefined
              ? {}
              : {
                  onMessageStart: (start: Parameters<Incoming["start"]>[1]) =>
                    this.incoming.start(peer, start),
                };
          return new InboxAssembler(session, { idleTimeoutMs, ...onMessageStart }, budget, () => host.now());
        },
      };
    });
    return new Msrp().use(inbox).onMessage((message, session) => {
      const peer = this.#peerOf(session);
      if (peer !== undefined) this.incoming.message(peer, message);
    });
  }

  #peerOf(session: Session): string | undefined {
    return this.#routes.get(session.local.key);
  }

  async #line(): Promise<Line> {
    const { relay, connector, onRelay } = this.#options;
    this.#relay ??= connectThroughRelay(this.#app, relay, connector).then((client) => {
      client.onRenewed(({ path, replaces, reason }) => {
        // A call takes a path of its own.
        path.release();
        for (const peer of this.#peers.values()) {
          if (reason === "expiry" && peer.call?.path === replaces) peer.renew();
        }
      });
      return client;
    });
    try {
      const client = await this.#relay;
      onRelay(undefined);
      return { app: this.#app, relay: client, connector };
    } catch (error) {
      this.#relay = undefined;
      throw error;
    }
  }

  #contacts(contacts: readonly Contact[]): void {
    this.#book.update((state) => ({ ...state, contacts }));
    const names = new Set(contacts.map(({ name }) => name));
    for (const contact of contacts) this.#peer(contact.name).contact(contact);
    for (const [name, peer] of this.#peers) if (!names.has(name)) peer.contact(undefined);
  }

  #peer(name: string): Peer {
    let peer = this.#peers.get(name);
    if (peer === undefined) {
      peer = new Peer(this.#host, name);
      this.#peers.set(name, peer);
    }
    return peer;
  }

  #composer(peer: string): Composer {
    let composer = this.#composers.get(peer);
    if (composer === undefined) {
      // The echo would only say it back.
      const person = this.#book.state.contacts.find(({ name }) => name === peer)?.kind !== "echo";
      composer = new Composer((state) => {
        if (person) this.#tell(peer, composingType, writeComposing(state));
      });
      this.#composers.set(peer, composer);
    }
    return composer;
  }

  #wanted(peer: string): boolean {
    const { state } = this.#book;
    return state.open === peer || unsent(state, peer).length > 0 || owed(state, peer).length > 0;
  }

  #flush(name: string): void {
    if (this.#closed) return;
    const peer = this.#peers.get(name);
    const session = peer?.session;
    if (session !== undefined) this.outgoing.flush(name, session, []);
    else peer?.want();
  }

  #arrived(peer: string, item: Item, wantsDelivered: boolean): void {
    this.#composing.quiet(peer);
    if (wantsDelivered && item.noticeId !== undefined) {
      this.#tell(peer, noticeType, writeNotice({ id: item.noticeId, status: "delivered" }, item.at));
    }
    this.look();
  }

  // What is owed and cannot be told now is told in the next session.
  #pay(name: string): void {
    const items = owed(this.#book.state, name);
    if (items.length === 0) return;
    if (this.#peers.get(name)?.session === undefined) {
      this.#peers.get(name)?.want();
      return;
    }
    for (const item of items) {
      const { noticeId } = item;
      this.#change(item, { owes: false });
      if (noticeId === undefined) continue;
      const xml = writeNotice({ id: noticeId, status: "displayed" }, item.at);
      this.#tell(name, noticeType, xml)?.catch(() => this.#change(item, { owes: true }));
    }
  }

  #tell(peer: string, contentType: string, xml: string): Promise<void> | undefined {
    const session = this.#peers.get(peer)?.session;
    if (session === undefined) return undefined;
    const body = wrapped(this.#ends(peer), contentType, xml);
    try {
      const sent = session.send(body, { contentType: cpimType, successReport: false, control: true });
      return sent.accepted;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #ends(peer: string): Ends {
    const { user, domain } = this.#options;
    return { from: uriOf(user, domain), to: uriOf(peer, domain) };
  }

  #show(peer: string, typing: boolean): void {
    this.#book.update((state: ChatState) =>
      (state.typing[peer] ?? false) === typing
        ? state
        : { ...state, typing: { ...state.typing, [peer]: typing } },
    );
  }

  #change(item: Item, change: Partial<Item>): void {
    this.#book.update((state) => changeItem(state, item.peer, item.id, item.out, change));
    this.#book.keep(item);
  }
}

/** An address for CPIM: `im:` as RFC 3860 has it. */
function uriOf(name: string, domain: string): string {
  return `im:${encodeURIComponent(name)}@${domain}`;
}
