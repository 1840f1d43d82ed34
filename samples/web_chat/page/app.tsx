/**
 * The whole page: sign-in, or contacts beside a conversation, with a line above them while there is no connection.
 */
/** @jsxImportSource hono/jsx/dom */
import { useEffect, useState } from "hono/jsx/dom";
import type { Actions } from "../client/actions.ts";
import { type ChatState, unseen } from "../client/state.ts";
import type { Store } from "../client/store.ts";
import { Contacts } from "./contacts.tsx";
import { Conversation } from "./conversation.tsx";
import { SignIn } from "./sign_in.tsx";

/** The page. */
export function App({ store, actions }: { store: Store; actions: Actions }) {
  const [state, setState] = useState<ChatState>(store.state);
  useEffect(() => {
    setState(store.state);
    return store.subscribe(setState);
  }, []);
  const fresh = state.contacts.reduce((sum, { name }) => sum + unseen(state, name).length, 0);
  useEffect(() => {
    document.title = `${fresh > 0 ? `(${fresh}) ` : ""}msrpkit chat`;
  }, [fresh]);

  if (state.phase === "signed-out" || state.phase === "signing-in") {
    return <SignIn state={state} actions={actions} />;
  }
  const contact = state.contacts.find(({ name }) => name === state.open);
  return (
    <div class={`chat${contact === undefined ? "" : " open"}`}>
      <Banner state={state} actions={actions} />
      <Contacts state={state} actions={actions} />
      {contact === undefined ? (
        <main class="conversation none">
          {state.contacts.length > 0 && <p>Choose somebody to chat with.</p>}
        </main>
      ) : (
        <Conversation state={state} contact={contact} actions={actions} />
      )}
    </div>
  );
}

function Banner({ state: { phase, problem }, actions }: { state: ChatState; actions: Actions }) {
  const text =
    phase === "connecting"
      ? "Connecting…"
      : phase === "offline"
        ? `No connection. ${problem ?? "Trying again; nothing is lost."}`
        : phase === "replaced"
          ? "The chat is open in another window."
          : "";
  return (
    <div class="banner" role="status" hidden={text === ""}>
      <p>{text}</p>
      {phase === "replaced" && (
        <button type="button" onClick={() => actions.takeOver()}>
          Use it here
        </button>
      )}
    </div>
  );
}
