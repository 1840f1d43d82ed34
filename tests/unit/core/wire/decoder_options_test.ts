// Limits and switches of a decoder: their defaults, and what is refused.
// That each limit holds is tested where it is applied.
import { describe, expect, test } from "#test";
import { type DecoderOptions, decoderLimits } from "../../../../core/wire/decoder_options.ts";

describe("decoder options", () => {
  test("defaults are those that the documentation names", () => {
    expect(decoderLimits()).toEqual({
      strict: false,
      framing: "stream",
      maxStartLineBytes: 1024,
      maxHeaderLineBytes: 8192,
      maxHeaders: 64,
      maxHeadBytes: 16_384,
      maxPathUris: 32,
      maxIdBytes: 64,
      maxSliceBytes: 65_536,
      maxNonSendBodyBytes: 10_240,
    });
  });

  test("RFC 4975 §9: the strict reading takes no id above 32 characters", () => {
    expect(decoderLimits({ strict: true, maxIdBytes: 64 }).maxIdBytes).toBe(32);
  });

  test("a limit that is no whole number, or too small to work with, is refused", () => {
    const refused: DecoderOptions[] = [
      { maxHeaders: 0 },
      { maxHeaders: 1.5 },
      { maxHeadBytes: Number.NaN },
      { maxStartLineBytes: -1 },
      { maxSliceBytes: 2047 },
      { maxIdBytes: 31 },
      { maxPathUris: Number.POSITIVE_INFINITY },
    ];
    for (const options of refused) expect(() => decoderLimits(options)).toThrow(RangeError);
    expect(decoderLimits({ maxSliceBytes: 2048, maxIdBytes: 32, maxHeaders: 1 }).maxHeaders).toBe(1);
  });
});
