/**
 * Starts the page: the chat behind it, with the browser's storage and WebSockets, and the views. A sign-in lasts as long
 * as its tab, so that two tabs can be two people.
 */
/** @jsxImportSource hono/jsx/dom */
import { render } from "hono/jsx/dom";
import { webSocketConnector } from "../../../adapters/websocket.ts";
import { MemoryArchive } from "../client/archive.ts";
import { Chat } from "../client/chat.ts";
import { Store } from "../client/store.ts";
import type { SignedIn } from "../protocol.ts";
import { App } from "./app.tsx";
import { openArchive } from "./indexed_archive.ts";

const key = "msrpkit-web-chat";
const store = new Store(soon);
const chat = new Chat({
  store,
  origin: location.origin,
  newInstance: () => crypto.getRandomValues(new Uint32Array(4)).join("-"),
  // A private window may have no database; the chat then forgets at its end.
  openArchive: (user) => openArchive(user).catch(() => new MemoryArchive()),
  relay({ relay: { url, username, password } }) {
    const { protocol, hostname, port, pathname } = new URL(url, location.href);
    const secure = protocol === "https:" || protocol === "wss:";
    const authority = `${hostname}:${port || (secure ? 443 : 80)}`;
    return {
      options: {
        relay: `${secure ? "msrps" : "msrp"}://${authority};ws`,
        credentials: { username, password },
        // On http://localhost nobody listens; browsers let pages from elsewhere use wss: only when they came by https:.
        allowPlainAuth: !secure,
      },
      connector: webSocketConnector({ path: pathname }),
    };
  },
  visible: (peer) =>
    store.state.open === peer && document.visibilityState === "visible" && document.hasFocus(),
  remember(signedIn) {
    if (signedIn === undefined) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify({ ...signedIn, open: store.state.open }));
  },
});

document.addEventListener("visibilitychange", () => chat.looked());
addEventListener("focus", () => chat.looked());
// Keeps the browser from throwing history away when its disk is full.
void navigator.storage?.persist?.().catch(() => undefined);

const before = remembered();
if (before !== undefined) {
  chat.open(before.open);
  void chat.start(before);
}
store.subscribe(({ open }) => {
  const now = remembered();
  if (now !== undefined && now.open !== open) sessionStorage.setItem(key, JSON.stringify({ ...now, open }));
});
render(<App store={store} actions={chat} />, document.getElementById("app") as HTMLElement);

function remembered(): (SignedIn & { open?: string }) | undefined {
  const text = sessionStorage.getItem(key);
  return text === null ? undefined : JSON.parse(text);
}

/** With the next frame; a hidden page has none, and its title still has to change. */
function soon(tell: () => void): void {
  if (document.hidden) setTimeout(tell, 100);
  else requestAnimationFrame(tell);
}
