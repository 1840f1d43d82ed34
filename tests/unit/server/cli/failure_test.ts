// Every kind of error becomes one sentence and the exit status that docs/2.reference/cli.md promises.
// The errors are those that the toolkit and the system throw.
import { describe, expect, test } from "#test";
import {
  ConnectionError,
  DeliveryError,
  LocalProtocolError,
  MsrpError,
  RemoteProtocolError,
} from "../../../../core/mod.ts";
import { CommandError } from "../../../../server/cli/command_error.ts";
import { explain } from "../../../../server/cli/failure.ts";
import { StoreError } from "../../../../server/credentials/store.ts";

function systemError(code: string, syscall: string, path?: string): Error {
  return Object.assign(new Error(`${code}: odd words`), {
    code,
    syscall,
    ...(path === undefined ? {} : { path }),
  });
}

describe("explain", () => {
  const cases: readonly (readonly [error: unknown, message: string, exitCode: number])[] = [
    [new CommandError(4, "no such file"), "no such file", 4],
    [
      new DeliveryError("refused", "Message was refused with 415", { status: 415, messageId: "m" }),
      "not delivered: Message was refused with 415",
      1,
    ],
    [
      new DeliveryError("timeout", "late", { status: 408, messageId: "m" }),
      "not delivered: no answer in time (late)",
      1,
    ],
    [new StoreError("no users there"), "no users there", 4],
    [new StoreError("database away", { network: true }), "database away", 3],
    [new ConnectionError("connect-failed", "nobody there"), "nobody there", 3],
    [new LocalProtocolError("queue-full", "too many"), "too many", 2],
    [new RemoteProtocolError("bad-uri", "no URI"), "no URI", 3],
    [new MsrpError("odd", "odd"), "odd", 1],
    [systemError("ENOENT", "open", "/x"), "/x: no such file or directory", 4],
    [systemError("ENOSPC", "write"), "write: no space left on the device", 4],
    [systemError("ECONNREFUSED", "connect"), "ECONNREFUSED: odd words", 3],
    [
      new TypeError("x is not a function"),
      "internal error: x is not a function (MSRPKIT_DEBUG=1 shows more)",
      70,
    ],
    ["a string", "internal error: a string (MSRPKIT_DEBUG=1 shows more)", 70],
  ];
  for (const [error, message, exitCode] of cases) {
    test(`${error instanceof Error ? error.name : typeof error} "${message}": ${exitCode}`, () => {
      expect(explain(error)).toEqual({ message, exitCode });
    });
  }
});
