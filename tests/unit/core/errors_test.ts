// The error classes: one for each party that can be at fault, with a code that callers match on.
import { describe, expect, test } from "#test";
import {
  ConnectionError,
  connectionLost,
  DeliveryError,
  LocalProtocolError,
  MsrpError,
  RemoteProtocolError,
} from "../../../core/errors.ts";

describe("errors", () => {
  test("each class is an MsrpError with its own name, code and cause", () => {
    const cause = new Error("below");
    const errors = [
      new LocalProtocolError("bad-tid", "text", { cause }),
      new RemoteProtocolError("bad-uri", "text", { cause }),
      new ConnectionError("connection-closed", "text", { cause }),
      new DeliveryError("refused", "text", { status: 413, messageId: "m1", cause }),
    ];
    expect(errors.map(({ name }) => name)).toEqual([
      "LocalProtocolError",
      "RemoteProtocolError",
      "ConnectionError",
      "DeliveryError",
    ]);
    for (const error of errors) {
      expect(error).toBeInstanceOf(MsrpError);
      expect(error).toBeInstanceOf(Error);
      expect(error.cause).toBe(cause);
    }
    expect(errors.map(({ code }) => code)).toEqual(["bad-tid", "bad-uri", "connection-closed", "refused"]);
  });

  test("RFC 4975 §10.2: a remote fault is answered with 400 and leaves framing intact unless said otherwise", () => {
    const plain = new RemoteProtocolError("bad-byte-range", "text");
    expect([plain.status, plain.fatal]).toEqual([400, false]);
    const other = new RemoteProtocolError("bad-start-line", "text", { status: 413, fatal: true });
    expect([other.status, other.fatal]).toEqual([413, true]);
  });

  test("a delivery error says which message, which octets and what the far end said", () => {
    const error = new DeliveryError("refused", "text", {
      status: 415,
      messageId: "m1",
      range: { start: 1, end: 9 },
      comment: "No",
    });
    expect(error.status).toBe(415);
    expect(error.messageId).toBe("m1");
    expect(error.range).toEqual({ start: 1, end: 9 });
    expect(error.comment).toBe("No");
  });

  test("who waits for a connection that is gone is told so, with what went wrong as the cause", () => {
    const known = new ConnectionError("tls", "text");
    expect(connectionLost(known)).toBe(known);
    expect(connectionLost(undefined).code).toBe("connection-closed");
    const fault = new RemoteProtocolError("incomplete", "text");
    const lost = connectionLost(fault);
    expect([lost instanceof ConnectionError, lost.code, lost.cause]).toEqual([
      true,
      "connection-lost",
      fault,
    ]);
  });
});
