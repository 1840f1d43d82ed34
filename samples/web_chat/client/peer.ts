/**
 * The way to one contact: makes calls when there is something to say, answers theirs, and makes another one whenever a
 * session is lost. What was not delivered by then is said again.
 */
import { ConnectionError, type Session } from "../../../mod.ts";
import type { Contact, Description, HeldMessage, Signal } from "../protocol.ts";
import { Call, type Line } from "./call.ts";

/** What the way to a contact needs of the chat. */
export interface PeerHost {
  readonly user: string;
  /** The way to the relay; logs in when there is none. */
  line(): Promise<Line>;
  /** @returns false: the contact is offline */
  signal(to: string, signal: Signal): Promise<boolean>;
  /** What has come in part of this contact's messages. */
  held(peer: string): Promise<readonly HeldMessage[]>;
  /** Whether there is anything to send. */
  wanted(peer: string): boolean;
  /** A call has an own URI now, or has lost it. */
  routed(localKey: string, peer: string | undefined): void;
  /** A session is open: time to send. */
  opened(peer: string, session: Session, held: readonly HeldMessage[]): void;
  lost(peer: string): void;
  /** A call came to nothing. */
  problem(peer: string, error: unknown): void;
}

/** How long an answer is awaited. */
const answerMs = 10_000;
/** Waits between calls that come to nothing. */
const retryMs = { first: 500, longest: 10_000 };

/** One contact. */
export class Peer {
  readonly name: string;
  readonly #host: PeerHost;
  #contact: Contact | undefined;
  /** An offer of ours that waits for its answer. */
  #calling: Call | undefined;
  /** The call whose session is used. */
  #current: Call | undefined;
  #busy = false;
  #wait = retryMs.first;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(host: PeerHost, name: string) {
    this.#host = host;
    this.name = name;
  }

  /** The open session. */
  get session(): Session | undefined {
    const session = this.#current?.session;
    return session?.state === "bound" ? session : undefined;
  }

  /** What is known of the contact now. */
  contact(contact: Contact | undefined): void {
    const before = this.#contact;
    this.#contact = contact;
    // Another page of theirs: it knows nothing of our calls.
    if (before?.instance !== undefined && before.instance !== contact?.instance) this.#drop();
    if (contact?.online === true) {
      this.#wait = retryMs.first;
      this.want();
    }
  }

  /** Makes a call, if there is anything to say and no session to say it in. */
  want(): void {
    if (this.#closed || this.#busy || this.#calling !== undefined || this.#current !== undefined) return;
    if (this.#contact?.online !== true || !this.#host.wanted(this.name)) return;
    clearTimeout(this.#timer);
    void this.#run(() => this.#call());
  }

  /** Makes another call beside the current session, whose path is about to end. */
  renew(): void {
    const old = this.#current;
    this.#current = undefined;
    this.want();
    if (old !== undefined) this.#end(old);
  }

  /** The path that the current session uses. */
  get call(): Call | undefined {
    return this.#current;
  }

  /** A signal of the contact. */
  signal(instance: string, signal: Signal): void {
    if (signal.kind === "offer") {
      void this.#run(() => this.#answer(instance, signal));
    } else if (signal.call === this.#calling?.id) {
      void this.#run(() => this.#answered(signal));
    }
  }

  /** Ends everything. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  // Steps of one contact run one after the other; each begins by looking at what is true by then.
  #turn: Promise<void> = Promise.resolve();
  #run(step: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      if (this.#closed) return;
      this.#busy = true;
      try {
        await step();
      } catch (error) {
        this.#host.problem(this.name, error);
      } finally {
        this.#busy = false;
      }
      // It came to nothing, or what it was about has changed meanwhile, as when the contact has another page now.
      if (this.#calling === undefined && this.#current === undefined) this.#later();
    });
    return this.#turn;
  }

  async #call(): Promise<void> {
    if (this.#calling !== undefined || this.#current !== undefined) return;
    const call = await this.#open();
    this.#calling = call;
    try {
      const offer = call.offer(await this.#host.held(this.name));
      if (!(await this.#host.signal(this.name, offer))) this.#giveUp(call);
    } catch (error) {
      this.#giveUp(call);
      throw error;
    }
    if (this.#calling !== call) return;
    this.#timer = setTimeout(() => {
      if (this.#calling !== call) return;
      this.#giveUp(call);
      this.#later();
    }, answerMs);
  }

  async #answer(instance: string, signal: Description): Promise<void> {
    // Both have called: the offer of the one whose name comes first stands (RFC 3261 would have both try again). Both must
    // see it alike, so it is decided here, where a call of ours that was being made is made.
    if (this.#calling !== undefined && this.#host.user < this.name) return;
    this.#drop();
    // Their messages of the session before must be in the archive, or we would ask for them again.
    const held = await this.#host.held(this.name);
    const call = await this.#open(signal.call);
    const answer = await call.answer(signal.sdp, held).catch((error: unknown) => {
      this.#end(call);
      throw error;
    });
    const there = await this.#host.signal(this.name, answer);
    if (!there || call.session === undefined || (this.#contact?.instance ?? instance) !== instance) {
      this.#end(call);
      return;
    }
    this.#use(call, signal.held);
  }

  async #answered(signal: Signal): Promise<void> {
    const call = this.#calling;
    if (call === undefined || signal.call !== call.id) return;
    clearTimeout(this.#timer);
    this.#calling = undefined;
    try {
      if (signal.kind === "answer" && (await call.answered(signal.sdp))) {
        this.#use(call, signal.held);
        return;
      }
    } catch (error) {
      this.#end(call);
      throw error;
    }
    this.#end(call);
    const reason = signal.kind === "refuse" ? signal.reason : "no stream in the answer";
    throw new ConnectionError("call-refused", `${this.name} refuses the call: ${reason}`);
  }

  async #open(id?: string): Promise<Call> {
    const plain = this.#contact?.kind === "echo";
    const call = await Call.open(await this.#host.line(), { id, plain });
    this.#host.routed(call.localKey, this.name);
    return call;
  }

  #use(call: Call, held: readonly HeldMessage[]): void {
    const session = call.session as Session;
    this.#current = call;
    clearTimeout(this.#timer);
    // What was agreed on and never came to be, because one side knows nothing of it any more.
    this.#timer = setTimeout(() => session.abort(new Error("No session came of the call")), answerMs);
    session.ready.then(
      () => {
        if (this.#current !== call) return;
        clearTimeout(this.#timer);
        this.#wait = retryMs.first;
        this.#host.opened(this.name, session, held);
      },
      () => undefined,
    );
    void session.closed.then((error) => {
      if (this.#current !== call) return;
      this.#drop();
      if (error !== undefined) this.#host.problem(this.name, error);
      this.#later();
    });
  }

  #giveUp(call: Call): void {
    if (this.#calling === call) this.#calling = undefined;
    this.#end(call);
  }

  #drop(): void {
    const calls = [this.#calling, this.#current];
    this.#calling = this.#current = undefined;
    for (const call of calls) if (call !== undefined) this.#end(call);
  }

  #end(call: Call): void {
    if (call.over) return;
    call.end();
    this.#host.routed(call.localKey, undefined);
    this.#host.lost(this.name);
  }

  #later(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.want(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, retryMs.longest);
  }
}
