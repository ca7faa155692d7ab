// Decisions that a handshake leaves to the application: their forms, and what it means when one of them throws.
import { alert, type AlertName } from "../engine/alerts.ts";
import { verifyFlag } from "../engine/codes.gen.ts";
import type { ClientHello } from "../engine/client-hello.ts";
import { type Failure, SSLCertVerificationError, SSLError } from "../engine/errors.ts";
import type { TraceEvent } from "../engine/trace.ts";
import type { Bytes } from "./bytes.ts";
import type { Certificate } from "./certificate.ts";
import type { SSLContext } from "./ssl-context.ts";
import type { SSLObject } from "./ssl-object.ts";

/** What is known about the peer when `verify` is asked. */
export interface VerifyInfo {
  /** What the peer presented, its own certificate first; those that cannot be read are left out. Empty when it may stay unknown. */
  readonly chain: readonly Certificate[];
  /** The path to a trusted certificate; null when there is none, or nothing is verified. */
  readonly verified: readonly Certificate[] | null;
  /** Why the peer is refused unless the hook accepts it; null when it is not. */
  readonly error: SSLCertVerificationError | null;
  /** Mbed TLS's bits of what is wrong (MBEDTLS_X509_BADCERT_...), 0 when nothing is. */
  readonly flags: number;
  /** The name that the certificate must be for, null when names are not compared. */
  readonly hostname: string | null;
  /** True when a session is resumed: the chain is the one of the handshake that began it. */
  readonly resumed: boolean;
  /** Which side is asking. */
  readonly side: "client" | "server";
}

/**
 * The application's own judgement of the peer, in the handshake, before anything secret is sent: also for resumed sessions.
 * To throw is to refuse; to return nothing is to leave it at the verdict that was found; `{ accept: true }` overrules it.
 * It may be asynchronous.
 */
export type VerifyHook = (
  info: VerifyInfo,
) => void | { readonly accept: true } | PromiseLike<void | { readonly accept: true }>;

/** Chooses the context to serve a client with; nothing means the one that was wrapped with. To throw is to refuse. */
export type SelectContext = (hello: ClientHello) => SSLContext | void | PromiseLike<SSLContext | void>;

/**
 * Python's `sni_callback`: gets the connection, the name that the client wants or null, and the context. It may set the
 * connection's `context`, and may return the number of an alert to refuse with.
 */
export type SniCallback = (
  connection: SSLObject,
  serverName: string | null,
  context: SSLContext,
) => number | void | null | PromiseLike<number | void | null>;

/** Chooses among the protocols that the client offers, instead of by the order of `alpn`; null means none of them. */
export type SelectAlpn = (offered: readonly string[], hello: ClientHello) => string | null | PromiseLike<string | null>;

/** Finds the pre-shared key for an identity, null when there is none. */
export type PskLookup = (identity: Uint8Array) => Bytes | null | PromiseLike<Bytes | null>;

/** Is told what happens on a connection: looking at that is allowed meanwhile, calling it is not. */
export type TraceListener = (event: TraceEvent, connection: SSLObject) => void;

/** The failure that it is when a hook throws; an error with an `alert` of its own chooses what the peer is told. */
export function hookFailure(hook: string, cause: unknown, otherwise: AlertName): Failure {
  const number = (cause as { alert?: unknown } | null)?.alert;
  const chosen = typeof number === "number" && Number.isInteger(number) && number > 0 && number < 256;
  const due = chosen ? number : alert[otherwise];
  const why = cause instanceof Error ? cause.message : String(cause);
  const message = `Cannot finish the handshake: ${hook} refused it (${why})`;
  return { error: new SSLError(message, { reason: "CALLBACK_FAILED", cause }), alert: due };
}

/** What it is when `verify` throws: a certificate that was not trusted. */
export function verifyFailure(cause: unknown, chain: readonly Uint8Array[], hostname: string | null): Failure {
  const { alert: due } = hookFailure("verify", cause, "access_denied");
  if (cause instanceof SSLCertVerificationError) return { error: cause, alert: due };
  const why = cause instanceof Error ? cause.message : String(cause);
  const details = {
    verifyCode: applicationVerification,
    verifyMessage: `verify refused it (${why})`,
    nodeCode: "APPLICATION_VERIFICATION",
    flags: verifyFlag.BADCERT_OTHER,
    depth: 0,
    chain,
    hostname,
  };
  return { error: new SSLCertVerificationError(details, cause), alert: due };
}

const applicationVerification = 50; // X509_V_ERR_APPLICATION_VERIFICATION
