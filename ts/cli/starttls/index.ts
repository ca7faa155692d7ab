// Owns the way from plaintext to TLS, for each protocol alike: what the protocol says, then nothing but TLS.
import { type NonBlockingTransport, SSLError } from "../../index.ts";
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
  const preamble = preambles[name];
  const plain = new Plaintext(transport, { protocol: preamble.protocol, peer: host, ...patience });
  await orClose(transport, async () => {
    await preamble.client(plain, domain);
    await plain.refuseSurplus();
  });
}

/** Waits for the client to ask for TLS, and agrees; otherwise as `askForTls`. */
export async function agreeToTls(
  transport: NonBlockingTransport,
  name: StartTlsName,
  patience: StartTlsPatience,
): Promise<void> {
  const preamble = preambles[name];
  const plain = new Plaintext(transport, { protocol: preamble.protocol, peer: "the client", ...patience });
  await orClose(transport, async () => {
    const goAhead = await preamble.server(plain);
    if (goAhead === null) return;
    await plain.refuseSurplus();
    await plain.write(goAhead);
  });
}

async function orClose(transport: NonBlockingTransport, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    transport.close(); // behind an answer that says why
    throw error;
  }
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
    const doing = `start TLS over ${preambles[name].protocol} with ${peer}`;
    const sentence = `Cannot ${doing}: plaintext came where TLS must begin, somebody may have injected it`;
    throw new SSLError(sentence, { reason: "STARTTLS_INJECTION", cause: error });
  }
}
