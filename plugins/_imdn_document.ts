/**
 * The XML of disposition notifications (RFC 5438 §11): what became of a message. Reads what the prose allows, in any
 * order; writes what the grammar allows.
 */
import { RemoteProtocolError } from "../core/mod.ts";
import { buildXml, parseXml, type XmlElement, type XmlLimits } from "./_xml.ts";

/** Namespace of the elements; that of the headers is another one. */
export const imdnXmlNamespace: string = "urn:ietf:params:xml:ns:imdn";

/** Content-Type of the document. */
export const imdnContentType: string = "message/imdn+xml";

/** What a notification is about. */
export type ImdnType = "delivery" | "processing" | "display";

/** What became of the message; `"extension"` is a word of another namespace. */
export type ImdnStatus =
  | "delivered"
  | "failed"
  | "processed"
  | "stored"
  | "displayed"
  | "forbidden"
  | "error"
  | "extension";

/** A notification. */
export interface ImdnNotification {
  /** The message that it is about: its IMDN Message-ID, which is not the Message-ID of MSRP. */
  readonly messageId: string;
  /** When that message was sent, in the words of its DateTime. */
  readonly datetime: string;
  readonly type: ImdnType;
  readonly status: ImdnStatus;
  /** Who got it in the end. */
  readonly recipientUri?: string | undefined;
  /** Whom it was addressed to first. */
  readonly originalRecipientUri?: string | undefined;
  readonly subject?: string | undefined;
}

/** Status words that each type has. */
export const imdnStatuses: Readonly<Record<ImdnType, readonly ImdnStatus[]>> = {
  delivery: ["delivered", "failed", "forbidden", "error"],
  processing: ["processed", "stored", "forbidden", "error"],
  display: ["displayed", "forbidden", "error"],
};

const types: readonly ImdnType[] = ["delivery", "processing", "display"];

/**
 * Reads a notification.
 *
 * @throws {RemoteProtocolError} status 400, codes of `parseXml` and `wrong-namespace`, `missing-message-id`,
 *   `missing-datetime`, `missing-notification`, `multiple-notifications`, `missing-status`, `bad-status`
 */
export function parseImdn(octets: Uint8Array, limits: XmlLimits = {}): ImdnNotification {
  const root = parseXml(octets, limits);
  if (root.namespace !== imdnXmlNamespace || root.name !== "imdn") {
    throw fault("wrong-namespace", `it is no <imdn> of ${imdnXmlNamespace}`);
  }
  const own = root.children.filter(({ namespace }) => namespace === imdnXmlNamespace);
  const text = (name: string): string | undefined =>
    own.find((child) => child.name === name)?.text || undefined;
  const messageId = text("message-id");
  if (messageId === undefined) throw fault("missing-message-id", "it names no message");
  const datetime = text("datetime");
  if (datetime === undefined) throw fault("missing-datetime", "it does not say when the message was sent");
  const found = types.flatMap((type) =>
    own.filter(({ name }) => name === `${type}-notification`).map((child) => [type, child] as const),
  );
  const [first] = found;
  if (first === undefined) throw fault("missing-notification", "it notifies of nothing");
  if (found.length > 1) throw fault("multiple-notifications", "it notifies of several things");
  const [type, notification] = first;
  return {
    messageId,
    datetime,
    recipientUri: text("recipient-uri"),
    originalRecipientUri: text("original-recipient-uri"),
    subject: text("subject"),
    type,
    status: statusOf(type, notification),
  };
}

function statusOf(type: ImdnType, notification: XmlElement): ImdnStatus {
  const status = notification.children.find(
    ({ name, namespace }) => name === "status" && namespace === imdnXmlNamespace,
  );
  if (status === undefined) throw fault("missing-status", "it has no status");
  const own = status.children.filter(({ namespace }) => namespace === imdnXmlNamespace);
  const [word] = own;
  if (own.length > 1 || status.children.length === 0) throw fault("bad-status", "its status is not one word");
  if (word === undefined) return "extension";
  const known = imdnStatuses[type].find((one) => one === word.name);
  if (known === undefined) throw fault("bad-status", `"${word.name}" is no status of a ${type} notification`);
  return known;
}

/**
 * Writes a notification. The grammar has both recipients or none, so one that is given stands for the other too.
 *
 * @throws {RangeError} the type has no such status
 * @throws {LocalProtocolError} `bad-xml-text`
 */
export function buildImdn(notification: ImdnNotification): string {
  const { messageId, datetime, type, status, subject } = notification;
  if (!imdnStatuses[type].includes(status)) {
    throw new RangeError(`Cannot write a ${type} notification with status "${status}"`);
  }
  const recipient = notification.recipientUri ?? notification.originalRecipientUri;
  const original = notification.originalRecipientUri ?? recipient;
  return buildXml({
    imdn: {
      "@xmlns": imdnXmlNamespace,
      "message-id": messageId,
      datetime,
      ...(recipient === undefined ? {} : { "recipient-uri": recipient, "original-recipient-uri": original }),
      ...(recipient === undefined || subject === undefined ? {} : { subject }),
      [`${type}-notification`]: { status: { [status]: "" } },
    },
  });
}

function fault(code: string, why: string): RemoteProtocolError {
  return new RemoteProtocolError(code, `Cannot read the notification: ${why}`);
}
