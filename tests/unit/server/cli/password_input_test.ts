// Passwords from a person and from a pipe: nothing is shown, and the keys that people use to mend a line work.
import { describe, expect, test } from "#test";
import { CommandError } from "../../../../server/cli/command_error.ts";
import {
  MAX_PASSWORD_LENGTH,
  type PasswordSource,
  readPassword,
} from "../../../../server/cli/password_input.ts";

/** A terminal at which these pieces are typed. */
function typed(...pieces: string[]) {
  const raw: boolean[] = [];
  let shown = "";
  const source: PasswordSource = {
    isTTY: true,
    setRawMode: (on) => raw.push(on),
    async *[Symbol.asyncIterator]() {
      for (const piece of pieces) yield new TextEncoder().encode(piece);
    },
  };
  const read = () => readPassword("Password for alice", source, (text) => (shown += text));
  return { read, raw, shown: () => shown };
}

function piped(...pieces: (string | Uint8Array)[]): PasswordSource {
  return {
    async *[Symbol.asyncIterator]() {
      yield* pieces;
    },
  };
}

async function statusOf(action: Promise<unknown>): Promise<number> {
  try {
    await action;
  } catch (error) {
    if (error instanceof CommandError) return error.exitCode;
    throw error;
  }
  return 0;
}

describe("readPassword()", () => {
  test("from a terminal: twice, unseen, and the terminal is as before", async () => {
    const terminal = typed("pä", "ss\r", "pä", "ss\n");
    expect(await terminal.read()).toBe("päss");
    expect(terminal.shown()).toBe("Password for alice: \nAgain: \n");
    expect(terminal.raw).toEqual([true, false]);
  });

  test("from a terminal: both lines in one piece, backspace, Ctrl-U, Ctrl-D", async () => {
    expect(await typed("päö\u007fss\r\u0015wrong\u0015päss\r").read()).toBe("päss");
    expect(await typed("a\u007f\u007f\u007fb\u0004", "b\u0004").read()).toBe("b");
  });

  test("from a terminal: different passwords, none at all, Ctrl-C", async () => {
    for (const [keys, status] of [
      [["one\rtwo\r"], 2],
      [["\r"], 2],
      [[], 2],
      [["abc\u0003"], 130],
    ] as const) {
      const terminal = typed(...keys);
      expect(await statusOf(terminal.read())).toBe(status);
      expect(terminal.raw.at(-1)).toBe(false);
    }
  });

  test("from a pipe: the first line, without its end", async () => {
    expect(await readPassword("p", piped("s3cret\nmore\n"))).toBe("s3cret");
    expect(await readPassword("p", piped("s3c", "ret\r\n"))).toBe("s3cret");
    expect(await readPassword("p", piped(new TextEncoder().encode("pä ss")))).toBe("pä ss");
    expect(await statusOf(readPassword("p", piped()))).toBe(2);
    expect(await statusOf(readPassword("p", piped("\n")))).toBe(2);
    expect(await statusOf(readPassword("p", piped("a\tb\n")))).toBe(2);
  });

  test(`limit: ${MAX_PASSWORD_LENGTH} characters`, async () => {
    const longest = "x".repeat(MAX_PASSWORD_LENGTH);
    expect(await readPassword("p", piped(longest))).toBe(longest);
    expect(await statusOf(readPassword("p", piped(`${longest}x`)))).toBe(2);
    expect(await statusOf(typed(`${longest}xyz\r`).read())).toBe(2);
  });
});
