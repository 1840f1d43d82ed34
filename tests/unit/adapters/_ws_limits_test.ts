// Defaults and bounds of the WebSocket limits. What each limit does is tested where it works.
import { describe, expect, test } from "#test";
import { type WebSocketOptions, webSocketLimits, webSocketOptions } from "../../../adapters/_ws_limits.ts";

describe("WebSocket limits", () => {
  test("have the defaults that their comments tell", () => {
    expect(webSocketOptions({})).toEqual({
      maxMessageBytes: 1_048_576,
      pingIntervalMs: 30_000,
      pongTimeoutMs: 20_000,
      closeTimeoutMs: 3000,
      maxRequestBytes: 16_384,
      maxRequestFields: 100,
      upgradeTimeoutMs: 10_000,
      maxPendingUpgrades: 1024,
      behindProxy: false,
    });
    expect(webSocketOptions({ origins: ["https://a.test"], behindProxy: true }).origins).toEqual([
      "https://a.test",
    ]);
  });

  test("are above 0, but for the pings, which may be off", () => {
    expect(webSocketLimits({ pingIntervalMs: 0 }).pingIntervalMs).toBe(0);
    const names: (keyof WebSocketOptions)[] = [
      "maxMessageBytes",
      "pongTimeoutMs",
      "maxRequestBytes",
      "maxPendingUpgrades",
    ];
    for (const name of names) {
      for (const value of [0, -1, Number.NaN]) {
        expect(() => webSocketOptions({ [name]: value })).toThrow(`${name} must be above 0`);
      }
    }
    expect(() => webSocketLimits({ pingIntervalMs: -1 })).toThrow("pingIntervalMs must be above 0");
  });
});
