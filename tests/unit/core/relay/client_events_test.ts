// A list of handlers.
import { expect, test } from "#test";
import { Handlers } from "../../../../core/relay/client_events.ts";

test("all handlers are called, in order, also when one throws; one that was taken out is not", () => {
  const handlers = new Handlers<number>();
  const [seen, threw]: [string[], unknown[]] = [[], []];
  handlers.add((event) => seen.push(`a${event}`));
  handlers.add(() => {
    throw "fault";
  });
  const stop = handlers.add((event) => seen.push(`c${event}`));
  handlers.call(1, (error) => threw.push(error));
  stop();
  handlers.call(2, (error) => threw.push(error));
  expect([seen, threw]).toEqual([
    ["a1", "c1", "a2"],
    ["fault", "fault"],
  ]);
});
