// MSRP URIs on the command line: what is understood, and what is refused with the option's name.
// Reading URIs itself is tested in tests/unit/core/wire/uri_test.ts.
import { hostname } from "node:os";
import { describe, expect, test } from "#test";
import { MsrpUri } from "../../../../core/mod.ts";
import {
  activeUri,
  ownAddress,
  parseListen,
  parsePath,
  parseWebListen,
  sessionUri,
} from "../../../../server/cli/addresses.ts";
import type { CommandError } from "../../../../server/cli/command_error.ts";
import { EXIT_USAGE } from "../../../../server/exit_codes.ts";
import { thrown } from "../../../support/nodes.ts";

describe("addresses", () => {
  test("RFC 4975 §6: a refused URI is told with its reason", () => {
    const reasons = [
      ["msrp://192.0.2.1/s;tcp", "needs a port"],
      ["msrp://h:65536/s;tcp", "above 65535"],
      ["msrp://u:p@h:1/s;tcp", "no password"],
      ["h:1/s", "not of the form msrp://HOST:PORT/SESSION;tcp"],
    ] as const;
    for (const [text, reason] of reasons) {
      expect([text, thrown<CommandError>(() => parsePath(text, "--to")).message.includes(reason)]).toEqual([
        text,
        true,
      ]);
    }
  });

  test("RFC 4975 §6: a path is URIs with blanks between them, and ends in a session", () => {
    const path = parsePath(" msrp://relay:2855/r;tcp  msrps://[::1]:1/s;tcp ", "--to");
    expect(path.map(({ text }) => text)).toEqual(["msrp://relay:2855/r;tcp", "msrps://[::1]:1/s;tcp"]);
    for (const text of [
      "",
      "  ",
      "msrp://h:1;tcp",
      "msrp://h:1/s;ws",
      "h:1/s",
      "msrp://h:1/s;tcp msrp://h:1;tcp",
    ]) {
      const error = thrown<CommandError>(() => parsePath(text, "--to"));
      expect([text, error.exitCode, error.message.includes("--to")]).toEqual([text, EXIT_USAGE, true]);
    }
  });

  test("an address to listen on is taken apart", () => {
    expect(parseListen("msrps://0.0.0.0:0/only;tcp")).toEqual({
      uri: "msrps://0.0.0.0:0;tcp",
      host: "0.0.0.0",
      secure: true,
      sessionId: "only",
    });
    expect(parseListen("msrp://example.com;tcp").uri).toBe("msrp://example.com;tcp");
    expect(thrown<CommandError>(() => parseListen("msrp://h:1;udp")).exitCode).toBe(EXIT_USAGE);
  });

  test("others are told this machine's name instead of an unspecified address", () => {
    expect(sessionUri(MsrpUri.parse("msrp://0.0.0.0:2855;tcp"), "x")).toBe(`msrp://${hostname()}:2855/x;tcp`);
    expect(sessionUri(MsrpUri.parse("msrps://[::1]:9999;tcp"), "x")).toBe("msrps://[::1]:9999/x;tcp");
  });

  test("RFC 6135 §4.2: an end that only connects has port 9 and a session-id nobody can guess", () => {
    const uris = [1, 2].map(() => MsrpUri.parse(activeUri(MsrpUri.parse("msrps://127.0.0.1:2855/x;tcp"))));
    expect(uris.map(({ scheme, host, port }) => [scheme, host, port])).toEqual([
      ["msrps", "127.0.0.1", 9],
      ["msrps", "127.0.0.1", 9],
    ]);
    expect(uris[0]?.sessionId === uris[1]?.sessionId).toBe(false);
    expect((uris[0]?.sessionId?.length ?? 0) >= 14).toBe(true);
    expect(MsrpUri.parse(activeUri(MsrpUri.parse("msrp://192.0.2.1:2855/x;tcp"))).host).toBe(ownAddress());
  });

  test("RFC 7977 §5.2: a relay listens on URLs of WebSockets too, or on URIs with ;ws [7977-5.2.1-01]", () => {
    const read = (text: string): unknown[] => {
      const { uri, host, secure, webSocket } = parseWebListen(text);
      return [uri, host, secure, webSocket ?? false];
    };
    expect(read("wss://0.0.0.0:443/msrp")).toEqual(["wss://0.0.0.0:443/msrp", "0.0.0.0", true, true]);
    expect(read("ws://[::1]:8080")).toEqual(["ws://[::1]:8080", "::1", false, true]);
    expect(read("msrps://relay.example:443;ws")).toEqual([
      "msrps://relay.example:443;ws",
      "relay.example",
      true,
      true,
    ]);
    expect(read("msrp://h:1;tcp")).toEqual(["msrp://h:1;tcp", "h", false, false]);
    for (const text of ["ws://", "msrps://h:1;wss", "http://h:1"]) {
      expect([text, thrown<CommandError>(() => parseWebListen(text)).exitCode]).toEqual([text, EXIT_USAGE]);
    }
    expect(thrown<CommandError>(() => parseListen("msrps://h:1;ws")).message.includes("only ;tcp")).toBe(
      true,
    );
  });
});
