// Captures loopback traffic with dumpcap and has tshark dissect it as MSRP.
// Capturing needs rights that root has in CI; without them the tests say so and fail there.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { untilTrue } from "../harness/poll.ts";

/** One frame as tshark shows it; absent fields are empty. */
export interface DissectedFrame {
  readonly transactionId: string;
  readonly method: string;
  readonly status: string;
  readonly toPath: string;
  readonly fromPath: string;
  readonly messageId: string;
  readonly byteRange: string;
  readonly contentType: string;
  readonly flag: string;
}

const FIELDS = [
  "transaction.id",
  "method",
  "status.code",
  "to.path",
  "from.path",
  "messageid",
  "byte.range",
  "content.type",
  "cnt.flg",
];

/** Whether tshark and dumpcap are here and may capture. */
export const captureWorks: boolean =
  spawnSync("tshark", ["--version"]).status === 0 &&
  spawnSync("dumpcap", ["-i", "lo", "-a", "duration:1", "-w", "/dev/null"]).status === 0;

/** A capture that is running. */
export interface Capture {
  /** Waits for so many frames, ends the capture, and gives them in the order in which they went over the wire. */
  stop(frames: number): Promise<DissectedFrame[]>;
}

/** Starts to capture one TCP port on the loopback interface. */
export async function startCapture(port: number): Promise<Capture> {
  const folder = mkdtempSync(join(tmpdir(), "msrpkit-capture-"));
  const file = join(folder, "capture.pcapng");
  const dumpcap = spawn("dumpcap", ["-q", "-i", "lo", "-f", `tcp port ${port}`, "-w", file], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  // It says the name of the file when it is ready, and how much it has captured at its end.
  await new Promise<void>((resolve, reject) => {
    dumpcap.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes("File: ")) resolve();
    });
    dumpcap.once("close", () => reject(new Error(`dumpcap does not capture: ${said}`)));
  });
  return {
    async stop(frames) {
      // The kernel hands packets over in blocks, now and then; nothing tells that the last one is in the file.
      await untilTrue(() => dissect(file, port).length >= frames);
      const closed = new Promise<void>((resolve) => dumpcap.once("close", () => resolve()));
      dumpcap.kill("SIGINT");
      await closed;
      const seen = dissect(file, port);
      rmSync(folder, { recursive: true });
      return seen;
    },
  };
}

/** The MSRP frames in a capture file, which may still be growing. */
function dissect(file: string, port: number): DissectedFrame[] {
  const fields = FIELDS.flatMap((name) => ["-e", `msrp.${name}`]);
  const options = [
    "-r",
    file,
    "-d",
    `tcp.port==${port},msrp`,
    "-Y",
    "msrp",
    "-T",
    "fields",
    "-E",
    "separator=|",
  ];
  const tshark = spawnSync("tshark", [...options, ...fields], { encoding: "utf8" });
  return tshark.stdout
    .split("\n")
    .filter((line) => line !== "")
    .map(toFrame);
}

function toFrame(line: string): DissectedFrame {
  const [transactionId, method, status, toPath, fromPath, messageId, byteRange, contentType, flag] =
    line.split("|");
  return {
    transactionId: transactionId ?? "",
    method: method ?? "",
    status: status ?? "",
    toPath: toPath ?? "",
    fromPath: fromPath ?? "",
    messageId: messageId ?? "",
    byteRange: byteRange ?? "",
    contentType: contentType ?? "",
    // tshark prints the flag's own character.
    flag: flag ?? "",
  };
}
