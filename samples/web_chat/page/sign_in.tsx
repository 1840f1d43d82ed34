/**
 * The form that asks who one is. What is wrong with a sign-in is said next to it, and read out.
 */
/** @jsxImportSource hono/jsx/dom */
import { useEffect, useRef } from "hono/jsx/dom";
import type { Actions } from "../client/actions.ts";
import type { ChatState } from "../client/state.ts";

/** The first page. */
export function SignIn({ state, actions }: { state: ChatState; actions: Actions }) {
  const form = useRef<HTMLFormElement>(null);
  const name = useRef<HTMLInputElement>(null);
  // "autofocus" holds for the first form of a document only, and not for the one after signing out.
  useEffect(() => name.current?.focus(), []);
  const busy = state.phase === "signing-in";
  const submit = (event: Event): void => {
    event.preventDefault();
    if (busy || form.current === null) return;
    const data = new FormData(form.current);
    actions.signIn(String(data.get("user")).trim(), String(data.get("password")));
  };
  return (
    <main class="sign-in">
      <form ref={form} onSubmit={submit} aria-labelledby="sign-in-title">
        <img src="/web_chat.svg" alt="" width="44" height="44" />
        <h1 id="sign-in-title">msrpkit chat</h1>
        <label for="user">Name</label>
        <input
          ref={name}
          id="user"
          name="user"
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          required
        />
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required />
        <p class="problem" role="alert">
          {state.problem ?? ""}
        </p>
        <button class="primary" type="submit" aria-disabled={busy}>
          {busy ? "Signing in…" : "Sign in"}
        </button>
        <p class="hint">The server printed the demo users and their passwords when it started.</p>
      </form>
    </main>
  );
}
