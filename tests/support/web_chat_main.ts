// The web chat's server as a process of its own, so that a test's own work does not slow it down. Prints its origin, and
// ends with its input.
import process from "node:process";
import { startWebChat } from "./web_chat_server.ts";

const server = await startWebChat(Number(process.argv[2] ?? 0));
console.log(server.origin);
process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
