/**
 * Kamailio as an MSRP relay with one worker, to measure ours against: the README's script, every AUTH accepted. It needs
 * Debian's packages kamailio, kamailio-tls-modules and kamailio-extra-modules, but no root, database or SIP.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const modules = "/usr/lib/x86_64-linux-gnu/kamailio/modules/";

/** Whether it can be started here. */
export const kamailioInstalled: boolean =
  existsSync("/usr/sbin/kamailio") &&
  ["msrp.so", "htable.so", "tls.so"].every((name) => existsSync(modules + name));

/** A running Kamailio. */
export interface KamailioRelay {
  /** Process that carries the traffic. */
  readonly pid: number;
  stop(): Promise<void>;
}

function script(port: number, tls: boolean, folder: string): string {
  const transport = tls ? "tls" : "tcp";
  return `#!KAMAILIO
debug=0
log_stderror=yes
children=1
tcp_children=1
auto_aliases=no
disable_sctp=yes
tcp_accept_no_cl=yes
tcp_connection_lifetime=3600
tcp_max_connections=4096
${tls ? "enable_tls=yes\ntls_max_connections=4096" : ""}
listen=${transport}:127.0.0.1:${port}
mpath="${modules}"
loadmodule "kex.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "cfgutils.so"
loadmodule "htable.so"
${tls ? 'loadmodule "tls.so"' : ""}
loadmodule "msrp.so"
${tls ? `modparam("tls", "config", "${folder}/tls.cfg")` : ""}
modparam("htable", "htable", "msrp=>size=12;autoexpire=3600;")
request_route { drop; }
event_route[msrp:frame-in] {
  msrp_reply_flags("1");
  if (msrp_is_reply()) { msrp_relay(); exit; }
  if ($msrp(method)=="AUTH") {
    $var(cnt) = $var(cnt) + 1;
    pv_printf("$var(sessid)", "s.$(pp).$(var(cnt)).$(RANDOM)");
    $sht(msrp=>$var(sessid)::srcaddr) = $msrp(srcaddr);
    $sht(msrp=>$var(sessid)::srcsock) = $msrp(srcsock);
    $var(headers) = "Use-Path: ${tls ? "msrps" : "msrp"}://127.0.0.1:${port}/" + $var(sessid) + ";tcp\\r\\nExpires: 1800\\r\\n";
    msrp_reply("200", "OK", "$var(headers)");
    exit;
  }
  if ($msrp(method)=="SEND" || $msrp(method)=="REPORT") {
    $var(sessid) = $msrp(sessid);
    if ($sht(msrp=>$var(sessid)::srcaddr) == $null) {
      if ($msrp(method)!="REPORT") { msrp_reply("481", "Session-does-not-exist"); }
      exit;
    }
    if ($msrp(method)!="REPORT") { msrp_reply("200", "OK"); }
    msrp_relay_flags("1");
    msrp_set_dst("$sht(msrp=>$var(sessid)::srcaddr)", "$sht(msrp=>$var(sessid)::srcsock)");
    msrp_relay();
    exit;
  }
  msrp_reply("501", "Request-method-not-understood");
}
`;
}

/** Starts it on a port. @param tls certificate and key, for TLS @param before a command that pins it to a core */
export function startKamailioRelay(
  port: number,
  tls: { readonly cert: string; readonly key: string } | undefined,
  before: readonly string[],
): KamailioRelay {
  const folder = mkdtempSync(join(tmpdir(), "msrpkit-bench-"));
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  if (tls !== undefined) {
    const [cert, key] = [file("cert.pem", tls.cert), file("key.pem", tls.key)];
    file(
      "tls.cfg",
      `[server:default]\nmethod = TLSv1.2+\nverify_certificate = no\nrequire_certificate = no\nprivate_key = ${key}\ncertificate = ${cert}\n`,
    );
  }
  const config = file("kamailio.cfg", script(port, tls !== undefined, folder));
  const options = [
    "-f",
    config,
    "-DD",
    "-E",
    "-Y",
    folder,
    "-P",
    join(folder, "pid"),
    "-m",
    "1024",
    "-M",
    "64",
  ];
  const [program = "", ...args] = [...before, "/usr/sbin/kamailio", ...options];
  const child: ChildProcess = spawn(program, args, { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
