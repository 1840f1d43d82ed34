// The fate of messages that asked to be told: states move forward, promises settle once, the table is bounded.
import { describe, expect, test } from "#test";
import type { ImdnNotification } from "../../../plugins/_imdn_document.ts";
import { ImdnTracker, ImdnTracking } from "../../../plugins/_imdn_tracker.ts";
import { rejection } from "../../support/nodes.ts";

const bo = "sip:bo@example.net";
const cy = "sip:cy@example.net";
const told = (
  status: ImdnNotification["status"],
  recipientUri: string | undefined = bo,
  type: ImdnNotification["type"] = status === "displayed" ? "display" : "delivery",
): ImdnNotification => ({ messageId: "id1", datetime: "", type, status, recipientUri });
const tracking = (
  recipients = [bo],
  requests: ImdnTracking["requests"] = ["positive-delivery", "display"],
): ImdnTracking => new ImdnTracking("id1", recipients, requests);

describe("ImdnTracking", () => {
  test("states move forward only [DN-DOC-13]", async () => {
    const one = tracking();
    one.take(told("processed", bo, "processing"), undefined);
    expect(one.state).toBe("processed");
    one.take(told("displayed"), undefined);
    one.take(told("delivered"), undefined);
    one.take(told("failed"), undefined);
    one.take(told("extension"), undefined);
    expect(one.state).toBe("displayed");
    await Promise.all([one.delivered, one.displayed]);
  });

  test("of several recipients the slowest counts [DN-DOC-08]", async () => {
    const one = tracking([bo, cy]);
    let delivered = false;
    one.delivered.then(() => {
      delivered = true;
    });
    one.take(told("delivered"), undefined);
    one.take(told("displayed"), undefined);
    await Promise.resolve();
    expect([one.state, delivered]).toEqual(["sent", false]);
    one.take({ ...told("delivered"), recipientUri: undefined }, cy);
    await one.delivered;
    expect([one.state, [...one.states]]).toEqual([
      "delivered",
      [
        [bo, "displayed"],
        [cy, "delivered"],
      ],
    ]);
  });

  test("failed, forbidden and error reject, and the rest stays pending", async () => {
    const failed = tracking([bo, cy]);
    failed.take(told("failed"), undefined);
    expect(await rejection(failed.delivered)).toMatchObject({ code: "imdn-failed" });
    expect(failed.state).toBe("failed");
    const denied = tracking();
    denied.take(told("forbidden", bo, "display"), undefined);
    expect(await rejection(denied.displayed)).toMatchObject({ code: "imdn-forbidden" });
    denied.take(told("delivered"), undefined);
    await denied.delivered;
    const broken = tracking();
    broken.take(told("error"), undefined);
    expect(await rejection(broken.delivered)).toMatchObject({ code: "imdn-error" });
  });

  test("what was not asked for rejects at once", async () => {
    const one = tracking([bo], ["negative-delivery"]);
    expect(await rejection(one.delivered)).toMatchObject({ code: "imdn-not-requested" });
    expect(await rejection(one.displayed)).toMatchObject({ code: "imdn-not-requested" });
  });

  test("knows whom the message went to", () => {
    const one = tracking([bo]);
    expect([one.knows("SIP:bo@EXAMPLE.net;x=y"), one.knows(cy), one.knows(undefined)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe("ImdnTracker", () => {
  test("forgets the oldest above its bound [DN-REQ-14]", async () => {
    const tracker = new ImdnTracker(2);
    const all = ["a", "b", "c"].map((id) => new ImdnTracking(id, [bo], ["display"]));
    for (const one of all.slice(0, 2)) tracker.add(one);
    expect([tracker.size, tracker.get("a")]).toEqual([2, all[0]]);
    tracker.add(all[2] as ImdnTracking);
    expect([tracker.size, tracker.get("a"), tracker.get("c")]).toEqual([2, undefined, all[2]]);
    expect(await rejection(all[0]?.displayed as Promise<void>)).toMatchObject({ code: "imdn-forgotten" });
  });
});
