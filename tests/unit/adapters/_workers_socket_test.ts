// A hibernating socket as a standard one: what goes through, and who hears of it.
import { describe, expect, test } from "#test";
import { HibernatingSocket } from "../../../adapters/_workers_socket.ts";
import { FakeSocket } from "../../support/durable_object.ts";

describe("a hibernating WebSocket", () => {
  test("passes events on, and tells of what is sent", () => {
    const [fake, seen]: [FakeSocket, unknown[]] = [new FakeSocket(), []];
    let sent = 0;
    const socket = new HibernatingSocket(fake, () => sent++);
    socket.emit("message", { data: "nobody listens" });
    socket.addEventListener("message", (event) => seen.push(event));
    socket.emit("message", { data: "x" });
    socket.send(new TextEncoder().encode("y"));
    expect([seen, fake.sent, sent]).toEqual([[{ data: "x" }], ["y"], 1]);
    expect([socket.readyState, socket.protocol]).toEqual([1, "msrp"]);
    socket.close(1001);
    expect([socket.readyState, fake.closedWith]).toEqual([3, 1001]);
  });
});
