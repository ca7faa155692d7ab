// Owns reading the options of one connection: callbacks, protocols, sessions, pre-shared keys. Refuses to know streams.
import type net from "node:net";
import { SSLError, SSLSession } from "../../index.ts";
import type { SSLContext } from "../../ssl/ssl-context.ts";
import { convertALPNProtocols, namesOf } from "./alpn.ts";
import { nodeError, requireFunction, requireObject, requireString } from "./errors.ts";
import { type ClientSide, pskOf } from "./handshake.ts";

/** Throws for callbacks that are none, and for two ways to choose the protocol. */
export function checkCallbacks(
  options: Partial<Record<"SNICallback" | "ALPNCallback" | "ALPNProtocols", unknown>>,
): void {
  const { SNICallback, ALPNCallback, ALPNProtocols } = options;
  if (SNICallback !== undefined && SNICallback !== null) requireFunction(SNICallback, "options.SNICallback");
  if (ALPNCallback === undefined || ALPNCallback === null) return;
  requireFunction(ALPNCallback, "options.ALPNCallback");
  if (ALPNProtocols === undefined || ALPNProtocols === null) return;
  const message = "The ALPNCallback and ALPNProtocols TLS options are mutually exclusive";
  throw nodeError("ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS", message, {}, TypeError);
}

export function protocolsOf(protocols: unknown): readonly string[] | null {
  const out: { ALPNProtocols?: Buffer } = {};
  convertALPNProtocols(protocols, out);
  const names = namesOf(out.ALPNProtocols ?? Buffer.alloc(0));
  return names.length === 0 ? null : names;
}

/** A session that is none of ours, or cannot be read, is not offered. */
export function sessionOf(bytes: Uint8Array | null, context: SSLContext): SSLSession | null {
  if (bytes === null || context.serverSide) return null;
  try {
    return SSLSession.deserialize(bytes, context);
  } catch (error) {
    if (error instanceof SSLError) return null;
    throw error;
  }
}

/** Asked before the handshake, since the key is part of what a client says first; there is no hint yet. */
export function clientPsk(callback: unknown): ClientSide["psk"] {
  if (typeof callback !== "function") return null;
  const found = (callback as (hint: null) => unknown)(null);
  if (found === null || found === undefined) return null;
  requireObject(found, "ret");
  const { psk, identity } = found as { psk?: unknown; identity?: unknown };
  const key = pskOf(psk, "ret.psk");
  requireString(identity, "ret.identity");
  return { identity, key };
}

/** The options of `net.connect`; what is said about the stream itself was heard before. */
export function withoutOurs(options: object): net.NetConnectOpts {
  const { onread: _, signal: __, timeout: ___, ...rest } = options as Partial<net.NetConnectOpts & { signal: unknown }>;
  return { ...rest, allowHalfOpen: true } as net.NetConnectOpts;
}

/**
 * Whether what is written leaves at once: unless told otherwise, as a small record behind another one would wait (RFC 896) for an
 * acknowledgement that waits, too.
 */
export function noDelayOf(options: unknown): boolean {
  return (options as { noDelay?: boolean } | null | undefined)?.noDelay ?? true;
}
