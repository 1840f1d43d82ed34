// A SEND without body: what its answer means, and what cannot be asked of it.
import { describe, expect, test } from "#test";
import type { Transaction } from "../../../../core/connection/transaction.ts";
import type { DeliveryError } from "../../../../core/errors.ts";
import { BodilessSent } from "../../../../core/session/session_bodiless.ts";
import { NodePair, rejection } from "../../../support/nodes.ts";

const transaction = {} as Transaction;

describe("a SEND without body", () => {
  test("is accepted by any 2xx, refused by anything else, and 408 is the timeout", async () => {
    const outcomes: string[] = [];
    for (const status of [200, 299, 403, 408]) {
      const sent = new BodilessSent("m.1234");
      sent.responded(transaction, status, "Why");
      outcomes.push(
        await sent.accepted.then(
          () => "accepted",
          (error: DeliveryError) => `${error.code} ${error.status} ${error.comment}`,
        ),
      );
    }
    expect(outcomes).toEqual(["accepted", "accepted", "refused 403 Why", "timeout 408 Why"]);
    const overdue = new BodilessSent("m.1234");
    overdue.timedOut();
    expect((await rejection<DeliveryError>(overdue.accepted)).status).toBe(408);
    const lost = new BodilessSent("m.1234");
    lost.lost(undefined, new Error("gone"));
    lost.abort();
    expect((await rejection(lost.accepted)).message).toBe("gone");
  });

  test("has nothing that could be delivered", async () => {
    const error = await rejection<DeliveryError>(new BodilessSent("m.1234").delivered);
    expect(error.code).toBe("no-success-report");
  });

  test("goes out through a session, before and after it is bound, and delivers nothing", async () => {
    const pair = new NodePair();
    let delivered = 0;
    pair.client.onMessage(() => {
      delivered++;
    });
    const remote = pair.serverUri();
    const local = pair.clientUri();
    const early = pair.server.session({ local: remote, remote: local });
    const waiting = early.send(undefined, { messageId: "m.early" });
    const here = await pair.client.connect({ local, remote }, pair.network.connect);
    await waiting.accepted;
    await here.send(undefined).accepted;
    expect([waiting.messageId, delivered]).toEqual(["m.early", 0]);
    await pair.close();
  });
});
