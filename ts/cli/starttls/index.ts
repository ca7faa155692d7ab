// Owns the way from plaintext to TLS, for each protocol alike: what the protocol says, then nothing but TLS.
import { type NonBlockingTransport, SSLError } from "../../index.ts";
import { TimeLimit } from "../../socket/time-limit.ts";
import { Failures } from "./failures.ts";
import { ftp } from "./ftp.ts";
import { imap } from "./imap.ts";
import { ldap } from "./ldap.ts";
import { mysql } from "./mysql.ts";
import type { StartTlsName } from "./names.ts";
import { Plaintext } from "./plaintext.ts";
import { pop3 } from "./pop3.ts";
import { postgres } from "./postgres.ts";
import type { Preamble } from "./preamble.ts";
import { smtp } from "./smtp.ts";
import { xmpp } from "./xmpp.ts";

const preambles: Readonly<Record<StartTlsName, Preamble>> = { smtp, imap, pop3, ftp, xmpp, ldap, postgres, mysql };

/** How long it may take, and what ends it before. */
export interface StartTlsPatience {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Asks the server at `host` for TLS; when it resolves the handshake can begin on the transport. Otherwise the transport is
 * closed, and it rejects with an `SSLError`, whose reason is a `StartTlsReason`, `SSLEOFError`, `SSLTimeoutError`,
 * `SSLSyscallError`, or the reason of the signal.
 */
export async function askForTls(
  transport: NonBlockingTransport,
  name: StartTlsName,
  { host, domain, ...patience }: StartTlsPatience & { readonly host: string; readonly domain: string },
): Promise<void> {
  await talk(transport, failuresWith(name, host), patience, async (plain) => {
    await preambles[name].client(plain, domain);
    await plain.refuseSurplus();
  });
}

/** Waits for the client to ask for TLS, and agrees; otherwise as `askForTls`. */
export async function agreeToTls(
  transport: NonBlockingTransport,
  name: StartTlsName,
  patience: StartTlsPatience,
): Promise<void> {
  await talk(transport, failuresWith(name, "the client"), patience, async (plain) => {
    const goAhead = await preambles[name].server(plain);
    if (goAhead === null) return;
    await plain.refuseSurplus();
    await plain.write(goAhead);
  });
}

/** Runs the handshake behind it. Plaintext that came too late to be seen before ends it, and is told as what it is. */
export async function afterPlaintext(
  name: StartTlsName | null,
  peer: string,
  handshake: () => Promise<void>,
): Promise<void> {
  try {
    await handshake();
  } catch (error) {
    if (name === null || !(error instanceof SSLError) || error.reason !== "WRONG_VERSION_NUMBER") throw error;
    throw failuresWith(name, peer).injected(error);
  }
}

async function talk(
  transport: NonBlockingTransport,
  failures: Failures,
  { timeoutMs, signal }: StartTlsPatience,
  act: (plain: Plaintext) => Promise<void>,
): Promise<void> {
  using limit = new TimeLimit(timeoutMs, failures.sentence(`it took more than ${timeoutMs / 1000} seconds`), signal);
  try {
    await act(new Plaintext(transport, failures, limit.signal));
  } catch (error) {
    transport.close(); // behind an answer that says why
    throw error;
  }
}

function failuresWith(name: StartTlsName, peer: string): Failures {
  return new Failures(preambles[name].protocol, peer);
}
