/**
 * The conversation with one contact: what was said, what is being typed, and where one writes. Files may be dropped
 * anywhere on it.
 */
/** @jsxImportSource hono/jsx/dom */
import { useEffect, useLayoutEffect, useRef, useState } from "hono/jsx/dom";
import type { Actions } from "../client/actions.ts";
import type { ChatState, Item } from "../client/state.ts";
import type { Contact } from "../protocol.ts";
import { Composer } from "./composer.tsx";
import { Avatar } from "./contacts.tsx";
import { Icon } from "./icons.tsx";
import { Message } from "./message.tsx";

const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

interface Props {
  state: ChatState;
  contact: Contact;
  actions: Actions;
}

/** The right side of the page; on a phone its second view. */
export function Conversation({ state, contact, actions }: Props) {
  const { name, online } = contact;
  const [dragging, setDragging] = useState(false);
  const items = state.items[name] ?? [];
  const typing = state.typing[name] === true;
  const log = useLog(name, items, typing);

  const dragged = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    setDragging(true);
  };
  const left = (event: DragEvent): void => {
    // Moving over an element inside is no leaving.
    if (!(event.currentTarget as Node).contains(event.relatedTarget as Node | null)) setDragging(false);
  };
  const dropped = (event: DragEvent): void => {
    event.preventDefault();
    setDragging(false);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length > 0) actions.sendFiles(name, files);
  };

  return (
    <main
      class={`conversation${dragging ? " dragging" : ""}`}
      aria-label={`Conversation with ${name}`}
      onDragEnter={dragged}
      onDragOver={dragged}
      onDragLeave={left}
      onDrop={dropped}
    >
      <header>
        <button
          class="plain back"
          type="button"
          aria-label="All chats"
          onClick={() => actions.open(undefined)}
        >
          <Icon name="back" />
        </button>
        <Avatar name={name} online={online} />
        <div class="who">
          <h2>{name}</h2>
          <p class="presence">{presence(contact, typing)}</p>
        </div>
      </header>
      <div class="log" ref={log} role="log" aria-live="polite" aria-label="Messages" tabindex={0}>
        {items.length === 0 && (
          <p class="empty">
            {contact.kind === "echo"
              ? "The echo sends back whatever you write or drop here."
              : `Nothing here yet. Say hello to ${name}.`}
          </p>
        )}
        {days(items).map(({ date, items: those }) => (
          <section key={date}>
            <h3>{date}</h3>
            {those.map((item) => (
              <Message key={`${item.out ? ">" : "<"}${item.id}`} item={item} actions={actions} />
            ))}
          </section>
        ))}
        {typing && (
          <div class="message in typing">
            <span class="visually-hidden">{name} is typing</span>
            <span class="dot" />
            <span class="dot" />
            <span class="dot" />
          </div>
        )}
      </div>
      <Composer key={name} peer={name} actions={actions} />
      <div class="drop" aria-hidden="true">
        <p>Drop files to send them to {name}</p>
      </div>
    </main>
  );
}

function presence({ kind, online }: Contact, typing: boolean): string {
  if (typing) return "typing…";
  if (kind === "echo") return "sends everything back";
  return online ? "online" : "offline: messages wait here until both are online";
}

function days(items: readonly Item[]): { date: string; items: Item[] }[] {
  const groups: { date: string; items: Item[] }[] = [];
  for (const item of items) {
    const date = day.format(item.at);
    const last = groups.at(-1);
    if (last?.date === date) last.items.push(item);
    else groups.push({ date, items: [item] });
  }
  return groups;
}

/** Keeps the newest message in sight, unless one has scrolled up to read. */
function useLog(peer: string, items: readonly Item[], typing: boolean) {
  const log = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    const element = log.current;
    if (element === null) return undefined;
    const note = (): void => {
      atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 80;
    };
    const stay = new ResizeObserver(() => {
      if (atEnd.current) element.scrollTop = element.scrollHeight;
    });
    element.addEventListener("scroll", note, { passive: true });
    // Pictures grow once they are loaded.
    element.addEventListener("load", () => atEnd.current && (element.scrollTop = element.scrollHeight), true);
    stay.observe(element);
    return () => {
      element.removeEventListener("scroll", note);
      stay.disconnect();
    };
  }, []);
  useLayoutEffect(() => {
    const element = log.current;
    if (element === null) return;
    if (atEnd.current || items.at(-1)?.out) element.scrollTop = element.scrollHeight;
  }, [items.length, items.at(-1)?.id, typing]);
  useLayoutEffect(() => {
    atEnd.current = true;
    if (log.current !== null) log.current.scrollTop = log.current.scrollHeight;
  }, [peer]);
  return log;
}
