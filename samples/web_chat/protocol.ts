/**
 * What the rendezvous service and its clients say to each other: JSON that carries SDP between people who are signed in.
 * Types and limits only, so that the page, the terminal and the server share one text.
 */

/** Somebody to chat with. */
export interface Contact {
  readonly name: string;
  /** `"echo"` = the echo endpoint, which sends back what it gets. */
  readonly kind: "person" | "echo";
  readonly online: boolean;
  /** One page or terminal from its start to its end; after a reload it is another. Undefined while offline. */
  readonly instance?: string | undefined;
}

/** How much of a message arrived before the session that carried it ended. */
export interface HeldMessage {
  readonly messageId: string;
  /** Octets from its beginning without a gap. */
  readonly octets: number;
}

/** What clients send each other through the service; `call` names the exchange of one offer and its answer. */
export type Signal =
  | ({ readonly kind: "offer" } & Description)
  | ({ readonly kind: "answer" } & Description)
  | { readonly kind: "refuse"; readonly call: string; readonly reason: string };

/** What offers and answers carry. */
export interface Description {
  readonly call: string;
  readonly sdp: string;
  /** Messages of the other side that have come, whole or in part: it goes on behind these octets (RFC 4975 §5.4). */
  readonly held: readonly HeldMessage[];
}

/** A signal as it arrives. */
export interface ReceivedSignal {
  readonly from: string;
  /** Instance that sent it: an answer for an earlier page of the same person is told apart by it. */
  readonly instance: string;
  readonly signal: Signal;
}

/** What the stream of events brings. */
export type RendezvousEvent =
  | { readonly type: "contacts"; readonly contacts: readonly Contact[] }
  | ({ readonly type: "signal" } & ReceivedSignal)
  /** The same person has opened another page or terminal, which gets everything from now on. */
  | { readonly type: "replaced" };

/** Answer to a sign-in. */
export interface SignedIn {
  readonly user: string;
  /** Goes into `Authorization: Bearer` of every other request. */
  readonly token: string;
}

/** Answer to a signal. */
export interface Delivered {
  /** False: the one it is for is offline. */
  readonly delivered: boolean;
}

/** Who one is, and how to log in at the relay. */
export interface Account {
  readonly user: string;
  readonly relay: {
    /** Where WebSockets reach it: a path on the page's own origin, or an absolute URL. */
    readonly url: string;
    /** Where TCP or TLS reaches it, for terminals. */
    readonly uri?: string | undefined;
    readonly username: string;
    readonly password: string;
  };
}

/** Octets of a request's body: an SDP text is some 1 KiB, and 32 held messages some 3 KiB. */
export const maxBodyBytes = 32_768;

/** Messages that a signal may call held: as many as one sends at a time. */
export const maxHeld = 32;
