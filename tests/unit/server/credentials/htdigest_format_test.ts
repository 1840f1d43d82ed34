// The text of htdigest files: what Apache and lighttpd write is read, and edits touch only what they are about.
import { describe, expect, test } from "#test";
import { editHtdigest, parseHtdigest, parseLine } from "../../../../server/credentials/htdigest_format.ts";

// `htdigest` of Apache makes this line of the password "Circle Of Life" (RFC 2617 §3.5).
const mufasa = "Mufasa:testrealm@host.com:939e7578ed9e3c518a452acee763bce9";
const sha = "b06fc05c3569369f7e951491605e95388b06e9fbd11aa3e7b11af4782a0b8d44";

describe("parseLine()", () => {
  test("user, realm and hash; a realm may have colons, a hash capitals", () => {
    expect(parseLine(mufasa)).toEqual({
      user: "Mufasa",
      realm: "testrealm@host.com",
      algorithm: "MD5",
      ha1: "939e7578ed9e3c518a452acee763bce9",
    });
    expect(parseLine(`alice:a: b:c:${sha.toUpperCase()}\r`)).toEqual({
      user: "alice",
      realm: "a: b:c",
      algorithm: "SHA-256",
      ha1: sha,
    });
  });

  test("comments and empty lines are nothing, everything else is a fault", () => {
    for (const line of ["", "  ", "# alice:r:x", "\r"]) expect(parseLine(line)).toBe(undefined);
    for (const line of [
      "alice",
      "alice:secret",
      `alice:${sha}`,
      `:r:${sha}`,
      "alice:r:plain password",
      `a:r:${sha}0`,
    ]) {
      expect([line, parseLine(line)]).toEqual([line, "fault"]);
    }
  });
});

describe("parseHtdigest()", () => {
  test("both hashes of a user; the first of several lines counts; faults by line number only", () => {
    const { users, faults } = parseHtdigest(
      `${mufasa}\nalice:r:${sha}\nalice:r:${"0".repeat(32)}\nalice:r:${"1".repeat(64)}\nalice:hunter2\n\n`,
    );
    expect(users.size).toBe(2);
    expect(users.lookup("alice", "r")?.ha1).toEqual({ "SHA-256": sha, MD5: "0".repeat(32) });
    expect(users.lookup("Mufasa", "testrealm@host.com")?.ha1.MD5).toBe("939e7578ed9e3c518a452acee763bce9");
    expect(faults).toEqual([{ line: 5 }]);
  });
});

describe("editHtdigest()", () => {
  const text = `# our users\n${mufasa}\nnonsense\nbob:r:${sha}\n`;

  test("adds at the end, MD5 first for programs that know no other hash", () => {
    const edited = editHtdigest(text, "alice", "relay.example.com", "correct horse battery");
    expect(edited).toBe(
      `${text}alice:relay.example.com:bc4f54f1e9bf890fa70c9d47113f51b4\nalice:relay.example.com:${sha}\n`,
    );
    expect(editHtdigest("", "alice", "r", "p").split("\n").length).toBe(3);
    expect(editHtdigest(text.trimEnd(), "alice", "r", "p").startsWith(text)).toBe(true);
  });

  test("replaces in place, every line of the user and no other", () => {
    const two = `${text}bob:r:${"2".repeat(32)}\nbob:other:${sha}\n`;
    const edited = editHtdigest(two, "bob", "r", "new").split("\n");
    expect(edited.slice(0, 3)).toEqual(two.split("\n").slice(0, 3));
    expect(edited.filter((line) => line.startsWith("bob:r:")).length).toBe(2);
    expect(edited.indexOf(`bob:other:${sha}`)).toBe(5);
    expect(edited.join()).not.toContain("2".repeat(32));
  });

  test("removes, and gives back the rest octet for octet", () => {
    expect(editHtdigest(text, "bob", "r", undefined)).toBe(`# our users\n${mufasa}\nnonsense\n`);
    expect(editHtdigest(text, "bob", "elsewhere", undefined)).toBe(text);
  });
});
