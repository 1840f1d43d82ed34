// Starts Kamailio (Debian package, unprivileged, no database) as a plain MSRP forwarder for one test.
// The script is the one of the module's README, with a table that sends frames back on the connection they came from.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, untilListening } from "../harness/poll.ts";

/** A running forwarder. */
export interface Kamailio {
  /** Its URI, to put in front of a path. */
  readonly uri: string;
  /** What it has logged. */
  log(): string;
  /** Ends it. */
  stop(): Promise<void>;
}

const MODULES = "/usr/lib/x86_64-linux-gnu/kamailio/modules/";

/** Whether the Debian packages are here. */
export const kamailioInstalled: boolean =
  existsSync("/usr/sbin/kamailio") && existsSync(`${MODULES}msrp.so`) && existsSync(`${MODULES}htable.so`);

function script(port: number): string {
  return `#!KAMAILIO
debug=2
log_stderror=yes
children=1
tcp_children=1
auto_aliases=no
disable_sctp=yes
tcp_accept_no_cl=yes
tcp_connection_lifetime=3600
listen=tcp:127.0.0.1:${port}
mpath="${MODULES}"
loadmodule "kex.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "htable.so"
loadmodule "msrp.so"
modparam("htable", "htable", "conn=>size=8;")
request_route { drop; }
event_route[msrp:frame-in] {
  xlog("L_ERR", "frame [$msrp(method)] code [$msrp(code)]\\n");
  msrp_reply_flags("1");
  if (msrp_is_reply()) { msrp_relay(); exit; }
  if ($msrp(method)!="SEND" && $msrp(method)!="REPORT") { msrp_reply("501", "Request-method-not-understood"); exit; }
  $sht(conn=>$msrp(prevhop)) = $msrp(srcaddr);
  $sht(conn=>$msrp(prevhop)::sock) = $msrp(srcsock);
  if ($msrp(method)!="REPORT") { msrp_reply("200", "OK"); }
  if ($sht(conn=>$msrp(nexthop)) != $null) {
    msrp_relay_flags("1");
    msrp_set_dst("$sht(conn=>$msrp(nexthop))", "$sht(conn=>$msrp(nexthop)::sock)");
  }
  msrp_relay();
}
`;
}

/** Starts a forwarder on a free port and waits until it listens. */
export async function startKamailio(): Promise<Kamailio> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "msrpkit-kamailio-"));
  const config = join(folder, "kamailio.cfg");
  await writeFile(config, script(port));
  const options = ["-f", config, "-DD", "-E", "-Y", folder, "-P", join(folder, "pid"), "-m", "64"];
  const child = spawn("/usr/sbin/kamailio", options, { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      log += text;
    });
  }
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await Promise.race([
    untilListening(port),
    ended.then(() => {
      throw new Error(`Kamailio does not start:\n${log}`);
    }),
  ]);
  return {
    uri: `msrp://127.0.0.1:${port}/forward;tcp`,
    log: () => log,
    async stop() {
      child.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
