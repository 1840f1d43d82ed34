/**
 * Notices that a message was delivered or displayed (RFC 5438), and what says that somebody is typing (RFC 3994): their
 * XML, written and read.
 */

/** What a notice says of a message. */
export interface Notice {
  readonly id: string;
  readonly status: "delivered" | "displayed";
}

/** Writes a notice. */
export function writeNotice({ id, status }: Notice, at: number): string {
  const element = status === "delivered" ? "delivery" : "display";
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\r\n<imdn xmlns="urn:ietf:params:xml:ns:imdn">' +
    `<message-id>${toXml(id)}</message-id><datetime>${new Date(at).toISOString()}</datetime>` +
    `<${element}-notification><status><${status}/></status></${element}-notification></imdn>`
  );
}

/** Reads a notice; undefined when it says anything but that a message was delivered or displayed. */
export function readNotice(xml: string): Notice | undefined {
  const id = /<(?:\w+:)?message-id>\s*([^<]+?)\s*<\//.exec(xml)?.[1];
  const status = /<(?:\w+:)?status>\s*<(?:\w+:)?(delivered|displayed)\s*\/?>/.exec(xml)?.[1];
  if (id === undefined || status === undefined) return undefined;
  return { id: fromXml(id), status: status as Notice["status"] };
}

/** Writes whether somebody is typing. */
export function writeComposing(active: boolean): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\r\n<isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing">' +
    `<state>${active ? "active" : "idle"}</state><contenttype>text/plain</contenttype>` +
    `${active ? "<refresh>60</refresh>" : ""}</isComposing>`
  );
}

/** Reads it: for how many seconds it holds; 0 = nobody is typing. */
export function readComposing(xml: string): number {
  const state = /<(?:\w+:)?state>\s*(\w+)\s*<\//.exec(xml)?.[1];
  const refresh = Number(/<(?:\w+:)?refresh>\s*(\d+)\s*<\//.exec(xml)?.[1] ?? 120);
  return state === "active" ? Math.min(Math.max(refresh, 10), 600) : 0;
}

function toXml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

function fromXml(text: string): string {
  return text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
}
