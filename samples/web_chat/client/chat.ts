/**
 * The chat of one page or terminal: signs in, keeps the stream of events, and starts the conversations. It is the whole
 * of what the views can do.
 */
import type { Connector, RelayClientOptions } from "../../../mod.ts";
import type { Account, SignedIn } from "../protocol.ts";
import { RendezvousClient, RendezvousError, signIn } from "../rendezvous_client.ts";
import type { Actions } from "./actions.ts";
import type { Archive } from "./archive.ts";
import { Conversations } from "./conversations.ts";
import { type ChatState, emptyState, type Item } from "./state.ts";
import type { Store } from "./store.ts";

/** What differs between a page and a terminal. */
export interface ChatOptions {
  readonly store: Store;
  /** Origin of the chat server. */
  readonly origin: string;
  /** A new name for this page or terminal, whenever it starts or takes the chat over. */
  newInstance(): string;
  openArchive(user: string): Promise<Archive>;
  /** How to reach the relay. */
  relay(account: Account): { readonly options: RelayClientOptions; readonly connector: Connector };
  /** Whether the person sees the conversation with a contact now. */
  visible(peer: string): boolean;
  /** Keeps the sign-in beyond a reload; undefined = forgets it. */
  remember(signedIn: SignedIn | undefined): void;
}

/** A chat. */
export class Chat implements Actions {
  readonly #options: ChatOptions;
  #rendezvous: RendezvousClient | undefined;
  #conversations: Conversations | undefined;
  #signedIn: SignedIn | undefined;
  #ending: AbortController | undefined;
  #relayProblem: unknown;
  #connected = false;
  #isReady: () => void = () => undefined;
  /** Resolves once messages can be written: they wait by themselves for whatever else is missing. */
  readonly ready: Promise<void> = new Promise((resolve) => {
    this.#isReady = resolve;
  });

  constructor(options: ChatOptions) {
    this.#options = options;
  }

  signIn(user: string, password: string): void {
    const { origin, store } = this.#options;
    store.update((state) => ({ ...state, phase: "signing-in", problem: undefined }));
    signIn(origin, user, password).then(
      (signedIn) => this.start(signedIn),
      (error: unknown) => {
        store.update((state) => ({ ...state, phase: "signed-out", problem: whyNot(error) }));
      },
    );
  }

  /** Goes on with a sign-in, for example that of the page before. Resolves when the chat has ended. */
  async start(signedIn: SignedIn): Promise<void> {
    const { origin, store, openArchive, remember, visible } = this.#options;
    const { user, token } = signedIn;
    const rendezvous = new RendezvousClient({ origin, token, instance: this.#options.newInstance() });
    this.#signedIn = signedIn;
    this.#rendezvous = rendezvous;
    remember(signedIn);
    store.update((state) => ({ ...state, phase: "connecting", user, problem: undefined }));
    const ending = new AbortController();
    this.#ending = ending;
    try {
      const [account, archive] = await Promise.all([
        this.#account(rendezvous, ending.signal),
        openArchive(user),
      ]);
      const items = (await archive.items()).map(afterReload);
      if (ending.signal.aborted || account === undefined) return;
      store.update((state) => ({ ...state, items: byPeer(items) }));
      const { options, connector } = this.#options.relay(account);
      this.#conversations = new Conversations({
        user,
        store,
        archive,
        rendezvous,
        relay: options,
        connector,
        domain: new URL(origin).hostname,
        visible: (peer) => visible(peer),
        onRelay: (problem) => {
          this.#relayProblem = problem;
          this.#showPhase();
        },
      });
      this.#isReady();
      await rendezvous.follow(
        (event) => {
          this.#conversations?.event(event);
          if (event.type === "replaced") this.#leave("replaced");
        },
        (connected) => {
          this.#connected = connected;
          this.#showPhase();
          if (connected) this.#conversations?.awake();
        },
        ending.signal,
      );
    } catch (error) {
      if (ending.signal.aborted) return;
      this.#leave("signed-out", error instanceof RendezvousError ? whyNot(error) : String(error));
    }
  }

  signOut(): void {
    void this.#rendezvous?.signOut();
    this.#leave("signed-out");
  }

  takeOver(): void {
    if (this.#signedIn !== undefined) void this.start(this.#signedIn);
  }

  open(peer: string | undefined): void {
    this.#options.store.update((state) => ({ ...state, open: peer }));
    if (peer !== undefined) this.#conversations?.opened(peer);
  }

  sendText(peer: string, text: string): void {
    this.#conversations?.sendText(peer, text);
  }

  sendFiles(peer: string, files: readonly File[]): void {
    for (const file of files) this.#conversations?.sendFile(peer, file);
  }

  pause(item: Item): void {
    this.#conversations?.outgoing.pause(item);
  }

  resume(item: Item): void {
    this.#conversations?.outgoing.resume(item);
  }

  cancel(item: Item): void {
    if (item.out) this.#conversations?.outgoing.cancel(item);
    else this.#conversations?.incoming.cancel(item);
  }

  retry(item: Item): void {
    this.#conversations?.retry(item);
  }

  composing(peer: string, empty: boolean): void {
    this.#conversations?.composing(peer, empty);
  }

  async file(item: Item): Promise<Blob | undefined> {
    return await (item.out
      ? this.#conversations?.outgoing.file(item)
      : this.#conversations?.incoming.file(item));
  }

  /** The person looks at the page again. */
  looked(): void {
    this.#conversations?.look();
  }

  /** Ends the chat and keeps the sign-in. */
  async close(): Promise<void> {
    this.#ending?.abort();
    const conversations = this.#conversations;
    this.#conversations = undefined;
    await conversations?.close();
  }

  // A server that is not there yet, for example because it starts again, is no reason to sign out.
  async #account(rendezvous: RendezvousClient, signal: AbortSignal): Promise<Account | undefined> {
    for (let wait = 500; !signal.aborted; wait = Math.min(wait * 2, 8000)) {
      try {
        return await rendezvous.account();
      } catch (error) {
        if (!(error instanceof RendezvousError) || error.status !== 0) throw error;
        this.#showPhase();
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
    return undefined;
  }

  #leave(phase: "signed-out" | "replaced", problem?: string): void {
    const { store, remember } = this.#options;
    void this.close();
    if (phase === "signed-out") {
      this.#signedIn = undefined;
      remember(undefined);
      store.update(() => ({ ...emptyState, problem }));
    } else store.update((state) => ({ ...state, phase }));
  }

  #showPhase(): void {
    const problem = this.#relayProblem === undefined ? undefined : relayProblem(this.#relayProblem);
    const fine = this.#connected && problem === undefined;
    this.#options.store.update((state) => ({ ...state, phase: fine ? "online" : "offline", problem }));
  }
}

function byPeer(items: readonly Item[]): ChatState["items"] {
  const groups: Record<string, Item[]> = {};
  for (const item of items) (groups[item.peer] ??= []).push(item);
  return groups;
}

/** What the page before knew of a message that this one does not. */
function afterReload(item: Item): Item {
  const open = item.out && (item.status === "sending" || item.status === "sent");
  return open ? { ...item, status: "waiting" } : item;
}

function whyNot(error: unknown): string {
  if (!(error instanceof RendezvousError)) return String(error);
  if (error.status === 0) return "The chat server cannot be reached.";
  if (error.code === "too-many-failures") return "Too many wrong passwords: try again in a minute.";
  if (error.code === "not-signed-in") return "The server has started anew: please sign in again.";
  if (error.status === 401) return "That name and password do not go together.";
  return error.message;
}

/** What a person needs to know of a problem with the relay; most pass by themselves. */
function relayProblem(error: unknown): string | undefined {
  const { code } = error as { code?: string };
  if (code === "auth-refused" || code === "auth-forbidden") return "The relay refuses the password.";
  if (code === "connect-failed" || code === "connect-timeout" || code === "tls")
    return "The relay cannot be reached; trying again, nothing is lost.";
  return undefined;
}
