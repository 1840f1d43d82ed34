/**
 * The ticks of an own message: a clock while it waits, one when the peer's side has taken it, two when it was delivered,
 * and two in colour when it was displayed. Screen readers get the word.
 */
/** @jsxImportSource hono/jsx/dom */
import type { Item } from "../client/state.ts";
import { Icon, type IconName } from "./icons.tsx";

const icons: Readonly<Record<string, IconName>> = {
  waiting: "clock",
  sending: "clock",
  sent: "tick",
  delivered: "ticks",
  displayed: "ticks",
  failed: "failed",
  cancelled: "cancel",
};

/** What a status is called. */
export function statusWord({ status, paused, out, reason }: Item): string {
  if (paused && status === "sending") return "paused";
  if (status === "waiting") return "waiting for the connection";
  if (status === "failed") return reason === undefined ? "failed" : `failed: ${reason}`;
  if (status === "displayed") return "seen";
  if (status === "cancelled") return out ? "cancelled" : "stopped";
  return status;
}

/** The ticks. */
export function Ticks({ item, label }: { item: Item; label: string }) {
  return (
    <span class={`ticks ${item.status}`} title={label} data-status={item.status}>
      <Icon name={icons[item.status] ?? "clock"} />
      <span class="visually-hidden">{label}</span>
    </span>
  );
}
