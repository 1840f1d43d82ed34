// The part of connecting that is the same everywhere, with attempts that are only functions: order, shares of time, what ends
// the search and what does not.
import { describe, expect, test } from "#test";
import { type Attempt, type DialSettings, makeConnector } from "../../../adapters/_dial.ts";
import { ConnectionError, LocalProtocolError } from "../../../core/errors.ts";
import type { Accept, ConnectTarget, Transport } from "../../../core/node/transport.ts";

const target: ConnectTarget = { host: "a.test", port: 7, secure: false };
const transport = { remoteAddress: "chosen" } as Transport;
const accept: Accept = () => ({ received() {}, drained() {}, ended() {} });

function resolver(...addresses: string[]): Required<Pick<DialSettings, "resolver">> {
  return {
    resolver: { addresses: () => Promise.resolve(addresses), services: () => Promise.resolve([]) },
  };
}

async function failure(work: Promise<unknown>): Promise<Error & { code?: string }> {
  return await work.then(
    () => {
      throw new Error("it should have been refused");
    },
    (error) => error,
  );
}

describe("makeConnector", () => {
  test("RFC 4975 §6.2: records are tried in the order given until one works [4975-6.2-03]", async () => {
    const tried: string[] = [];
    const attempt: Attempt = ({ address, port }) => {
      tried.push(`${address} ${port}`);
      return address === "3" ? Promise.resolve(transport) : Promise.reject(new Error(`no ${address}`));
    };
    const connect = makeConnector(attempt, resolver("1", "2", "3", "4"));
    expect(await connect(target, accept)).toBe(transport);
    expect(tried).toEqual(["1 7", "2 7", "3 7"]);
  });

  test("all fail: one error with every reason", async () => {
    const attempt: Attempt = ({ address }) => Promise.reject(new Error(`no ${address}`));
    const error = await failure(makeConnector(attempt, resolver("1", "2"))(target, accept));
    expect(error.code).toBe("connect-failed");
    expect(error.message).toBe("Cannot connect to a.test:7: no 1; no 2");
    expect(error.cause).toBeInstanceOf(AggregateError);
  });

  test("RFC 4975 §14.4: a peer that is the wrong one ends the search, and so does the caller's mistake [4975-14.4-02]", async () => {
    let attempts = 0;
    for (const fault of [new ConnectionError("tls", "wrong"), new LocalProtocolError("x", "mistake")]) {
      const attempt: Attempt = () => {
        attempts += 1;
        return Promise.reject(fault);
      };
      expect(await failure(makeConnector(attempt, resolver("1", "2"))(target, accept))).toBe(fault);
    }
    expect(attempts).toBe(2);
  });

  test("an address that never answers gets its share of the time only", async () => {
    const attempt: Attempt = ({ address }, _target, _accept, _limits, signal) =>
      address === "2"
        ? Promise.resolve(transport)
        : new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const connect = makeConnector(attempt, { ...resolver("1", "2"), connectTimeoutMs: 60 });
    expect(await connect(target, accept)).toBe(transport);
    const stuck = makeConnector(attempt, { ...resolver("1", "1"), connectTimeoutMs: 40 });
    expect((await failure(stuck(target, accept))).code).toBe("connect-timeout");
  });

  test("the caller's signal wins over everything, and leaves no listener behind", async () => {
    const stop = new AbortController();
    const attempt: Attempt = (_candidate, _target, _accept, _limits, signal) => {
      stop.abort();
      return Promise.reject(signal.reason);
    };
    const connect = makeConnector(attempt, resolver("1", "2"));
    expect((await failure(connect(target, accept, { signal: stop.signal }))).code).toBe("aborted");
  });

  test("permit sees every address after the look-up and refuses some", async () => {
    const tried: string[] = [];
    const attempt: Attempt = ({ address }) => {
      tried.push(address);
      return Promise.resolve(transport);
    };
    const permit = (address: string, port: number): boolean => address !== "10.0.0.1" && port === 7;
    await makeConnector(attempt, { ...resolver("10.0.0.1", "192.0.2.1"), permit })(target, accept);
    expect(tried).toEqual(["192.0.2.1"]);
  });

  test("mistakes are told at once: no port for msrp, a certificate without its key", async () => {
    const connect = makeConnector(() => Promise.resolve(transport), resolver("1"));
    expect((await failure(connect({ ...target, port: 0 }, accept))).code).toBe("port-missing");
    const half = { ...target, secure: true, tls: { key: "key" } };
    expect((await failure(connect(half, accept))).code).toBe("tls-certificate-missing");
  });
});
