// What the runtimes throw, as one set of codes: the same fault has the same code on Bun, Deno and Node.
import { describe, expect, test } from "#test";
import {
  abortFailure,
  authority,
  connectFailure,
  errorCode,
  listenFailure,
  overflowFailure,
  sinkFailure,
  timeoutFailure,
  tlsFailure,
  transportFailure,
} from "../../../adapters/_failure.ts";
import { ConnectionError } from "../../../core/errors.ts";

const target = { host: "2001:db8::1", port: 2855, secure: true };

describe("failures", () => {
  test("codes of the system, of TLS and of Deno's error names", () => {
    const withCode = (code: string): Error => Object.assign(new Error("broken"), { code });
    expect(transportFailure(withCode("ECONNRESET")).code).toBe("connection-reset");
    expect(transportFailure(withCode("EPIPE")).code).toBe("connection-reset");
    expect(transportFailure(withCode("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED")).code).toBe("tls");
    expect(transportFailure(new Error("received fatal alert: UnknownCA")).code).toBe("tls");
    expect(transportFailure(withCode("EIO")).code).toBe("connection-failed");
    const bun = listenFailure("nohost.invalid", 2855, new Error("Failed to listen at nohost.invalid"));
    expect(bun.message).toBe("Cannot listen on nohost.invalid:2855: Failed to listen at nohost.invalid");
    const deno = new Error("reset");
    deno.name = "ConnectionReset";
    expect(transportFailure(deno).code).toBe("connection-reset");
    expect(errorCode("text")).toBe("");
    expect(errorCode(null)).toBe("");
  });

  test("each names its place and keeps its cause; one that is made already is not wrapped", () => {
    const cause = new Error("no route");
    const failure = connectFailure(target, cause);
    expect(failure).toBeInstanceOf(ConnectionError);
    expect(failure.code).toBe("connect-failed");
    expect(failure.message).toBe("Cannot connect to [2001:db8::1]:2855: no route");
    expect(failure.cause).toBe(cause);
    expect(connectFailure(target, failure)).toBe(failure);
    expect(tlsFailure("peer", failure)).toBe(failure);
    expect(transportFailure(failure)).toBe(failure);
    expect(tlsFailure("peer", cause).code).toBe("tls");
    expect(abortFailure(target, cause).code).toBe("aborted");
    expect(timeoutFailure(target, 50).code).toBe("connect-timeout");
    expect(listenFailure("::", 1, cause).message).toBe("Cannot listen on [::]:1: no route");
    expect(overflowFailure(7).code).toBe("write-overflow");
    expect(sinkFailure(cause).code).toBe("sink-failed");
    expect(authority("127.0.0.1", 1)).toBe("127.0.0.1:1");
  });
});
