/**
 * Ready type lists for the worlds that MSRP lives in. One missing type silently kills notices or typing there,
 * so these lists are what the peers of each world declare themselves.
 */
import type { AcceptedTypes } from "./media_type.ts";

/** Name of a ready pair of type lists. */
export type Preset = "general" | "rcs" | "ims" | "ng911" | "blink" | "room";

// RFC 4975 §8.6 with §14.3 and §7.3.4: the formats that every endpoint must be able to take.
const mandatory = [
  "message/cpim",
  "text/plain",
  "multipart/mixed",
  "multipart/alternative",
  "multipart/signed",
];

/**
 * The lists by name:
 * - `general`: the formats that RFC 4975 demands, then everything;
 * - `rcs`: chat between phones (GSMA RCC.07, OMA CPM): everything travels in CPIM, notices, location and file links too;
 * - `ims`: session-mode messaging of 3GPP TS 24.247, with typing (RFC 3994) and notices (RFC 5438);
 * - `ng911`: emergency text (NENA i3): plain text with and without CPIM, pictures inside containers;
 * - `blink`: chat of Blink and python-sipsimple, which take any text and image, wrapped or not;
 * - `room`: a chat room of RFC 7701, where every message is wrapped and anything may be inside.
 */
export const presets: Readonly<Record<Preset, AcceptedTypes>> = {
  general: { acceptTypes: [...mandatory, "*"], acceptWrappedTypes: [] },
  rcs: {
    acceptTypes: ["message/cpim", "application/im-iscomposing+xml"],
    acceptWrappedTypes: [
      "multipart/mixed",
      "text/plain",
      "message/imdn+xml",
      "application/vnd.gsma.rcs-ft-http+xml",
      "application/vnd.gsma.rcspushlocation+xml",
      "application/vnd.gsma.botmessage.v1.0+json",
      "application/vnd.gsma.botsuggestion.v1.0+json",
    ],
  },
  ims: {
    acceptTypes: [...mandatory, "text/html", "application/im-iscomposing+xml"],
    acceptWrappedTypes: ["message/imdn+xml", "image/*", "audio/*", "video/*"],
  },
  ng911: {
    acceptTypes: [...mandatory, "application/im-iscomposing+xml"],
    acceptWrappedTypes: ["image/*", "message/imdn+xml", "application/pidf+xml"],
  },
  blink: {
    acceptTypes: ["message/cpim", "text/*", "image/*", "application/im-iscomposing+xml"],
    acceptWrappedTypes: ["*"],
  },
  room: { acceptTypes: ["message/cpim"], acceptWrappedTypes: ["text/plain", "text/html", "*"] },
};
