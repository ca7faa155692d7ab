/**
 * TLS for any TypeScript runtime and any byte stream, with the meaning of Python's `ssl`.
 *
 * This is the core, which runs on any runtime; `wanttls/node`, `wanttls/deno` and `wanttls/bun` add what belongs to one.
 *
 * @module
 */
export * from "./ssl/index.ts";
export * from "./socket/index.ts";
export { SSLContext } from "./socket/ssl-context.ts";
export * from "./stream/index.ts";
