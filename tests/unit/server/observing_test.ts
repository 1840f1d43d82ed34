// Where --metrics serves, and that nothing watches unless it is asked to.
// The command itself is tested in tests/cli/observing_test.ts.
import { describe, expect, test } from "#test";
import { observers, parsePlace } from "../../../server/observing.ts";

const silent = {} as Parameters<typeof observers>[1];

describe("parsePlace", () => {
  test("host and port, IPv6 in brackets, or a port of this machine alone", () => {
    expect(parsePlace("0.0.0.0:9855")).toEqual({ hostname: "0.0.0.0", port: 9855 });
    expect(parsePlace("metrics.example:1")).toEqual({ hostname: "metrics.example", port: 1 });
    expect(parsePlace("[::1]:0")).toEqual({ hostname: "::1", port: 0 });
    expect(parsePlace("9855")).toEqual({ hostname: "127.0.0.1", port: 9855 });
  });

  for (const text of ["", "host", "host:", "::1:80", "host:65536", "http://host:80", "a b:80", ":80"]) {
    test(`refuses ${JSON.stringify(text)}`, () => expect(() => parsePlace(text)).toThrow("write HOST:PORT"));
  }
});

describe("observers", () => {
  test("are none unless they are asked for, and then the plugins of their names", async () => {
    expect((await observers({}, silent)).plugins).toEqual([]);
    const { plugins } = await observers({ log: "error", metrics: "0" }, silent);
    expect(plugins.map(({ name }) => name)).toEqual(["logger", "metrics"]);
  });
});
