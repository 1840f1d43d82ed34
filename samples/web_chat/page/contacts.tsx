/**
 * The list of contacts: who is online, what was said last, and how much of it one has not seen.
 */
/** @jsxImportSource hono/jsx/dom */
import { useLayoutEffect, useRef } from "hono/jsx/dom";
import type { Actions } from "../client/actions.ts";
import { type ChatState, type Item, sortedContacts, unseen } from "../client/state.ts";
import type { Contact } from "../protocol.ts";
import { Icon } from "./icons.tsx";
import { statusWord, Ticks } from "./ticks.tsx";

/** The left side of the page; on a phone its first view. */
export function Contacts({ state, actions }: { state: ChatState; actions: Actions }) {
  const list = useRef<HTMLUListElement>(null);
  const focused = document.activeElement as HTMLElement | null;
  // A row that moves to another place in the list loses the focus.
  useLayoutEffect(() => {
    if (focused !== document.activeElement && list.current?.contains(focused)) focused?.focus();
  });
  return (
    <nav class="contacts" aria-label="Contacts">
      <header>
        <h1>Chats</h1>
        <span class="me" title={`Signed in as ${state.user}`}>
          {state.user}
        </span>
        <button
          class="plain"
          type="button"
          aria-label="Sign out"
          title="Sign out"
          onClick={() => actions.signOut()}
        >
          <Icon name="leave" />
        </button>
      </header>
      <ul ref={list}>
        {sortedContacts(state).map((contact) => (
          <li key={contact.name}>
            <Row contact={contact} state={state} actions={actions} />
          </li>
        ))}
      </ul>
      {state.phase === "online" && state.contacts.length === 0 && (
        <p class="hint">Nobody else is known here yet.</p>
      )}
    </nav>
  );
}

function Row({ contact, state, actions }: { contact: Contact; state: ChatState; actions: Actions }) {
  const { name, online } = contact;
  const last = state.items[name]?.at(-1);
  const fresh = unseen(state, name).length;
  return (
    <button
      class="contact"
      type="button"
      aria-current={state.open === name ? "true" : undefined}
      onClick={() => actions.open(name)}
    >
      <Avatar name={name} online={online} />
      <span class="who">
        <strong>{name}</strong>
        <span class="last">
          {state.typing[name] ? (
            <em>typing…</em>
          ) : last === undefined ? (
            online ? (
              "online"
            ) : (
              "offline"
            )
          ) : (
            <Last item={last} />
          )}
        </span>
      </span>
      <span class="visually-hidden">{online ? ", online" : ", offline"}</span>
      {fresh > 0 && (
        <span class="badge">
          {fresh}
          <span class="visually-hidden"> new</span>
        </span>
      )}
    </button>
  );
}

function Last({ item }: { item: Item }) {
  return (
    <>
      {item.out && <Ticks item={item} label={statusWord(item)} />}
      <span class="excerpt">{item.text ?? item.file?.name ?? ""}</span>
    </>
  );
}

/** A disc with the first letter of a name, and whether its owner is online. */
export function Avatar({ name, online }: { name: string; online: boolean }) {
  // The same name has the same of six hues everywhere.
  const hue = [...name].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 997, 7) % 6;
  return (
    <span class={`avatar hue-${hue}${online ? " online" : ""}`} aria-hidden="true">
      {name.slice(0, 1).toUpperCase()}
    </span>
  );
}
