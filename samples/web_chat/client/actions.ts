/**
 * What a person can do on the page. The views call these, and know nothing else of what is behind them.
 */
import type { Item } from "./state.ts";

/** Everything that the views ask for. */
export interface Actions {
  signIn(user: string, password: string): void;
  signOut(): void;
  /** Takes the chat back from another page of the same person. */
  takeOver(): void;
  /** Opens a conversation; undefined = none. */
  open(peer: string | undefined): void;
  sendText(peer: string, text: string): void;
  sendFiles(peer: string, files: readonly File[]): void;
  pause(item: Item): void;
  resume(item: Item): void;
  cancel(item: Item): void;
  retry(item: Item): void;
  /** The text that is being written has changed. */
  composing(peer: string, empty: boolean): void;
  /** The octets of a message's file, as far as they are here. */
  file(item: Item): Promise<Blob | undefined>;
}
