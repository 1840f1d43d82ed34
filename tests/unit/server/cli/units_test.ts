// Quantities on the command line, read and printed.
// Wrong ones must be usage errors that name the input.
import { describe, expect, test } from "#test";
import { CommandError } from "../../../../server/cli/command_error.ts";
import {
  formatBytes,
  formatDuration,
  formatSpeed,
  megabytesPerSecond,
  parseCount,
  parsePort,
  parseRate,
} from "../../../../server/cli/units.ts";
import { EXIT_USAGE } from "../../../../server/exit_codes.ts";
import { thrown } from "../../../support/nodes.ts";

describe("units", () => {
  test("rates are octets a second with k, M, G", () => {
    expect(["1", "500k", "1.5M", "2g", " 8K "].map(parseRate)).toEqual([1, 500_000, 1_500_000, 2e9, 8_000]);
    for (const text of ["", "0", "-1", "1x", "k", "1e9", "0.5"]) {
      const error = thrown<CommandError>(() => parseRate(text));
      expect(error).toBeInstanceOf(CommandError);
      expect(error.exitCode).toBe(EXIT_USAGE);
      expect(error.message.includes(`"${text}"`)).toBe(true);
    }
  });

  test("counts are whole numbers from 1", () => {
    expect(parseCount("12", "--count")).toBe(12);
    for (const text of ["0", "1.5", "-2", "x", "9999999999"]) {
      expect(thrown<CommandError>(() => parseCount(text, "--count")).exitCode).toBe(EXIT_USAGE);
    }
  });

  test("ports go from 0 to 65535", () => {
    expect(["0", "8080", "65535"].map((text) => parsePort(text, "--http"))).toEqual([0, 8080, 65_535]);
    for (const text of ["65536", "-1", "", "http", "1.5"]) {
      expect(thrown<CommandError>(() => parsePort(text, "--http")).exitCode).toBe(EXIT_USAGE);
    }
  });

  test("octets, speeds and times are printed with three digits or so", () => {
    expect([999, 1_500, 104_857_600, 4_294_967_296].map(formatBytes)).toEqual([
      "999 B",
      "1.5 kB",
      "104.9 MB",
      "4.29 GB",
    ]);
    expect(megabytesPerSecond(5_000_000, 1_000)).toBe(5);
    expect(megabytesPerSecond(5, 0)).toBe(0);
    expect([0.5, 123.4].map(formatSpeed)).toEqual(["0.50 MB/s", "123 MB/s"]);
    expect([3_210, 245_000].map(formatDuration)).toEqual(["3.2 s", "4 min 05 s"]);
  });
});
