/**
 * msrpkit: MSRP (RFC 4975 and its companions) for Bun, Deno and Node. This door has the core and the plugins, and touches no
 * runtime; connections come from a subpath such as `msrpkit/bun`.
 *
 * @module
 */
export * from "./core/mod.ts";
export * from "./plugins/mod.ts";
