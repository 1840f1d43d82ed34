/**
 * Time that runs faster, for tests that go through a relay's hours in seconds: a transport as it is, but for its clock.
 * Timeouts of the sockets themselves stay what they are.
 */
import type { Accept, Clock, Connector, Msrp, Transport } from "../../core/mod.ts";
import type { Acceptor } from "../runtime.ts";

/** A clock on which `scale` milliseconds pass in one. */
export function scaledClock(clock: Clock, scale: number): Clock {
  return {
    now: () => clock.now() * scale,
    setTimer: (callback, delayMs) => clock.setTimer(callback, delayMs / scale),
  };
}

/** Gives transports to `accept` with another clock. */
export function withClock(accept: Accept, clock: Clock): Accept {
  return (transport) => {
    // Real time: ten thousand connections need no ten thousand proxies.
    if (transport.clock === clock) return accept(transport);
    return accept(
      new Proxy<Transport>(transport, {
        get: (target, name) => {
          if (name === "clock") return clock;
          const value: unknown = Reflect.get(target, name, target);
          // Methods of a transport reach its private fields.
          return typeof value === "function" ? value.bind(target) : value;
        },
      }),
    );
  };
}

/** A node whose transports, those of WebSockets too, have another clock. */
export function acceptorWithClock(app: Msrp, clock: Clock): Acceptor {
  return {
    accept: withClock(app.accept, clock),
    upgrade: async (request) => {
      const { verdict, accept } = await app.upgrade({ ...request, clock });
      return { verdict, accept: withClock(accept, clock) };
    },
  };
}

/** A connector whose transports have another clock. */
export function connectorWithClock(connector: Connector, clock: Clock): Connector {
  return (target, accept, options) => connector(target, withClock(accept, clock), options);
}
