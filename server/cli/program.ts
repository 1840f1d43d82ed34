/**
 * The command line of `msrpkit`: its commands, their options and help. What a command does is loaded only when it
 * runs, so that `--help` and `--version` answer at once.
 */
import { Command, CommanderError, Option } from "commander";
import { EXIT_OK, EXIT_USAGE } from "../exit_codes.ts";
import { VERSION } from "../version.ts";
import { addArchiveCommands } from "./archive_command.ts";
import type { ChatOptions } from "./chat.ts";
import type { EchoOptions } from "./echo.ts";
import { reportFailure } from "./failure.ts";
import type { ReceiveOptions } from "./receive.ts";
import type { RelayCommandOptions } from "./relay.ts";
import type { SendOptions } from "./send.ts";
import type { StartOptions } from "./start.ts";
import { processTerminal, type Terminal } from "./terminal.ts";
import { parseCount, parsePort, parseRate } from "./units.ts";
import type { UserAction, UserOptions } from "./user.ts";
import type { WebChatCommandOptions } from "./web_chat.ts";

/** Default of `--listen`: this machine only; name an outside address to be reached from elsewhere. */
export const DEFAULT_LISTEN = "msrp://127.0.0.1:2855;tcp";

/** Default of `start --http`. */
export const DEFAULT_HTTP_PORT = 8080;

/** Default of `start --relay-listen`. */
export const DEFAULT_RELAY_LISTEN = "msrps://127.0.0.1:2856;tcp";

/**
 * Runs one command line to its end.
 *
 * @param argv the arguments after the program's name
 * @param makeTerminal where to print; tests give their own
 * @returns the exit status, see `exit_codes.ts`
 */
export async function runCommandLine(
  argv: readonly string[],
  makeTerminal: (options: { json?: boolean | undefined }) => Terminal = processTerminal,
): Promise<number> {
  let exitCode = EXIT_OK;
  let terminal = makeTerminal({});
  const run = (options: { json?: boolean }, command: (terminal: Terminal) => Promise<number>) => {
    terminal = makeTerminal(options);
    return command(terminal).then((status) => {
      exitCode = status;
    });
  };
  try {
    await buildProgram(run).parseAsync([...argv], { from: "user" });
  } catch (error) {
    // Help, the version and mistakes in the options have been printed by commander already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
    return reportFailure(error, terminal);
  }
  return exitCode;
}

type Run = (options: { json?: boolean }, command: (terminal: Terminal) => Promise<number>) => Promise<void>;

/** All commands with their options; `run` gets what a command does. */
function buildProgram(run: Run): Command {
  const program = new Command("msrpkit")
    .description("MSRP (RFC 4975) on the command line: send and receive messages and files of any size")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .showHelpAfterError("(msrpkit --help lists commands and options)")
    .exitOverride();

  program
    .command("start")
    .description(
      "try it out: an echo endpoint, a relay with demo users in front of it, and a web chat, on this machine",
    )
    .addOption(listenOption("address of the echo endpoint", [DEFAULT_LISTEN]))
    .addOption(
      new Option("--relay-listen <uri>", "address of the relay; may be repeated")
        .argParser(collect)
        .default(undefined, DEFAULT_RELAY_LISTEN),
    )
    .addOption(
      new Option("--http <port>", "port of the web chat, 0 for any free one")
        .argParser((text) => parsePort(text, "--http"))
        .default(DEFAULT_HTTP_PORT),
    )
    .addOption(
      new Option("--folder <directory>", "where the certificate of the relay is kept").default(".msrpkit"),
    )
    .option("--json", "print events as JSON lines")
    .action((options: StartOptions) =>
      run(options, async (terminal) => (await import("./start.ts")).runStart(options, terminal)),
    );

  program
    .command("echo")
    .description("accept every session below its addresses and send each message back unchanged")
    .addOption(listenOption("address to listen on; may be repeated, msrps: means TLS", [DEFAULT_LISTEN]))
    .addOption(certOption())
    .addOption(keyOption())
    .addOption(traceOption())
    .addOption(metricsOption())
    .addOption(logOption())
    .addOption(pluginsOption())
    .option("--json", "print events as JSON lines")
    .action((options: EchoOptions) =>
      run(options, async (terminal) => (await import("./echo.ts")).runEcho(options, terminal)),
    );

  program
    .command("send")
    .description("connect, send a text, files or standard input, and wait for the result")
    .argument("[text...]", "text to send; - sends standard input")
    .requiredOption("--to <path>", 'MSRP URI of the peer; through relays "URI URI…", the next hop first')
    .option("--from <uri>", "own MSRP URI (default: one with a fresh session-id)")
    .option("--type <media-type>", "Content-Type (default: text/plain, or by the file's extension)")
    .addOption(new Option("--file <path>", "file to send; may be repeated").argParser(append))
    .option("--bodiless", "send a SEND without a body: only asks whether the session answers")
    .option("--success-report", "ask for success reports and wait until every octet is reported")
    .addOption(
      new Option("--failure-report <when>", "Failure-Report of the message")
        .choices(["yes", "no", "partial"])
        .default("yes"),
    )
    .option("--echo", "wait for each message to come back, print it, and fail if it differs")
    .option("--out <file>", "with --echo: store what comes back instead of printing it")
    .option("--message-id <id>", "Message-ID to use (default: a random one)")
    .option("--resume <message-id>", "go on with an interrupted --file transfer of this Message-ID")
    .addOption(
      new Option("--rate <octets>", "send at most this many octets a second, e.g. 500k").argParser(parseRate),
    )
    .addOption(caOption())
    .addOption(ownRelayOption())
    .addOption(userOption())
    .addOption(plainAuthOption())
    .addOption(new Option("--insecure", "do not check the peer's certificate").conflicts("ca"))
    .addOption(
      new Option(
        "--timeout <seconds>",
        "time to wait for the connection, and for reports and echoes after sending",
      )
        .argParser((text) => parseCount(text, "--timeout"))
        .default(30),
    )
    .option("--json", "print results as JSON lines")
    .action((text: string[], options: SendOptions) =>
      run(options, async (terminal) => (await import("./send.ts")).runSend(text, options, terminal)),
    );

  program
    .command("receive")
    .description("wait for messages; print texts, or store every message as a file")
    .addOption(listenOption("address to listen on; may be repeated, msrps: means TLS", [DEFAULT_LISTEN]))
    .addOption(certOption())
    .addOption(keyOption())
    .addOption(ownRelayOption())
    .addOption(userOption())
    .addOption(caOption())
    .addOption(plainAuthOption())
    .option("--out <directory>", "store messages there as files")
    .addOption(
      new Option("--count <n>", "end after this many messages").argParser((text) =>
        parseCount(text, "--count"),
      ),
    )
    .option("--json", "print events as JSON lines")
    .action((options: ReceiveOptions) =>
      run(options, async (terminal) => (await import("./receive.ts")).runReceive(options, terminal)),
    );

  addRelay(program, run);

  for (const side of ["offer", "answer"] as const) {
    program
      .command(side)
      .description(
        side === "offer"
          ? "open a chat: print an SDP offer, read the other terminal's answer, then talk"
          : "join a chat: read the other terminal's SDP offer, print the answer, then talk",
      )
      .option("--host <host>", "own host name or address to put into the SDP (default: found out)")
      .option("--port <port>", "port to listen on, 0 for any free one", "0")
      .option("--tls", "protect the session with TLS; both sides check certificate fingerprints")
      .addOption(ownRelayOption())
      .addOption(userOption())
      .addOption(caOption())
      .addOption(plainAuthOption())
      .option("--json", "print events as JSON lines")
      .action((options: ChatOptions) =>
        run(options, async (terminal) => (await import("./chat.ts")).runChat(side, options, terminal)),
      );
  }

  program
    .command("chat")
    .description("chat from the terminal with the people of a web chat, such as that of `msrpkit start`")
    .argument("<address>", "address of the web chat, http://localhost:8080")
    .requiredOption("--user <name>", "who you are; the password is asked for, or MSRPKIT_PASSWORD")
    .option("--to <name>", "whom to write to first (default: who writes first)")
    .option("--out <directory>", "keep files that come")
    .addOption(caOption())
    .option("--json", "print events as JSON lines")
    .action((address: string, options: WebChatCommandOptions) =>
      run(options, async (terminal) =>
        (await import("./web_chat.ts")).runWebChat(address, options, terminal),
      ),
    );

  addUserCommands(program, run);
  addArchiveCommands(program, run);
  return program;
}

/** What `msrpkit user` can do, and what its help says of it. */
const userActions: readonly (readonly [action: UserAction, description: string])[] = [
  ["add", "add a user; asks for the password, or reads it from a pipe"],
  ["passwd", "change a user's password"],
  ["remove", "remove a user"],
  ["list", "list the users, of one domain or of all"],
];

function addUserCommands(program: Command, run: Run): void {
  const user = program.command("user").description("manage the users of a relay; only hashes are stored");
  for (const [action, description] of userActions) {
    const command = user.command(action).description(description);
    if (action !== "list") command.argument("<name>", "name of the user, without the domain");
    command
      .addOption(
        new Option("--users <place>", "where they are: FILE, sqlite:FILE or postgres://…").env(
          "MSRPKIT_USERS",
        ),
      )
      .addOption(new Option("--domain <domain>", "domain of the user").env("MSRPKIT_DOMAIN"))
      .option("--json", "print results as JSON lines")
      .action(async (...args: unknown[]) => {
        const [name, options] = action === "list" ? [undefined, args[0]] : [args[0], args[1]];
        const { runUser } = await import("./user.ts");
        await run(options as UserOptions, (terminal) =>
          runUser(action, name as string | undefined, options as UserOptions, terminal),
        );
      });
  }
}

function addRelay(program: Command, run: Run): void {
  const option = (flags: string, description: string, variable: string): Option =>
    new Option(flags, description).env(variable);
  program
    .command("relay")
    .description("run a relay (RFC 4976): users log in and get addresses that work through NATs")
    .addOption(
      option("--domain <name>", "name of the relay; may be repeated", "MSRPKIT_DOMAIN").argParser(collect),
    )
    .addOption(
      listenOption("address to listen on; may be repeated, msrps: means TLS, wss: WebSockets with TLS", []),
    )
    .addOption(
      option("--users <place>", "users: FILE, sqlite:FILE, postgres://… or https://…", "MSRPKIT_USERS"),
    )
    .addOption(option("--config <file>", "JSON file with these and all other settings", "MSRPKIT_CONFIG"))
    .addOption(certOption())
    .addOption(keyOption())
    .addOption(option("--ca <file>", "PEM file of authorities for other relays and next hops", "MSRPKIT_CA"))
    .addOption(
      option("--relay <name>", "another relay to trust; may be repeated", "MSRPKIT_RELAYS").argParser(
        collect,
      ),
    )
    .addOption(
      option(
        "--allow-dial <place>",
        "host, address or range (host:port, 10.0.0.0/8) to connect to although it is private; may be repeated",
        "MSRPKIT_ALLOW_DIAL",
      ).argParser(collect),
    )
    .option("--allow-plain-auth", "answer AUTH without TLS: for development only")
    .addOption(traceOption())
    .addOption(metricsOption())
    .addOption(logOption())
    .addOption(pluginsOption())
    .option("--json", "print events as JSON lines")
    .action((options: RelayCommandOptions) =>
      run(options, async (terminal) => {
        (await import("../relay/small_heap.ts")).keepYoungSmall();
        return (await import("./relay.ts")).runRelay(options, terminal);
      }),
    );
}

function listenOption(description: string, fallback: readonly string[]): Option {
  return new Option("--listen <uri>", description)
    .argParser(collect)
    .default(undefined, fallback.join(" "))
    .env("MSRPKIT_LISTEN");
}

function traceOption(): Option {
  return new Option(
    "--trace <directory>",
    "write a capture for Wireshark and a ladder of each session there",
  ).env("MSRPKIT_TRACE");
}

function metricsOption(): Option {
  return new Option("--metrics <host:port>", "serve /metrics for Prometheus, and /health, over HTTP").env(
    "MSRPKIT_METRICS",
  );
}

function pluginsOption(): Option {
  return new Option("--plugins <file>", "JSON file with plugins and their options").env("MSRPKIT_PLUGINS");
}

function logOption(): Option {
  return new Option("--log <level>", "log what happens to standard error, as JSON lines")
    .choices(["debug", "info", "warn", "error"])
    .env("MSRPKIT_LOG");
}

function caOption(): Option {
  return new Option("--ca <file>", "PEM file of authorities (or of the peer's own certificate) to trust");
}

function ownRelayOption(): Option {
  return new Option(
    "--relay <uri>",
    "own relay to go through, such as msrps://relay.example.com;tcp; repeated: a chain, the nearest first",
  ).argParser(collect);
}

function userOption(): Option {
  return new Option("--user <name>", "user at the relay; the password is asked for, or MSRPKIT_PASSWORD");
}

function plainAuthOption(): Option {
  return new Option("--allow-plain-auth", "log in at the relay without TLS: for development only");
}

function certOption(): Option {
  return new Option(
    "--cert <file>",
    "PEM certificate for msrps: (made there, self-signed, when missing)",
  ).env("MSRPKIT_CERT");
}

function keyOption(): Option {
  return new Option("--key <file>", "PEM key of --cert").env("MSRPKIT_KEY");
}

/** An option that may be repeated; in an environment variable the values are separated by blanks. */
function collect(value: string, previous: readonly string[] | undefined): string[] {
  return [...(previous ?? []), ...value.split(/\s+/).filter((part) => part !== "")];
}

/** An option that may be repeated, each value as it is. */
function append(value: string, previous: readonly string[] | undefined): string[] {
  return [...(previous ?? []), value];
}
