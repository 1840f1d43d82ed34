/**
 * Time that runs faster, for tests that go through a relay's hours in seconds: a transport as it is, but for its clock.
 * Timeouts of the sockets themselves stay what they are.
 */
import type { Accept, Clock, Connector, Transport } from "../../core/mod.ts";

/** A clock on which `scale` milliseconds pass in one. */
export function scaledClock(clock: Clock, scale: number): Clock {
  return {
    now: () => clock.now() * scale,
    setTimer: (callback, delayMs) => clock.setTimer(callback, delayMs / scale),
  };
}

/** Gives transports to `accept` with another clock. */
export function withClock(accept: Accept, clock: Clock): Accept {
  return (transport) =>
    accept(
      new Proxy<Transport>(transport, {
        get: (target, name) => {
          if (name === "clock") return clock;
          const value: unknown = Reflect.get(target, name, target);
          // Methods of a transport reach its private fields.
          return typeof value === "function" ? value.bind(target) : value;
        },
      }),
    );
}

/** A connector whose transports have another clock. */
export function connectorWithClock(connector: Connector, clock: Clock): Connector {
  return (target, accept, options) => connector(target, withClock(accept, clock), options);
}
