/**
 * Typing indications in one session, both sides: telling the peer that the user writes, and showing who of the others does.
 * Made by the plugin for each session; its timers are the node's and end with the session.
 */
import {
  defineKey,
  type Key,
  MsrpError,
  type OutgoingContext,
  type PluginHost,
  type Session,
} from "../core/mod.ts";
import {
  buildComposing,
  type ComposingState,
  composingContentType,
  type ReadComposingStatus,
} from "./_composing_document.ts";
import { ComposingReceiver, ComposingSender } from "./_composing_machines.ts";
import type { CpimMessage } from "./_cpim_message.ts";
import {
  defaultContentType,
  describeOutgoing,
  identityOf,
  sendCpim,
  wantsWrapping,
} from "./_cpim_outgoing.ts";
import type { CpimAddress } from "./_cpim_types.ts";
import { imdnContentType } from "./_imdn_document.ts";
import { mimeWord } from "./_mime_head.ts";
import { tell } from "./_tell.ts";

/** Somebody began to write, or stopped. */
export interface ComposingEvent {
  readonly session: Session;
  readonly state: ComposingState;
  /** Why it changed: a status message, the message itself, no news in time, or the end of the session. */
  readonly reason: "status" | "content" | "expired" | "ended";
  /** Who, as CPIM says it; undefined when the status came without CPIM: the peer of the session. */
  readonly from: CpimAddress | undefined;
  /** To whom, as CPIM says it: in a chat room it tells private messages from others. */
  readonly to: CpimAddress | undefined;
  /** What is being written, if the status says so. */
  readonly contentType: string | undefined;
  /** When something was last written, if the status says so. */
  readonly lastActive: string | undefined;
}

/** What the plugin goes by. */
export interface ComposingSettings {
  readonly idleTimeoutMs: number;
  readonly refreshMs: number;
  readonly minGapMs: number;
  readonly defaultRefreshMs: number;
  readonly maxRefreshMs: number;
  readonly maxComposers: number;
  readonly contentType: string | undefined;
  readonly lastActive: boolean;
  readonly wrap: "auto" | "always" | "never";
  readonly from: CpimAddress | string | undefined;
  readonly to: CpimAddress | string | undefined;
  readonly onChange: ((event: ComposingEvent) => void) | undefined;
  readonly wallClock: () => Date;
}

const key: Key<ComposingSession> = defineKey("composing.session");

/** Typing indications of a session; undefined when its node has no `isComposing()`. */
export function composingOf(session: Session): ComposingSession | undefined {
  return session.get(key);
}

// The peer's timer is as long as ours: a status that is only sent when both end comes too late, and who writes flickers.
const leadMs = 1_000;

interface Composer {
  readonly machine: ComposingReceiver;
  readonly from: CpimAddress | undefined;
  readonly to: CpimAddress | undefined;
  contentType: string | undefined;
  lastActive: string | undefined;
}

/** Typing indications of one session. */
export class ComposingSession {
  readonly #session: Session;
  readonly #settings: ComposingSettings;
  readonly #host: PluginHost;
  readonly #sender: ComposingSender;
  readonly #composers: Map<string, Composer> = new Map();
  #contentType: string | undefined;
  #editedAt: Date | undefined;
  #refusedBy: unknown; // what the peer had said it takes when it refused a status
  #wakeAt = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

  /** @internal */
  constructor(session: Session, settings: ComposingSettings, host: PluginHost) {
    const { idleTimeoutMs, refreshMs, minGapMs } = settings;
    this.#session = session;
    this.#settings = settings;
    this.#host = host;
    const times = { idleMs: idleTimeoutMs, refreshMs: refreshMs - leadMs, gapMs: minGapMs };
    this.#sender = new ComposingSender(times);
    session.set(key, this);
  }

  /** Whether the user of this side is writing. */
  get state(): ComposingState {
    return this.#sender.state;
  }

  /** Who of the others is writing now. */
  get composing(): readonly Pick<ComposingEvent, "from" | "to" | "contentType" | "lastActive">[] {
    return [...this.#composers.values()].map(({ from, to, contentType, lastActive }) => ({
      from,
      to,
      contentType,
      lastActive,
    }));
  }

  /**
   * The user wrote or changed something: to be called with every key. The peer is told at the first, then now and then.
   *
   * @param contentType what is being written. @default the plugin's
   */
  typing(contentType?: string): void {
    this.#contentType = contentType ?? this.#settings.contentType;
    this.#editedAt = this.#settings.wallClock();
    this.#tell(this.#sender.edited(this.#host.now()));
    this.#arm();
  }

  /** The user has thrown away what was written; without this call the peer hears of it after the idle time. */
  stop(): void {
    this.#tell(this.#sender.stopped());
    this.#arm();
  }

  /** @internal A message is about to go out: content says by itself that nobody is writing any more. */
  sending(c: OutgoingContext): void {
    if (this.#sender.state === "idle") return;
    const type = describeOutgoing(c)?.contentType ?? c.contentType ?? defaultContentType(c.body);
    if (isContent(type)) this.#sender.sent();
  }

  /** @internal A status has come. */
  status(view: CpimMessage | undefined, status: ReadComposingStatus): void {
    const { defaultRefreshMs, maxRefreshMs, maxComposers } = this.#settings;
    const name = nameOf(view);
    let composer = this.#composers.get(name);
    if (composer === undefined) {
      if (status.state === "idle" || this.#composers.size >= maxComposers) return;
      const machine = new ComposingReceiver(defaultRefreshMs, maxRefreshMs);
      composer = {
        machine,
        from: view?.from,
        to: view?.to[0],
        contentType: undefined,
        lastActive: undefined,
      };
      this.#composers.set(name, composer);
    }
    composer.contentType = status.contentType;
    composer.lastActive = status.lastActive;
    const changed = composer.machine.status(status.state, status.refresh, this.#host.now());
    if (changed) this.#changed(name, composer, "status");
    this.#arm();
  }

  /** @internal Content has come: whoever sent it is not writing it any more. */
  content(view: CpimMessage | undefined): void {
    if (this.#composers.size === 0) return;
    for (const [name, composer] of [...this.#composers]) {
      // Without a wrapper it is from the peer of the session, under whatever name.
      const theirs = view === undefined || name === "" || name === nameOf(view);
      if (theirs && composer.machine.content()) this.#changed(name, composer, "content");
    }
    this.#arm();
  }

  /** @internal The session is over. */
  end(): void {
    this.#cancel?.();
    this.#sender.sent();
    for (const [name, composer] of [...this.#composers]) {
      if (composer.machine.content()) this.#changed(name, composer, "ended");
    }
  }

  #changed(
    name: string,
    { machine, from, to, contentType, lastActive }: Composer,
    reason: ComposingEvent["reason"],
  ): void {
    const { state } = machine;
    if (state === "idle") this.#composers.delete(name);
    const event = { session: this.#session, state, reason, from, to, contentType, lastActive };
    tell(this.#host, "onChange", () => this.#settings.onChange?.(event));
  }

  #wake(): void {
    const now = this.#host.now();
    this.#cancel = undefined;
    this.#wakeAt = Number.POSITIVE_INFINITY;
    this.#tell(this.#sender.wake(now));
    for (const [name, composer] of [...this.#composers]) {
      if (composer.machine.wake(now)) this.#changed(name, composer, "expired");
    }
    this.#arm();
  }

  // A timer that is early costs one look; one for each key would cost more.
  #arm(): void {
    let due = this.#sender.deadline;
    for (const { machine } of this.#composers.values()) due = Math.min(due, machine.deadline);
    if (due >= this.#wakeAt) return;
    this.#cancel?.();
    this.#wakeAt = due;
    this.#cancel = this.#host.setTimer(() => this.#wake(), Math.max(0, due - this.#host.now()));
  }

  #tell(state: ComposingState | undefined): void {
    const session = this.#session;
    const peer = session.peerAcceptTypes;
    if (state === undefined || session.state !== "bound") return;
    // RFC 3994 §4: who does not take it is not sent it again, until the two have talked about types anew.
    if (this.#refusedBy !== undefined && this.#refusedBy === (peer ?? session)) return;
    const { refreshMs, lastActive, wrap } = this.#settings;
    const document = buildComposing({
      state,
      lastActive: lastActive ? this.#editedAt?.toISOString() : undefined,
      contentType: this.#contentType,
      refresh: state === "active" && Number.isFinite(refreshMs) ? Math.round(refreshMs / 1000) : undefined,
    });
    const options = {
      contentType: composingContentType,
      control: true,
      successReport: false,
      failureReport: "partial" as const,
      onFailure: ({ status }: { status: number }): void => {
        if (status === 415) this.#refusedBy = peer ?? session;
      },
    };
    try {
      const wrapped = wrap === "always" || (wrap === "auto" && wantsWrapping(session, composingContentType));
      if (wrapped) sendCpim(session, document, identityOf(session, this.#settings), options);
      else session.send(document, options);
    } catch (error) {
      // The peer does not want it, or nothing can go out now: nobody has to know.
      if (!(error instanceof MsrpError)) throw error;
    }
  }
}

/** True for what is neither a status nor a notification. */
export function isContent(contentType: string): boolean {
  const type = mimeWord(contentType);
  return type !== composingContentType && type !== imdnContentType;
}

// In a room each member has a state, and private messages have one of their own.
function nameOf(view: CpimMessage | undefined): string {
  return view === undefined ? "" : `${view.from?.uri ?? ""}\n${view.to[0]?.uri ?? ""}`;
}
