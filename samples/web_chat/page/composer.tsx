/**
 * Where a message is written. Enter sends, Shift and Enter begin a line; files come from the button, the clipboard, or by
 * being dropped on the conversation.
 */
/** @jsxImportSource hono/jsx/dom */
import { useEffect, useRef } from "hono/jsx/dom";
import type { Actions } from "../client/actions.ts";
import { Icon } from "./icons.tsx";

/** The form below a conversation. */
export function Composer({ peer, actions }: { peer: string; actions: Actions }) {
  const input = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // On a phone the keyboard would hide the conversation that was just opened.
    if (matchMedia("(pointer: fine)").matches) input.current?.focus();
  }, [peer]);

  const fit = (): void => {
    const element = input.current;
    if (element === null) return;
    element.rows = Math.min(6, element.value.split("\n").length);
  };
  const send = (): void => {
    const element = input.current;
    const text = element?.value.trim() ?? "";
    if (element === null || text === "") return;
    element.value = "";
    fit();
    actions.sendText(peer, text);
    element.focus();
  };
  const written = (): void => {
    fit();
    actions.composing(peer, (input.current?.value ?? "").trim() === "");
  };
  const pressed = (event: KeyboardEvent): void => {
    // While a word is being composed Enter chooses it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  const pasted = (event: ClipboardEvent): void => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    actions.sendFiles(peer, files);
  };
  const picked = (): void => {
    const element = picker.current;
    if (element?.files == null) return;
    actions.sendFiles(peer, [...element.files]);
    element.value = "";
  };

  return (
    <form
      class="composer"
      onSubmit={(event: Event) => {
        event.preventDefault();
        send();
      }}
    >
      <button
        class="plain"
        type="button"
        aria-label="Send files"
        title="Send files"
        onClick={() => picker.current?.click()}
      >
        <Icon name="attach" />
      </button>
      <input ref={picker} hidden type="file" multiple onChange={picked} />
      <textarea
        ref={input}
        rows={1}
        aria-label={`Message to ${peer}`}
        placeholder="Message"
        enterkeyhint="send"
        autocomplete="off"
        onInput={written}
        onKeyDown={pressed}
        onPaste={pasted}
      />
      <button class="send" type="submit" aria-label="Send" title="Send">
        <Icon name="send" />
      </button>
    </form>
  );
}
