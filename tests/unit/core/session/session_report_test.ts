// The fields of a REPORT, in order, and only those.
import { expect, test } from "#test";
import { reportRequest } from "../../../../core/session/session_report.ts";
import { encodeRequest } from "../../../../core/wire/encoder.ts";
import { MsrpUri } from "../../../../core/wire/uri.ts";

const to = ["msrp://r.example:1/r;tcp", "msrp://a.example:2/a;tcp"].map((uri) => MsrpUri.parse(uri));
const own = [MsrpUri.parse("msrp://b.example:3/b;tcp")];

test("RFC 4975 §7.1.2: a REPORT has Message-ID, Byte-Range and Status, and asks for no reports [4975-7.1.2-01, 4975-7.1.2-02, 4975-7.1.2-03, 4975-7.1.3-04, 4975-7.1-08]", () => {
  const byteRange = { start: 1, end: 2048, total: 9000 };
  const request = reportRequest({ messageId: "m.1234", status: 413, comment: "Enough", byteRange }, to, own);
  const text = new TextDecoder().decode(encodeRequest({ ...request, transactionId: "report000001" }));
  expect(text.split("\r\n")).toEqual([
    "MSRP report000001 REPORT",
    `To-Path: ${to.join(" ")}`,
    `From-Path: ${own[0]}`,
    "Message-ID: m.1234",
    "Byte-Range: 1-2048/9000",
    "Status: 000 413 Enough",
    "-------report000001$",
    "",
  ]);
});

test("without a range or comment it has the usual comment and no range", () => {
  const { headers } = reportRequest({ messageId: "m.1234", status: 200 }, to, own);
  expect(headers).toEqual([
    ["Message-ID", "m.1234"],
    ["Status", "000 200 OK"],
  ]);
});
